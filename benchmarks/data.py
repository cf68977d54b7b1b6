"""What all peers learn from and are judged on: the same phrases, drawn by the same seed."""

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from bot.knowledge.loader import load_knowledge
from bot.languages import LANGUAGES
from bot.nlu.calibration import OFF_TOPIC
from bot.nlu.evaluation import Example, load_phrases

HELD_BACK = 4  # phrases of each label and language on which the peers' thresholds are chosen
HELD_BACK_OFF_TOPIC = 6  # one off-topic phrase in so many is held back


@dataclass(frozen=True)
class Drawn:
    """``learn`` and ``held_back`` share no phrase; ``final`` is what the judged model learns from.

    With a part of the phrases, ``final`` is ``learn``. With all of them nothing is left to hold back, so that a peer
    takes its thresholds from a model of ``learn`` and then learns from everything.
    """

    learn: list[Example]
    held_back: list[Example]
    final: list[Example]

    @property
    def trains_twice(self) -> bool:
        """Whether thresholds and judgements need a model each."""
        return len(self.learn) != len(self.final)


def titles(data_dir: Path) -> list[Example]:
    """The titles of the answers: the assistant's importer makes phrases of them, so every peer gets them."""
    answers = load_knowledge(data_dir).values()
    return [Example(title, language, answer.key) for answer in answers for language, title in answer.title.items()]


def draw(phrases: Sequence[Example], data_dir: Path, per_topic: int | None, seed: int = 0) -> Drawn:
    """``per_topic`` phrases of each label and language, of off-topic ones the same share; None: all."""
    groups: dict[tuple[str, str], list[Example]] = {}
    for each in phrases:
        groups.setdefault((each.language, each.label), []).append(each)
    topic_sizes = [len(group) for (_, label), group in groups.items() if "/" in label]
    share = 1.0 if per_topic is None else per_topic / float(np.mean(topic_sizes))
    held_back: list[Example] = []
    learn: list[Example] = []
    for (_, label), group in sorted(groups.items()):
        shuffled = sorted(group, key=lambda each: _lot(each, seed))
        held = len(group) // HELD_BACK_OFF_TOPIC if label == OFF_TOPIC else min(HELD_BACK, len(group) // 2)
        wanted = round(share * len(group)) if label == OFF_TOPIC else per_topic
        held_back += shuffled[:held]
        learn += shuffled[held:] if per_topic is None else shuffled[held:][:wanted]
    more = titles(data_dir)
    return Drawn(learn + more, held_back, learn + (held_back if per_topic is None else []) + more)


def _lot(example: Example, seed: int) -> str:
    """Where an example comes in the draw: the same whatever other phrases there are."""
    return hashlib.sha256(f"{seed} {example.language} {example.label} {example.text}".encode()).hexdigest()


def of_languages(examples: Iterable[Example], languages: Sequence[str]) -> list[Example]:
    """The examples in one of these languages."""
    return [each for each in examples if each.language in languages]


def write_nlu(examples: Sequence[Example], folder: Path, *, flat: bool) -> None:
    """Rasa training data below ``folder``, one file a language; ``flat``: a topic is one intent without an area."""
    for language in LANGUAGES:
        blocks: dict[str, list[str]] = {}
        for each in of_languages(examples, [language]):
            label = flat_intent(each.label) if flat else each.label
            blocks.setdefault(label, []).append(each.text)
        if not blocks:
            continue
        nlu = [
            {"intent": label, "examples": "".join(f"- {text}\n" for text in texts)} for label, texts in blocks.items()
        ]
        path = folder / language / "phrases.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        content = yaml.safe_dump({"version": "3.1", "nlu": nlu}, allow_unicode=True, sort_keys=False, width=1000)
        path.write_text(content, encoding="utf-8")


def flat_intent(label: str) -> str:
    """A topic's name as an intent that Rasa does not take for a retrieval intent."""
    return label.replace("/", "__")


def topic_of(intent: str) -> str:
    """What ``flat_intent`` was made of."""
    return intent.replace("__", "/")


def data_with(examples: Sequence[Example], data_dir: Path, folder: Path) -> Path:
    """A data folder like the project's but with these phrases only, titles left to the importer. Returns it."""
    shutil.copytree(data_dir, folder, ignore=shutil.ignore_patterns("nlu"), dirs_exist_ok=True)
    known = {(each.language, each.label, each.text) for each in titles(data_dir)}
    phrases = [each for each in examples if (each.language, each.label, each.text) not in known]
    write_nlu(phrases, folder / "nlu", flat=False)
    return folder


def project_phrases(data_dir: Path) -> list[Example]:
    """Every training phrase once; what stands twice would stand on both sides of a split."""
    seen: dict[tuple[str, str], Example] = {}
    for each in load_phrases(data_dir / "nlu"):
        seen.setdefault((each.language, each.text), each)
    return list(seen.values())
