"""How well the assistant understands, on phrases it did not learn from.

Two ways: cross-validation over the training phrases, and questions kept apart from them (``tests/understanding``),
which go through the whole trained pipeline, decision included.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from bot.environment import quiet_rasa
from bot.languages import LANGUAGES
from bot.nlu.calibration import OFF_TOPIC, Outcome, Promises, calibrate
from bot.nlu.classifier import CHANCE_KEY
from bot.nlu.encoder import Encoder
from bot.nlu.kernel import KernelClassifier, KernelConfig
from bot.nlu.text import fold, normalise

SUGGESTED = 3


@dataclass(frozen=True)
class Example:
    """A text with its language and the topic or intent it belongs to; ``out_of_scope`` where none answers it."""

    text: str
    language: str
    label: str

    @property
    def on_topic(self) -> bool:
        """Whether a topic answers it; conversational intents are neither."""
        return "/" in self.label


@dataclass(frozen=True)
class Judgement:
    """What became of an example: topics in order of confidence, the intent ranked first, and the outcome."""

    example: Example
    first: str
    topics: tuple[str, ...]
    outcome: Outcome
    confidence: float
    # the chance that an answer would be right, where it is decided by another figure than the confidence
    chance: float | None = None

    @property
    def answered(self) -> bool:
        """Whether a topic's answer was given."""
        return self.outcome is Outcome.ANSWER and "/" in self.first

    @property
    def right(self) -> bool:
        """Whether the right topic, or for an off-topic text the off-topic class, is ranked first."""
        return self.first == self.example.label


@dataclass(frozen=True)
class Figures:
    """Shares from 0 to 1 over the examples of one language; ``count`` on-topic and ``off_count`` off-topic ones."""

    count: int
    first: float
    within_three: float
    answered: float
    right_of_answered: float
    off_count: int
    off_topic_answered: float
    declined: float
    calibration_error: float


def load_phrases(folder: Path) -> list[Example]:
    """All training phrases below ``data/nlu``; the language is the folder's name."""
    found = []
    for language in LANGUAGES:
        for path in sorted((folder / language).glob("*.yml")):
            for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
                lines = block["examples"].strip().splitlines()
                found += [Example(line.lstrip("- ").strip(), language, block["intent"]) for line in lines]
    return found


def load_questions(folder: Path) -> list[Example]:
    """The questions kept apart: ``<language>.yml`` with ``topics`` and ``off_topic``."""
    found = []
    for language in LANGUAGES:
        content = yaml.safe_load((folder / f"{language}.yml").read_text(encoding="utf-8"))
        found += [Example(text, language, key) for key, texts in content["topics"].items() for text in texts]
        found += [Example(text, language, OFF_TOPIC) for text in content["off_topic"]]
    return found


def figures(judgements: Iterable[Judgement]) -> Figures:
    """Figures over judgements, usually those of one language. Raises ``ValueError`` without an on-topic example."""
    every = list(judgements)
    topics = [each for each in every if each.example.on_topic]
    off_topic = [each for each in every if each.example.label == OFF_TOPIC]
    if not topics:
        raise ValueError("There is no on-topic example to judge.")
    answered = [each for each in topics if each.answered]
    return Figures(
        count=len(topics),
        first=_share(each.right for each in topics),
        within_three=_share(each.example.label in each.topics[:SUGGESTED] for each in topics),
        answered=len(answered) / len(topics),
        right_of_answered=_share(each.right for each in answered),
        off_count=len(off_topic),
        off_topic_answered=_share(each.answered for each in off_topic),
        declined=_share(each.outcome is Outcome.DECLINE for each in topics),
        calibration_error=_calibration_error(topics + off_topic),
    )


def confusions(judgements: Iterable[Judgement], most: int = 20) -> list[tuple[str, str, int]]:
    """The pairs (right topic, topic ranked first instead) that occur most, with their number."""
    pairs = Counter((each.example.label, each.first) for each in judgements if each.example.on_topic and not each.right)
    return [(right, wrong, count) for (right, wrong), count in pairs.most_common(most)]


