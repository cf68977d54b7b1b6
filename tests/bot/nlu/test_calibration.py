"""From scores to outcomes: thresholds keep their promises on what they were chosen on, the same every time."""

import json

import numpy as np
import pytest

from bot.nlu.acceptance import Acceptance
from bot.nlu.calibration import OFF_TOPIC, Calibration, Outcome, Promises, calibrate, softmax
from bot.nlu.kernel import Evidence

CLASSES = ["a/one", "a/two", "b/three", OFF_TOPIC]


def evidence_of(count: int, noise: float) -> tuple[Evidence, list[str]]:
    random = np.random.default_rng(1)
    truth = random.integers(0, len(CLASSES), count)
    scores = random.normal(0.0, noise, (count, len(CLASSES))).astype(np.float32)
    scores[np.arange(count), truth] += 1.0
    # what is right lies near; how near says nothing more than the scores
    nearest = np.clip(scores, -1.0, 1.0)
    return Evidence(scores, nearest), [CLASSES[index] for index in truth]


def lines_up(chance: float) -> Calibration:
    never_asked = Acceptance((0.0,) * 6, (1.0,) * 6, (0.0,) * 27, 0.0)
    return Calibration(1.0, 0.0, never_asked, answer_chance=chance, suggest_confidence=0.2)


def test_softmax_is_a_distribution_without_overflow() -> None:
    rows = softmax(np.array([[1000.0, 0.0], [0.0, 0.0]], dtype=np.float32))
    assert np.allclose(rows.sum(axis=1), 1.0)
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.5])
def test_promises_hold_on_examples_of_the_same_kind(noise: float) -> None:
    evidence, labels = evidence_of(4000, noise)
    fit, rest = (Evidence(evidence.scores[part], evidence.nearest[part]) for part in (slice(2000), slice(2000, None)))
    promises = Promises()
    calibration = calibrate(fit, labels[:2000], CLASSES, promises)
    rows, chances = calibration.probabilities(rest.scores, CLASSES), calibration.chances(rest, CLASSES)
    answered = [
        (CLASSES[int(row.argmax())], label)
        for row, chance, label in zip(rows, chances, labels[2000:], strict=True)
        if calibration.decide(row, float(chance), CLASSES) == Outcome.ANSWER
    ]
    # three standard deviations of a share among so many
    slack = 3 * (promises.right_of_answered * (1 - promises.right_of_answered) / len(answered)) ** 0.5
    assert sum(best == label for best, label in answered) >= (promises.right_of_answered - slack) * len(answered)
    off_topic = labels[2000:].count(OFF_TOPIC)
    slack = 3 * (promises.off_topic_answered / off_topic) ** 0.5
    assert sum(label == OFF_TOPIC for _, label in answered) <= (promises.off_topic_answered + slack) * off_topic


def test_what_cannot_be_told_apart_is_hardly_answered() -> None:
    evidence, labels = evidence_of(2000, 5.0)
    calibration = calibrate(evidence, labels, CLASSES, Promises())
    chances = calibration.chances(evidence, CLASSES)
    assert (chances >= calibration.answer_chance).mean() < 0.02


def test_the_same_examples_give_the_same_thresholds() -> None:
    evidence, labels = evidence_of(500, 0.3)
    assert calibrate(evidence, labels, CLASSES, Promises()) == calibrate(evidence, labels, CLASSES, Promises())


def test_comes_back_from_storage() -> None:
    evidence, labels = evidence_of(500, 0.3)
    calibration = calibrate(evidence, labels, CLASSES, Promises())
    restored = Calibration.from_dict(json.loads(json.dumps(calibration.as_dict())))
    assert np.array_equal(restored.chances(evidence, CLASSES), calibration.chances(evidence, CLASSES))
    assert restored.answer_chance == calibration.answer_chance


def test_outcomes() -> None:
    calibration = lines_up(0.8)

    def outcome(chance: float, *probabilities: float) -> Outcome:
        return calibration.decide(np.array(probabilities, dtype=np.float32), chance, CLASSES)

    assert outcome(0.9, 0.9, 0.05, 0.03, 0.02) == Outcome.ANSWER
    assert outcome(0.7, 0.9, 0.05, 0.03, 0.02) == Outcome.SUGGEST, "likeliest, but likely wrong"
    assert outcome(0.9, 0.3, 0.2, 0.1, 0.4) == Outcome.DECLINE, "off-topic is likelier than any topic"
    assert outcome(0.9, 0.45, 0.0, 0.0, 0.55) == Outcome.SUGGEST
    assert outcome(0.1, 0.02, 0.02, 0.01, 0.95) == Outcome.DECLINE
