"""Channels between browsers and Rasa: what comes in is made safe, buttons cannot be forged."""