def cross_validate(examples: Sequence[Example], encoder: Encoder, folds: int = 5, seed: int = 0) -> list[Judgement]:
    """Judge each phrase by a classifier that was trained and calibrated without it."""
    vectors = encoder.encode([normalise(each.text) for each in examples])
    fold_of = np.random.default_rng(seed).permutation(len(examples)) % folds
    judged: list[Judgement] = []
    for held in range(folds):
        learn, ask = np.flatnonzero(fold_of != held), np.flatnonzero(fold_of == held)
        judged += train_and_judge(
            [examples[i] for i in learn], vectors[learn], [examples[i] for i in ask], vectors[ask]
        )
    return judged


def train_and_judge(
    learn: Sequence[Example],
    learn_vectors: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
    ask: Sequence[Example],
    ask_vectors: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]",
    config: KernelConfig | None = None,
) -> list[Judgement]:
    """Train on examples with their vectors (n, d) and judge others (m, d), as the topic classifier does."""
    classifier = KernelClassifier(config or KernelConfig())
    held_back = len(learn) // 6
    labels = [each.label for each in learn]
    known = classifier.fit([fold(each.text) for each in learn], learn_vectors, labels, held_back)
    calibration = calibrate(known, labels[-held_back:], classifier.classes, Promises())
    evidence = classifier.evidence([fold(each.text) for each in ask], ask_vectors)
    rows = calibration.probabilities(evidence.scores, classifier.classes)
    judged = []
    for example, row, chance in zip(ask, rows, calibration.chances(evidence, classifier.classes), strict=True):
        names = [classifier.classes[index] for index in np.argsort(-row)]
        topics = tuple(name for name in names if "/" in name)[:SUGGESTED]
        outcome = calibration.decide(row, float(chance), classifier.classes)
        judged.append(Judgement(example, names[0], topics, outcome, float(row.max()), float(chance)))
    return judged


async def ask_model(model: Path, examples: Sequence[Example]) -> list[Judgement]:
    """Judge examples by a trained model: Rasa's whole pipeline, as a conversation's first message."""
    from rasa.core.agent import load_agent

    quiet_rasa()
    agent = await load_agent(model_path=str(model))
    return [_judgement(example, await agent.parse_message(example.text)) for example in examples]


def _judgement(example: Example, parsed: dict[str, object]) -> Judgement:
    ranking = parsed.get("intent_ranking")
    names = [str(each["name"]) for each in ranking] if isinstance(ranking, list) else []
    intent = parsed["intent"]
    name = str(intent["name"]) if isinstance(intent, dict) else ""
    outcome = {"nlu_fallback": Outcome.SUGGEST, OFF_TOPIC: Outcome.DECLINE}.get(name, Outcome.ANSWER)
    confidence = float(ranking[0]["confidence"]) if isinstance(ranking, list) and ranking else 0.0
    topics = tuple(each for each in names if "/" in each)
    # a message that names only a place, or nothing, is no topic whatever was ranked
    first = names[0] if names and name not in ("inform_place", "unreadable", "too_long") else name
    chance = parsed.get(CHANCE_KEY)
    return Judgement(example, first, topics, outcome, confidence, chance if isinstance(chance, float) else None)


def _share(hits: Iterable[bool]) -> float:
    every = list(hits)
    return sum(every) / len(every) if every else 0.0


def _calibration_error(judgements: Sequence[Judgement], bins: int = 10) -> float:
    """Expected calibration error (Naeini et al. 2015): mean distance of confidence from the share that is right."""
    confidence = np.array([each.confidence for each in judgements])
    right = np.array([each.right for each in judgements], dtype=float)
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for index in range(bins):
        inside = bin_of == index
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(error)
