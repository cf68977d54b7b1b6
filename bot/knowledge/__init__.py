"""The answers: their records, the checks on them, the editors' report, and the way they reach Rasa."""
