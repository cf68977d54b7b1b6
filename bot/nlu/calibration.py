"""From scores to an outcome: answer, suggest or decline, chosen on scores of held-back examples.

Confidence is the softmax of the scores at a temperature fitted on held-back examples (Guo et al. 2017, "On calibration
of modern neural networks"). Whether to answer is decided by the chance that the answer is right (``acceptance.py``).
The thresholds are the lowest that keep the promises below on the same examples, so that as much as possible is
answered; training twice on the same data gives the same thresholds.
"""

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from bot.nlu import acceptance
from bot.nlu.acceptance import Acceptance
from bot.nlu.kernel import Evidence

Array = npt.NDArray[np.float32]

OFF_TOPIC = "out_of_scope"
# chances at which an answer may be given; where none of them keeps the promises, the last
CHANCES = tuple(step / 200 for step in range(60, 199))
# how much the scores of the off-topic class, which has by far the most examples, may be lowered
OFF_TOPIC_SHIFTS = tuple(step / 50 for step in range(16))
# share of off-topic messages that must still be ranked off-topic; the others are suggested topics, hardly ever answered
LEAST_DECLINED = 0.75


class Outcome(str, Enum):
    """What the assistant does with a message."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    DECLINE = "decline"


@dataclass(frozen=True)
class Promises:
    """What the thresholds keep on held-back examples; shares from 0 to 1."""

    right_of_answered: float = 0.95
    off_topic_answered: float = 0.0225
    # of the on-topic examples that are not answered, at least this share must still get suggestions
    on_topic_kept: float = 0.985


@dataclass(frozen=True)
class Calibration:
    """Temperature and thresholds; ``decide`` applies them."""

    temperature: float
    off_topic_shift: float
    acceptance: Acceptance
    answer_chance: float
    suggest_confidence: float

    def probabilities(self, scores: Array, classes: list[str]) -> Array:
        """Softmax of scores of shape (n, classes) at the fitted temperature."""
        return softmax(_shifted(scores, classes, self.off_topic_shift) / self.temperature)

    def chances(self, evidence: Evidence, classes: list[str]) -> Array:
        """The chance that the best topic's answer is right, shape (n,)."""
        return self.acceptance.of(acceptance.features_of(evidence, _column(classes))[0])

    def decide(self, probabilities: Array, chance: float, classes: list[str]) -> Outcome:
        """The outcome for one message, probabilities of shape (classes,)."""
        if classes[int(probabilities.argmax())] != OFF_TOPIC and chance >= self.answer_chance:
            return Outcome.ANSWER
        on_topic = 1.0 - _probability(probabilities, classes, OFF_TOPIC)
        best_topic = max((p for p, name in zip(probabilities, classes, strict=True) if name != OFF_TOPIC), default=0.0)
        if on_topic * best_topic >= self.suggest_confidence:
            return Outcome.SUGGEST
        return Outcome.DECLINE

    def as_dict(self) -> dict[str, Any]:
        """For storage beside the model."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> "Calibration":
        """What ``as_dict`` gave, back from JSON."""
        return cls(**{**stored, "acceptance": Acceptance(**stored["acceptance"])})


def softmax(values: Array) -> Array:
    """Row-wise softmax, shape kept."""
    shifted = np.exp(values - values.max(axis=-1, keepdims=True))
    result: Array = shifted / shifted.sum(axis=-1, keepdims=True)
    return result


def calibrate(evidence: Evidence, labels: list[str], classes: list[str], promises: Promises) -> Calibration:
    """Fit temperature and acceptance and choose the thresholds on evidence of n held-back examples."""
    column = {name: index for index, name in enumerate(classes)}
    truth = np.array([column[label] for label in labels])
    shift = _off_topic_shift(evidence.scores, truth, classes)
    scores = _shifted(evidence.scores, classes, shift)
    temperature = _fit_temperature(scores, truth)
    probabilities = softmax(scores / temperature)
    off_topic = np.array([label == OFF_TOPIC for label in labels])
    features, best = acceptance.features_of(evidence, _column(classes))
    accepted, chances = acceptance.fit(features, best == truth)
    # what is ranked off-topic is not answered, whatever comes behind it
    chances = np.where(scores.argmax(axis=1) == best, chances, 0.0)
    chance = _answer_chance(chances, best == truth, off_topic, promises)
    return Calibration(
        temperature,
        shift,
        accepted,
        chance,
        _suggest_threshold(probabilities, classes, off_topic, chances >= chance, promises),
    )


def _shifted(scores: Array, classes: list[str], shift: float) -> Array:
    if not shift or OFF_TOPIC not in classes:
        return scores
    lowered = scores.copy()
    lowered[:, classes.index(OFF_TOPIC)] -= shift
    return lowered


def _off_topic_shift(scores: Array, truth: npt.NDArray[np.int64], classes: list[str]) -> float:
    """The shift that ranks most topics first while the least share of off-topic messages stays off-topic."""
    if OFF_TOPIC not in classes:
        return 0.0
    off_topic = truth == classes.index(OFF_TOPIC)
    if not off_topic.any() or off_topic.all():
        return 0.0

    chosen, most = 0.0, -1.0
    for shift in OFF_TOPIC_SHIFTS:
        right = _shifted(scores, classes, shift).argmax(axis=1) == truth
        if right[~off_topic].mean() > most and (shift == 0.0 or right[off_topic].mean() >= LEAST_DECLINED):
            chosen, most = shift, float(right[~off_topic].mean())
    return chosen


def _fit_temperature(scores: Array, truth: npt.NDArray[np.int64]) -> float:
    rows = np.arange(len(truth))

    def loss(log_temperature: float) -> float:
        probabilities = softmax(scores / np.exp(log_temperature))
        return float(-np.log(np.maximum(probabilities[rows, truth], 1e-9)).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(np.log(0.01), np.log(2.0)), method="bounded").x))


def _answer_chance(
    chances: Array, right: npt.NDArray[np.bool_], off_topic: npt.NDArray[np.bool_], promises: Promises
) -> float:
    """The lowest chance at which the promises hold, so that as much as possible is answered."""
    for chance in CHANCES:
        answered = chances >= chance
        if not answered.any():
            break
        too_many = off_topic.any() and answered[off_topic].mean() > promises.off_topic_answered
        if not too_many and right[answered].mean() >= promises.right_of_answered:
            return chance
    return CHANCES[-1]


def _suggest_threshold(
    probabilities: Array,
    classes: list[str],
    off_topic: npt.NDArray[np.bool_],
    answered: npt.NDArray[np.bool_],
    promises: Promises,
) -> float:
    """The highest threshold that still offers suggestions for the promised share of on-topic examples."""
    columns = [index for index, name in enumerate(classes) if name != OFF_TOPIC]
    off = probabilities[:, classes.index(OFF_TOPIC)] if OFF_TOPIC in classes else np.zeros(len(probabilities))
    strength = (1.0 - off) * probabilities[:, columns].max(axis=1)
    strength_or_answered = np.where(answered, 1.0, strength)[~off_topic]
    return float(np.quantile(strength_or_answered, 1.0 - promises.on_topic_kept))


def _column(classes: list[str]) -> int | None:
    return classes.index(OFF_TOPIC) if OFF_TOPIC in classes else None


def _probability(probabilities: Array, classes: list[str], name: str) -> float:
    return float(probabilities[classes.index(name)]) if name in classes else 0.0
