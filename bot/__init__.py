"""The assistant: understanding, knowledge and channels on top of Rasa."""
