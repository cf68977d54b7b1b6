"""The languages that the assistant speaks."""

LANGUAGES = ("de", "ja", "en")
