"""A peer answers as much as the promises allow, by its own thresholds."""

import numpy as np
import pytest

from benchmarks.peers.base import Ranking
from benchmarks.thresholds import Confidence, choose, judge
from bot.nlu.calibration import OFF_TOPIC, Promises
from bot.nlu.evaluation import Example


def rankings(count: int = 400) -> tuple[list[Ranking], list[Example]]:
    """Rankings of a peer that is the more often right the higher its score, which is from 0 to 20."""
    random = np.random.default_rng(1)
    found, examples = [], []
    for index in range(count):
        off_topic = index % 4 == 0
        score = float(random.uniform(0, 8 if off_topic else 20))
        right = not off_topic and random.uniform(0, 12) < score
        found.append([("tax/vat" if right or off_topic else "tax/duty", score), ("tax/trade", score / 2)])
        examples.append(Example(str(index), "de", OFF_TOPIC if off_topic else "tax/vat"))
    return found, examples


def test_keeps_the_promises_on_what_was_held_back() -> None:
    ranked, examples = rankings()
    confidence = Confidence(ranked, examples, own=False)
    thresholds = choose(ranked, examples, confidence, Promises())
    judged = judge(ranked, examples, confidence, thresholds)
    answered = [each for each in judged if each.answered and each.example.on_topic]
    off_topic = [each for each in judged if not each.example.on_topic]
    assert len(answered) > 100
    assert sum(each.right for each in answered) / len(answered) >= thresholds.promised
    assert sum(each.answered for each in off_topic) / len(off_topic) <= Promises().off_topic_answered


def test_a_score_becomes_the_chance_to_be_right() -> None:
    ranked, examples = rankings(4000)
    sure = Confidence(ranked, examples, own=False).of(ranked)
    right = np.array([ranking[0][0] == each.label for ranking, each in zip(ranked, examples, strict=True)])
    high = sure > 0.8
    assert right[high].mean() == pytest.approx(sure[high].mean(), abs=0.06)
    assert sure.min() >= 0
    assert sure.max() <= 1


def test_answers_nothing_when_no_threshold_keeps_the_promises() -> None:
    ranked: list[Ranking] = [[("tax/vat", 0.9), ("tax/duty", 0.1)] for _ in range(20)]
    examples = [Example("x", "de", OFF_TOPIC if index % 2 else "tax/vat") for index in range(20)]
    confidence = Confidence(ranked, examples, own=True)
    judged = judge(ranked, examples, confidence, choose(ranked, examples, confidence, Promises()))
    assert not any(each.answered for each in judged)
