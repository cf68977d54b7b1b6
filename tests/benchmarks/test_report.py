"""The report says of every peer and language what the steps found."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.data import Drawn
from benchmarks.outcomes import Outcomes, Results
from benchmarks.plots import risk_curve, working_point
from benchmarks.report import write_report
from benchmarks.run import Step
from benchmarks.understanding import steps
from bot.languages import LANGUAGES
from bot.nlu.calibration import OFF_TOPIC, Outcome
from bot.nlu.evaluation import Example, Judgement

TOPICS = ("tax/vat", "tax/trade", "company/sites", "living/schools")
# how often a peer of this kind is right, in the results made up here
RIGHT = {"assistant": 0.9, "classifier": 0.9, "rasa": 0.6, "search": 0.5, "nearest": 0.7}
SECONDS = {"assistant": 10.0, "rasa": 100.0}


def examples(kind: str, count: int) -> list[Example]:
    labels = [*TOPICS, OFF_TOPIC]
    return [
        Example(f"{kind} {language} {number}", language, labels[number % len(labels)])
        for language in LANGUAGES
        for number in range(count)
    ]


def made_up(step: Step) -> dict[str, Any]:
    """What a step could have found, from a peer that is right as often as ``RIGHT`` says."""
    dice = np.random.default_rng(len(step.name))
    kind = step.peer.partition("-")[0]
    result: dict[str, Any] = {"at": "2026-11-29 05:00", "memory": 10**8, "processor_seconds": 1.0}
    if step.action == "train":
        seconds = SECONDS.get(kind, 1.0)
        return {**result, "seconds": seconds, "phrases": len(step.examples), "size": 10**6}
    asked = step.examples[-step.asked :] if step.asked else step.examples
    firsts = []
    for each in asked:
        right = dice.uniform() < RIGHT[kind] and not (kind == "search" and each.label == OFF_TOPIC)
        firsts.append(
            each.label if right else TOPICS[(TOPICS.index(each.label) + 1) % 4] if each.on_topic else TOPICS[0]
        )
    sure = [0.9 if first == each.label else 0.4 for first, each in zip(firsts, asked, strict=True)]
    second = [TOPICS[0] if first != TOPICS[0] else TOPICS[1] for first in firsts]
    result["rankings"] = [[[a, b], [c, 0.1]] for a, b, c in zip(firsts, sure, second, strict=True)]
    result["times"] = [0.004] * len(asked)
    if step.action != "converse" and kind in ("assistant", "classifier"):
        result["judged"] = [
            {
                "first": a,
                "topics": [a, c],
                "outcome": "answer" if b > 0.5 else "suggest",
                "confidence": b,
                "chance": None,
            }
            for a, b, c in zip(firsts, sure, second, strict=True)
        ]
    return result


@pytest.fixture(scope="module")
def planned() -> list[Step]:
    learn, held_back, questions = examples("learn", 50), examples("held", 100), examples("asked", 200)
    part, whole = Drawn(learn, held_back, learn), Drawn(learn, held_back, [*learn, *held_back])
    return steps(part, whole, {2: learn[:20], 4: learn}, questions, 1)


@pytest.fixture(scope="module")
def results(planned: list[Step]) -> Results:
    return {step.name: made_up(step) for step in planned}


def test_report_and_plots(planned: list[Step], results: Results, tmp_path: Path) -> None:
    report = write_report(results, planned, tmp_path, 8, 100)
    rows = [line.split(" | ") for line in report.splitlines() if line.startswith("| ")]
    for name in ("assistant", "Rasa's default, one bot", "Rasa's default, three bots", "plain search (BM25)"):
        for language in LANGUAGES:
            assert any(row[0] == f"| {name}" and row[1] == language for row in rows), (name, language)
    assert "| assistant, all phrases, with action server and databases | 4.0 | 4.0 |" in report
    assert "five times faster than one Rasa bot, same phrases | 10.0 times | yes |" in report
    assert "message twice as fast as one Rasa bot, same phrases | 1.0 times | no |" in report
    for plot in ("confusion", "coverage", "coverage-all", "learning"):
        assert f"({plot}.png)" in report
        assert (tmp_path / f"{plot}.png").stat().st_size > 10_000


def test_three_bots_are_asked_in_their_own_language_only(planned: list[Step], results: Results) -> None:
    bots = Outcomes(results, planned).peers()[2]
    assert len(bots.judged) == len(examples("asked", 200))
    assert bots.cost.training == 300.0


def test_across_languages_and_curve(planned: list[Step], results: Results) -> None:
    outcomes = Outcomes(results, planned)
    across = outcomes.across()
    assert across["assistant"]["de", "ja"] == pytest.approx(0.9, abs=0.1)
    assert across["Rasa's default"]["de", "ja"] == pytest.approx(0.6, abs=0.1)
    curve = outcomes.curve()["nearest phrase"]["en"]
    assert [size for size, _ in curve][:2] == [2.0, 4.0]
    assert len(curve) == 3


def test_coverage_against_errors() -> None:
    def judged(label: str, first: str, sure: float) -> Judgement:
        outcome = Outcome.ANSWER if sure > 0.5 else Outcome.SUGGEST
        return Judgement(Example("x", "de", label), first, (first,), outcome, sure)

    rows = [
        judged("tax/vat", "tax/vat", 0.9),
        judged(OFF_TOPIC, "tax/vat", 0.8),
        judged("tax/vat", "tax/vat", 0.7),
        judged("tax/vat", "tax/duty", 0.3),
        judged("tax/vat", OFF_TOPIC, 0.6),
    ]
    coverage, errors = risk_curve(rows)
    assert coverage.tolist() == [0.25, 0.25, 0.5, 0.75]
    assert errors.tolist() == [0.0, 0.5, pytest.approx(1 / 3), 0.5]
    assert working_point(rows) == (0.5, pytest.approx(1 / 3))
