"""A tokenizer for Rasa's default pipeline: whitespace splits no Japanese, Rasa's spaCy one needs a trained model."""

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.language import DEFAULT_LANGUAGE, detect
from bot.nlu.tokens import blank_pipeline


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class PeerTokenizer(Tokenizer):
    """spaCy's rules (SudachiPy for Japanese), for training phrases too; ``language``: a fixed one, else recognised."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            "language": "",
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
        }

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Tokens of an attribute of the message."""
        text = message.get(attribute) or ""
        language = self._config["language"] or detect(text) or DEFAULT_LANGUAGE
        return [Token(token.text, token.idx) for token in blank_pipeline(language)(text) if not token.is_space]
