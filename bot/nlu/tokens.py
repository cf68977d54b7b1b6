"""Tokens of a message by spaCy's rules for its language (SudachiPy for Japanese)."""

from functools import lru_cache
from typing import Any, Dict, List

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.language import Language

from bot.nlu.language import DEFAULT_LANGUAGE, LANGUAGE_KEY
from bot.nlu.text import is_command


@lru_cache(maxsize=3)
def blank_pipeline(language: str) -> Language:
    """spaCy's rules for a language, without a statistical model; loaded once in a process."""
    return spacy.blank(language)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class TrilingualTokenizer(Tokenizer):
    """Splits each message by the rules of its language."""

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave the phrases as they are: nothing learns from tokens, and Rasa fingerprints each of them many times."""
        return training_data

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        """Tokens of an attribute of the message; what a button sent needs none."""
        text = message.get(attribute) or ""
        if not text.strip() or is_command(text):
            return []
        document = blank_pipeline(message.get(LANGUAGE_KEY) or DEFAULT_LANGUAGE).make_doc(text)
        return [Token(token.text, token.idx) for token in document if not token.is_space]
