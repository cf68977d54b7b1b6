"""Channels between browsers and Rasa: what comes in is made safe, what goes out carries buttons that cannot be forged."""
