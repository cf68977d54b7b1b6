"""The guided way: questions and steps of ``data/roadmap.yml`` as values, and the checklist that answers lead to.

The file is read leniently, like the answers: an entry with a problem is left out and told in ``Roadmap.problems``.
Rules beyond the form of the file are the matter of :mod:`bot.knowledge.roadmap_check`. Needs no Rasa.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.knowledge.problems import Problem
from bot.knowledge.records import Texts
from bot.knowledge.yamlfile import YamlFile, read_yaml
from bot.languages import LANGUAGES

ROADMAP_FILE = "roadmap.yml"
# the form's questions in their order; the slot of each is called roadmap_<question> (domain.yml)
QUESTIONS = ("presence", "movers", "staff", "place", "permit", "goods")
# what a skipped question is taken for
UNKNOWN = "unknown"
_BLOCKS = {"version", "question_words", "unknown_words", "questions", "steps"}
_STEP_TEXTS = ("title", "text", "lead_time", "office", "papers")
_STEP_KEYS = {*_STEP_TEXTS, "when", "after", "topic", "local"}
_CHOICE_KEYS = {"label", "words", "means", "yes", "no", "from"}
_FORM = "docs/roadmap.md shows every entry."

Alternatives = tuple[Mapping[str, frozenset[str]], ...]
Words = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Choice:
    """An answer that can be chosen. ``means``: what conditions are held against, at least its own key.

    ``words`` are typed for it, by language; ``yes`` and ``no``: a plain yes or no means it; ``least``: a typed number
    of persons from this one on means it.
    """

    key: str
    label: Texts
    words: Words
    means: frozenset[str]
    yes: bool = False
    no: bool = False
    least: int | None = None


@dataclass(frozen=True)
class Question:
    """One question of the form; the place has no choices but names of municipalities.

    ``extras``: words that add a meaning to a choice without being one, such as families who come along.
    """

    key: str
    text: Texts
    choices: Mapping[str, Choice]
    extras: Mapping[str, Words] = field(default_factory=dict)

    def means(self, answer: str | None) -> frozenset[str]:
        """What an answer stands for in conditions; nothing chosen stands for ``unknown``."""
        chosen = self.choices.get(answer or UNKNOWN)
        return chosen.means if chosen else frozenset({UNKNOWN})


@dataclass(frozen=True)
class Step:
    """A step of the checklist.

    ``when``: alternatives of which one must hold, each question -> accepted answers; without any the step always holds.
    ``office`` may hold ``{partner}``. ``local`` is the topic whose local part names the office of a place.
    """

    key: str
    topic: str
    title: Texts
    text: Texts
    lead_time: Texts
    office: Texts
    papers: Texts | None = None
    local: str | None = None
    when: Alternatives = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True)
class Roadmap:
    """Questions and steps.

    ``question_words``: typed words that make a message a question and not an answer; ``unknown_words`` leave any
    question open.
    """

    questions: Mapping[str, Question]
    steps: Mapping[str, Step]
    question_words: Words = field(default_factory=dict)
    unknown_words: Words = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    file: YamlFile | None = field(default=None, repr=False)

    def checklist(self, answers: Mapping[str, str | None]) -> list[Step]:
        """The steps that hold for the answers (question -> choice), each behind those it comes after."""
        means = {key: question.means(answers.get(key)) for key, question in self.questions.items()}
        holding = [step for step in self.steps.values() if _holds(step.when, means)]
        return ordered(holding)


def _holds(when: Alternatives, means: Mapping[str, frozenset[str]]) -> bool:
    def one(alternative: Mapping[str, frozenset[str]]) -> bool:
        return all(means.get(question, frozenset()) & accepted for question, accepted in alternative.items())

    return not when or any(one(alternative) for alternative in when)


def ordered(steps: Iterable[Step]) -> list[Step]:
    """Steps in the order of the file, each moved behind those it comes after. Steps of a cycle stay as they stand."""
    waiting = list(steps)
    present = {step.key for step in waiting}
    placed: dict[str, Step] = {}
    while waiting:
        ready = (step for step in waiting if all(key in placed or key not in present for key in step.after))
        chosen = next(ready, waiting[0])
        placed[chosen.key] = chosen
        waiting.remove(chosen)
    return list(placed.values())


def first_sentence(text: str, language: str) -> str:
    """The first sentence of a text: it names the office in every local part that a step takes it from."""
    line = text.strip().splitlines()[0] if text.strip() else ""
    pattern = r".*?。" if language == "ja" else r".*?[.!?](?=\s+[A-ZÄÖÜ0-9\"„“(])"
    found = re.match(pattern, line)
    return (found[0] if found else line).replace("**", "").strip()


def load_roadmap(data_dir: Path) -> Roadmap:
    """Read ``roadmap.yml`` under ``data_dir``. Never raises: without a usable file the roadmap is empty."""
    if not (data_dir / ROADMAP_FILE).exists():
        return Roadmap({}, {}, problems=(Problem(ROADMAP_FILE, "", "", "The file is missing.", _FORM),))
    file, problems = read_yaml(data_dir / ROADMAP_FILE, ROADMAP_FILE)
    if file is None:
        return Roadmap({}, {}, problems=tuple(problems))
    return _Reader(file).roadmap()


class _Reader:
    """Turns the file into values, and collects what is wrong with its form."""

    def __init__(self, file: YamlFile) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def roadmap(self) -> Roadmap:
        data = self.file.data if isinstance(self.file.data, dict) else {}
        if data.keys() != _BLOCKS:
            self._add([], f"The file needs {', '.join(sorted(_BLOCKS))}, and nothing else.")
        questions = dict(self._each("questions", self._question))
        if tuple(questions) != QUESTIONS:
            self._add(["questions"], f"The questions must be {', '.join(QUESTIONS)}, in this order.")
        steps = dict(self._each("steps", self._step))
        asking, leaving = (self._words([name], data.get(name)) for name in ("question_words", "unknown_words"))
        return Roadmap(questions, steps, asking, leaving, tuple(self.problems), self.file)

    def _each(self, block: str, read: Any) -> Iterator[tuple[str, Any]]:
        entries = self.file.data.get(block) if isinstance(self.file.data, dict) else None
        for key, entry in entries.items() if isinstance(entries, dict) else ():
            before = len(self.problems)
            if not isinstance(entry, dict):
                self._add([block, key], "The entry is not a record.")
                continue
            value = read(str(key), entry)
            if len(self.problems) == before:
                yield str(key), value

    def _question(self, key: str, entry: dict[str, Any]) -> Question | None:
        path = ["questions", key]
        self._unknown(path, entry, {"text", "choices", "extras"})
        text = self._texts([*path, "text"], entry.get("text"))
        block = entry.get("choices")
        choices = {}
        for name, each in (block if isinstance(block, dict) else {}).items():
            choice = self._choice(str(name), [*path, "choices", str(name)], each)
            if choice:
                choices[choice.key] = choice
        if not choices:
            self._add([*path, "choices"], "The question has no choices.")
        block = entry.get("extras") or {}
        extras = {name: self._words([*path, "extras", name], words) for name, words in block.items()}
        return Question(key, text, choices, extras) if text else None

    def _choice(self, key: str, path: list[str], entry: Any) -> Choice | None:
        if not isinstance(entry, dict):
            self._add(path, "The choice is not a record.")
            return None
        self._unknown(path, entry, _CHOICE_KEYS)
        label = self._texts([*path, "label"], entry.get("label"))
        words = self._words([*path, "words"], entry["words"]) if "words" in entry else {}
        least = entry.get("from")
        if least is not None and not isinstance(least, int):
            self._add([*path, "from"], "`from` is a number of persons.")
        if label is None:
            return None
        means = frozenset(self._list([*path, "means"], entry.get("means", [key])))
        return Choice(key, label, words, means, entry.get("yes") is True, entry.get("no") is True, least)

    def _step(self, key: str, entry: dict[str, Any]) -> Step | None:
        path = ["steps", key]
        self._unknown(path, entry, _STEP_KEYS)
        texts = {name: self._texts([*path, name], entry.get(name)) for name in _STEP_TEXTS if name != "papers"}
        papers = self._texts([*path, "papers"], entry["papers"]) if "papers" in entry else None
        topic, local = entry.get("topic"), entry.get("local")
        if not isinstance(topic, str):
            self._add([*path, "topic"], "The step names no topic.")
        after = tuple(self._list([*path, "after"], entry.get("after", [])))
        when = tuple(self._alternatives([*path, "when"], entry.get("when")))
        if not all(texts.values()):
            return None
        filled = {name: text for name, text in texts.items() if text}
        return Step(key, str(topic), **filled, papers=papers, local=local, when=when, after=after)

    def _alternatives(self, path: list[str], block: Any) -> Iterator[Mapping[str, frozenset[str]]]:
        for each in [] if block is None else block if isinstance(block, list) else [block]:
            if not isinstance(each, dict) or not each:
                self._add(path, "A condition is {question: answer} or {question: [answers]}.")
                continue
            yield {str(question): frozenset(self._list(path, answers)) for question, answers in each.items()}

    def _list(self, path: list[str], value: Any) -> list[str]:
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(each, str) and each for each in values):
            self._add(path, "Here stand keys, as one word or as a list.")
            return []
        return values

    def _texts(self, path: list[str], block: Any) -> Texts | None:
        if not isinstance(block, dict) or block.keys() != set(LANGUAGES):
            self._add(path, "The three languages must stand here.")
            return None
        if empty := [language for language in LANGUAGES if not str(block[language] or "").strip()]:
            self._add(path, f"No text in {', '.join(empty)}.")
            return None
        return Texts(**{language: str(block[language]).strip() for language in LANGUAGES})

    def _words(self, path: list[str], block: Any) -> Words:
        if not isinstance(block, dict) or block.keys() != set(LANGUAGES):
            self._add(path, "The words of the three languages must stand here.")
            return {}
        return {language: tuple(self._list([*path, language], block[language])) for language in LANGUAGES}

    def _unknown(self, path: list[str], entry: dict[str, Any], known: set[str]) -> None:
        if unknown := sorted(map(str, entry.keys() - known)):
            self._add(path, f"{', '.join(unknown)} is not known here.")

    def _add(self, path: list[str], message: str) -> None:
        record, rest = ".".join(path[:2]), ".".join(path[2:])
        self.problems.append(Problem(self.file.name, record, rest, message, _FORM, self.file.line_of(path)))
