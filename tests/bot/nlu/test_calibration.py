"""From scores to outcomes: thresholds keep their promises on what they were chosen on, the same every time."""

import numpy as np
import pytest

from bot.nlu.calibration import OFF_TOPIC, Calibration, Outcome, Promises, calibrate, softmax

CLASSES = ["a/one", "a/two", "b/three", OFF_TOPIC]


def scores_of(count: int, noise: float) -> tuple[np.ndarray, list[str]]:
    random = np.random.default_rng(1)
    truth = random.integers(0, len(CLASSES), count)
    scores = random.normal(0.0, noise, (count, len(CLASSES))).astype(np.float32)
    scores[np.arange(count), truth] += 1.0
    return scores, [CLASSES[index] for index in truth]


def test_softmax_is_a_distribution_without_overflow() -> None:
    rows = softmax(np.array([[1000.0, 0.0], [0.0, 0.0]], dtype=np.float32))
    assert np.allclose(rows.sum(axis=1), 1.0)
    assert np.isfinite(rows).all()


@pytest.mark.parametrize("noise", [0.1, 0.3])
def test_promises_hold_on_the_held_back_examples(noise: float) -> None:
    scores, labels = scores_of(2000, noise)
    promises = Promises()
    calibration = calibrate(scores, labels, CLASSES, promises)
    rows = calibration.probabilities(scores, CLASSES)
    outcomes = [calibration.decide(row, CLASSES) for row in rows]
    answered = [
        (CLASSES[int(row.argmax())], label)
        for row, label, outcome in zip(rows, labels, outcomes, strict=True)
        if outcome == Outcome.ANSWER
    ]
    assert sum(best == label for best, label in answered) >= promises.right_of_answered * len(answered) - 1
    wrong = sum(label == OFF_TOPIC for _, label in answered)
    assert wrong <= promises.off_topic_answered * labels.count(OFF_TOPIC) + 1


def test_the_same_examples_give_the_same_thresholds() -> None:
    scores, labels = scores_of(500, 0.3)
    assert calibrate(scores, labels, CLASSES, Promises()) == calibrate(scores, labels, CLASSES, Promises())


def test_outcomes() -> None:
    calibration = Calibration(1.0, 0.0, answer_confidence=0.6, answer_margin=0.3, suggest_confidence=0.2)

    def outcome(*probabilities: float) -> Outcome:
        return calibration.decide(np.array(probabilities, dtype=np.float32), CLASSES)

    assert outcome(0.9, 0.05, 0.03, 0.02) == Outcome.ANSWER
    assert outcome(0.5, 0.45, 0.03, 0.02) == Outcome.SUGGEST, "two topics close together"
    assert outcome(0.62, 0.36, 0.01, 0.01) == Outcome.SUGGEST, "sure but not clear"
    assert outcome(0.02, 0.02, 0.01, 0.95) == Outcome.DECLINE
    assert outcome(0.1, 0.1, 0.1, 0.7) == Outcome.DECLINE
