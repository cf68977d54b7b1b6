"""From the results of a run's steps to judgements and costs, the same kind for every peer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.peers.base import Ranking
from benchmarks.run import Step
from benchmarks.thresholds import Confidence, choose, judge
from bot.languages import LANGUAGES
from bot.nlu.calibration import Outcome, Promises
from bot.nlu.evaluation import Example, Judgement

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Cost:
    """Seconds of training by the clock and of the processor, seconds a message, memory and size in bytes."""

    training: float
    processor: float
    median: float
    p95: float
    memory_training: int
    memory_asking: int
    size: int
    phrases: int


@dataclass(frozen=True)
class Measured:
    """One peer: what became of each question, and what it cost."""

    name: str
    judged: list[Judgement]
    cost: Cost

    def of(self, language: str) -> list[Judgement]:
        """Judgements on the questions of one language."""
        return [each for each in self.judged if each.example.language == language]


class Outcomes:
    """Reads the results of steps by their names."""

    def __init__(self, results: Results, steps: Sequence[Step]) -> None:
        self._results = results
        self._steps = {step.name: step for step in steps}

    def peers(self) -> list[Measured]:
        """All that learned from the same part of the phrases; the assistant first."""
        return [
            self._single("assistant", "assistant"),
            self._single("rasa", "Rasa's default, one bot"),
            self._three_bots(),
            self._single("search", "plain search (BM25)"),
            self._single("nearest", "nearest phrase"),
        ]

    def with_all_phrases(self) -> list[Measured]:
        """Those that were measured with all phrases; plain search learns from none."""
        return [
            self._single("assistant-all", "assistant"),
            self._single("search", "plain search (BM25)"),
            self._single("nearest-all", "nearest phrase"),
        ]

    def across(self) -> dict[str, dict[tuple[str, str], float]]:
        """Share ranked right first by (language learned, language asked), for each peer that can be asked so."""
        table: dict[str, dict[tuple[str, str], float]] = {"assistant": {}, "nearest phrase": {}, "Rasa's default": {}}
        for learned in LANGUAGES:
            questions = self._asked(f"cross-{learned}")
            step = self._results[f"cross-{learned}"]
            firsts = {
                "assistant": [each["first"] for each in step["judged"]],
                "nearest phrase": _firsts(step["rankings"]),
                "Rasa's default": _firsts(self._results[f"rasa-{learned}.questions"]["rankings"]),
            }
            for name, first in firsts.items():
                for asked in LANGUAGES:
                    table[name][learned, asked] = _share_right(questions, first, asked)
        return table

    def whole_message(self) -> dict[str, tuple[float, float]]:
        """Median and 95th percentile in seconds from the text of a message to its reply, by peer.

        Rasa's default: what understanding takes and what its policies take, each measured by itself, are added.
        """
        assistant = self._results["assistant-all.conversation"]["times"]
        understanding = self._results["rasa.questions"]["times"]
        policies = self._results["rasa.policies"]["times"]
        added = np.quantile(understanding, [0.5, 0.95]) + np.quantile(policies, [0.5, 0.95])
        median, p95 = np.quantile(assistant, [0.5, 0.95])
        return {
            "assistant, all phrases, with action server and databases": (float(median), float(p95)),
            "Rasa's default, one bot, with its policies and a fixed text": (float(added[0]), float(added[1])),
        }

    def curve(self) -> dict[str, dict[str, list[tuple[float, float]]]]:
        """Peer -> language -> (phrases of a topic, share ranked right first), ascending."""
        sizes = sorted(int(name.partition("-")[2]) for name in self._steps if name.startswith("curve-"))
        curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
        for name, kept in (("assistant", "judged"), ("nearest phrase", "rankings")):
            points = [(float(size), f"curve-{size}", self._asked(f"curve-{size}")) for size in sizes]
            whole = "assistant-all.questions" if kept == "judged" else "nearest-all.questions"
            points.append((self._phrases_a_topic(), whole, list(self._steps[whole].examples)))
            curves[name] = {language: [] for language in LANGUAGES}
            for size, step, asked in points:
                rows = self._results[step][kept]
                firsts = [str(row["first"]) for row in rows] if kept == "judged" else _firsts(rows)
                for language, found in curves[name].items():
                    found.append((size, _share_right(asked, firsts, language)))
        return curves

    def _phrases_a_topic(self) -> float:
        examples = self._steps["assistant-all.train"].examples
        topics = {each.label for each in examples if each.on_topic}
        # the title in each language is not counted as a phrase
        return sum(each.on_topic for each in examples) / len(topics) / len(LANGUAGES) - 1

    def _asked(self, name: str) -> list[Example]:
        step = self._steps[name]
        return list(step.examples[len(step.examples) - step.asked :])

    def _single(self, name: str, title: str) -> Measured:
        return Measured(title, self._judged(name, LANGUAGES), self._cost([name]))

    def _three_bots(self) -> Measured:
        names = [f"rasa-{language}" for language in LANGUAGES]
        # who sends a question to which bot is left out: each gets its own language, its best case
        judged = [each for name in names for each in self._judged(name, [name.partition("-")[2]])]
        return Measured("Rasa's default, three bots", judged, self._cost(names))

    def _judged(self, name: str, languages: Iterable[str]) -> list[Judgement]:
        asked = self._results[f"{name}.questions"]
        questions = self._steps[f"{name}.questions"].examples
        if "judged" in asked:
            return rows_to_judgements(asked["judged"], questions)
        held_back = self._steps[f"{name}.held-back"].examples
        known = _rankings(self._results[f"{name}.held-back"])
        confidence = Confidence(known, held_back, own=name.startswith("rasa"))
        thresholds = choose(known, held_back, confidence, Promises())
        judged = judge(_rankings(asked), questions, confidence, thresholds)
        return [each for each in judged if each.example.language in languages]

    def _cost(self, names: Sequence[str]) -> Cost:
        trained = [self._results[f"{name}.train"] for name in names]
        asked = [self._results[f"{name}.questions"] for name in names]
        times = np.concatenate([each["times"] for each in asked])
        return Cost(
            training=sum(each["seconds"] for each in trained),
            processor=sum(each["processor_seconds"] for each in trained),
            median=float(np.median(times)),
            p95=float(np.quantile(times, 0.95)),
            memory_training=max(each["memory"] for each in trained),
            memory_asking=sum(each["memory"] for each in asked),
            size=sum(each["size"] for each in trained),
            phrases=sum(each["phrases"] for each in trained) if names != ["search"] else 0,
        )


def rows_to_judgements(rows: Sequence[dict[str, Any]], examples: Sequence[Example]) -> list[Judgement]:
    """Judgements from what a step wrote down."""
    return [
        Judgement(
            example, row["first"], tuple(row["topics"]), Outcome(row["outcome"]), row["confidence"], row["chance"]
        )
        for example, row in zip(examples, rows, strict=True)
    ]


def _rankings(step: dict[str, Any]) -> list[Ranking]:
    # a question without a word that the index knows still needs a place in the ranking
    return [[(name, score) for name, score in ranking] or [("", 0.0)] for ranking in step["rankings"]]


def _firsts(rankings: Sequence[Sequence[Sequence[Any]]]) -> list[str]:
    return [str(ranking[0][0]) if ranking else "" for ranking in rankings]


def _share_right(questions: Sequence[Example], firsts: Sequence[str], language: str) -> float:
    pairs = zip(questions, firsts, strict=True)
    right = [first == each.label for each, first in pairs if each.language == language and each.on_topic]
    return sum(right) / len(right)
