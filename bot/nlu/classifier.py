"""One flat classifier over all topics and conversational intents.

It fills ``intent`` and ``intent_ranking``, and for topics, which are retrieval intents, the fields of a response
selector, so that Rasa's policies and ``rasa test nlu`` read them as they expect.
"""

import json
import logging
from typing import Any, Dict, List, Optional, Type

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import (
    FEATURE_TYPE_SENTENCE,
    INTENT,
    INTENT_RANKING_KEY,
    INTENT_RESPONSE_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.nlu.calibration import Calibration, Promises, calibrate
from bot.nlu.kernel import Array, KernelClassifier, KernelConfig
from bot.nlu.text import fold, is_command

logger = logging.getLogger(__name__)

RANKING_LENGTH = 8
HELD_BACK = 6  # one phrase in so many is held back to calibrate on
OUTCOME_KEY = "outcome"
CHANCE_KEY = "answer_chance"  # that the best topic's answer is right


def full_intent(message: Message) -> str:
    """The intent of a training example, a topic with its area: ``company/gmbh_formation``."""
    return str(message.get(INTENT_RESPONSE_KEY) or message.get(INTENT))


def sentence_vector(message: Message) -> Array:
    """The encoder's vector of a message, shape (d,)."""
    found = [
        each.features[0]
        for each in message.features
        if each.attribute == TEXT and each.type == FEATURE_TYPE_SENTENCE and each.is_dense()
    ]
    if not found:
        raise ValueError("TopicClassifier needs a featurizer with dense sentence features before it in config.yml.")
    vector: Array = np.concatenate(found).astype(np.float32, copy=False)
    return vector


def selector_fields(name: str, confidence: float, areas: List[str]) -> Dict[str, Any]:
    """What a response selector would say of the topic ``name``."""
    area = name.split("/")[0]
    chosen = {
        "responses": [],
        "confidence": confidence,
        INTENT_RESPONSE_KEY: name,
        "utter_action": f"utter_{name}",
    }
    ranking = [{"confidence": confidence, INTENT_RESPONSE_KEY: name}]
    return {"all_retrieval_intents": areas, area: {"response": chosen, "ranking": ranking}}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TopicClassifier(IntentClassifier, GraphComponent):
    """Trains ``KernelClassifier`` on the phrases and calibrates it on phrases it held back."""

    @classmethod
    def required_components(cls) -> List[Type]:  # type: ignore[type-arg]
        return [Featurizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        kernel, promises = KernelConfig(), Promises()
        return {**vars(kernel), **vars(promises)}

    def __init__(self, config: Dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._storage, self._resource = model_storage, resource
        self._kernel = KernelClassifier(KernelConfig(**{key: config[key] for key in vars(KernelConfig())}))
        self._promises = Promises(**{key: config[key] for key in vars(Promises())})
        self._calibration: Optional[Calibration] = None

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TopicClassifier":
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from all phrases and keep the model with its thresholds."""
        examples = [message for message in training_data.intent_examples if message.get(TEXT) and message.get(INTENT)]
        held_back = max(len(examples) // HELD_BACK, 1)
        # the same examples are held back each time, so that training twice gives the same model
        order = np.random.default_rng(0).permutation(len(examples))
        examples = [examples[index] for index in order]
        labels = [full_intent(message) for message in examples]
        vectors = np.stack([sentence_vector(message) for message in examples])
        evidence = self._kernel.fit([fold(message.get(TEXT)) for message in examples], vectors, labels, held_back)
        self._calibration = calibrate(evidence, labels[-held_back:], self._kernel.classes, self._promises)
        logger.info("Topic classifier: %d phrases, %s", len(labels), self._calibration)
        self._persist()
        return self._resource

    def process(self, messages: List[Message]) -> List[Message]:
        """Rank the intents of each typed message and note the outcome that the thresholds give."""
        typed = [message for message in messages if message.get(TEXT) and not is_command(message.get(TEXT))]
        if not typed or self._calibration is None:
            return messages
        texts = [fold(message.get(TEXT)) for message in typed]
        evidence = self._kernel.evidence(texts, np.stack([sentence_vector(message) for message in typed]))
        rows = self._calibration.probabilities(evidence.scores, self._kernel.classes)
        chances = self._calibration.chances(evidence, self._kernel.classes)
        for message, row, chance in zip(typed, rows, chances, strict=True):
            outcome = self._calibration.decide(row, float(chance), self._kernel.classes)
            message.set(OUTCOME_KEY, outcome.value, add_to_output=True)
            message.set(CHANCE_KEY, float(chance), add_to_output=True)
            self._rank(message, row)
        return messages

    def _rank(self, message: Message, probabilities: Array) -> None:
        classes = self._kernel.classes
        order = np.argsort(-probabilities)[:RANKING_LENGTH]
        ranking = [{"name": classes[index], "confidence": float(probabilities[index])} for index in order]
        message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        set_intent(message, ranking[0]["name"], ranking[0]["confidence"], self._areas())

    def _areas(self) -> List[str]:
        return sorted({name.split("/")[0] for name in self._kernel.classes if "/" in name})

    def _persist(self) -> None:
        plain, arrays = self._kernel.state()
        assert self._calibration is not None
        with self._storage.write_to(self._resource) as folder:
            document = {"kernel": plain, "calibration": self._calibration.as_dict()}
            (folder / "classifier.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
            np.savez(folder / "classifier.npz", **arrays)

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "TopicClassifier":
        component = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            document = json.loads((folder / "classifier.json").read_text(encoding="utf-8"))
            with np.load(folder / "classifier.npz") as arrays:
                component._kernel.restore(document["kernel"], dict(arrays))
        component._calibration = Calibration.from_dict(document["calibration"])
        return component


def set_intent(message: Message, name: str, confidence: float, areas: List[str]) -> None:
    """Make ``name``, a topic or a conversational intent, the intent of the message."""
    message.set(INTENT, {"name": name.split("/")[0], "confidence": confidence}, add_to_output=True)
    if "/" in name:
        message.set("response_selector", selector_fields(name, confidence, areas), add_to_output=True)
