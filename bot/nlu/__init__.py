"""Rasa graph components: language, tokens, sentence encoder, topic classifier, places, decision."""
