"""Whether to answer: features of a message, and a chance that is what it says."""

import numpy as np
import pytest

from bot.nlu.acceptance import UNSEEN, features_of, fit
from bot.nlu.kernel import Evidence


def test_features_leave_off_topic_aside_when_they_seek_the_best() -> None:
    evidence = Evidence(
        np.array([[0.2, 0.9, 0.6, 0.1]], dtype=np.float32), np.array([[0.3, 0.8, 0.7, 0.4]], dtype=np.float32)
    )
    features, best = features_of(evidence, off_topic=1)
    assert best.tolist() == [2]
    assert np.allclose(features, [[0.6, 0.2, 0.9, 0.7, 0.8, 0.4]])
    features, best = features_of(evidence, off_topic=None)
    assert best.tolist() == [1]
    assert np.allclose(features, [[0.9, 0.6, 0.0, 0.8, UNSEEN, 0.7]])
    assert evidence.scores[0, 1] == np.float32(0.9), "what was given is left as it was"


def test_a_single_class_has_no_second() -> None:
    evidence = Evidence(np.array([[0.7]], dtype=np.float32), np.array([[0.9]], dtype=np.float32))
    assert np.isfinite(features_of(evidence, off_topic=None)[0]).all()


def test_chances_are_shares() -> None:
    random = np.random.default_rng(3)
    features = random.normal(size=(6000, 6)).astype(np.float32)
    # right where two features agree, which no straight line tells
    truth = 1.0 / (1.0 + np.exp(-3.0 * features[:, 0] * features[:, 1]))
    right = random.random(6000) < truth
    acceptance, left_out = fit(features[:4000], right[:4000])
    chances = acceptance.of(features[4000:])
    assert np.corrcoef(chances, truth[4000:])[0, 1] > 0.97
    for low in (0.0, 0.25, 0.5, 0.75):
        inside = (chances >= low) & (chances < low + 0.25)
        assert abs(chances[inside].mean() - right[4000:][inside].mean()) < 0.06
    # without having seen them, it is about as good as on new ones, and not better
    assert abs(_loss(left_out, right[:4000]) - _loss(chances, right[4000:])) < 0.05


def _loss(chances: np.ndarray, right: np.ndarray) -> float:
    return float(-np.log(np.where(right, chances, 1.0 - chances)).mean())


@pytest.mark.parametrize(
    ("right", "low", "high"), [([True] * 30, 0.9, 1.0), ([False] * 30, 0.0, 0.1), ([True], 0.5, 1.0)]
)
def test_with_nothing_to_tell_apart_the_share_is_the_chance(right: list[bool], low: float, high: float) -> None:
    features = np.random.default_rng(4).normal(size=(len(right), 6)).astype(np.float32)
    acceptance, left_out = fit(features, np.array(right))
    assert np.allclose(left_out, acceptance.of(features))
    assert low <= left_out[0] <= high
