"""The rules that ``data/roadmap.yml`` must keep beyond its form, as a list of problems."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from bot.knowledge import text_rules
from bot.knowledge.glossary import Glossary
from bot.knowledge.problems import Problem
from bot.knowledge.records import Answer, Texts
from bot.knowledge.roadmap import QUESTIONS, ROADMAP_FILE, UNKNOWN, Roadmap, Step, load_roadmap
from bot.knowledge.text_rules import Limits
from bot.languages import LANGUAGES

QUESTION = Limits(dict.fromkeys(LANGUAGES, 200))
LABEL = Limits(dict.fromkeys(LANGUAGES, 40))
TITLE = Limits(dict.fromkeys(LANGUAGES, 50))
TEXT = Limits(dict.fromkeys(LANGUAGES, 330))
DETAIL = Limits(dict.fromkeys(LANGUAGES, 200))
PARTNER = "{partner}"

Path_ = list[str]
Found = tuple[Path_, str, str, bool]


def roadmap_problems(
    data_dir: Path, topics: Iterable[str], answers: Mapping[str, Answer], glossary: Glossary
) -> list[Problem]:
    """Everything wrong with the roadmap under ``data_dir``. A data folder without the file has nothing wrong.

    ``topics``: keys of every topic that may be named; ``answers``: those that exist, for the local parts.
    """
    if not (data_dir / ROADMAP_FILE).exists():
        return []
    roadmap = load_roadmap(data_dir)
    problems = list(roadmap.problems)
    if roadmap.file is None:
        return problems
    for path, message, mend, warning in _rules(roadmap, frozenset(topics), answers, glossary):
        line = roadmap.file.line_of(path)
        problems.append(Problem(ROADMAP_FILE, ".".join(path[:2]), ".".join(path[2:]), message, mend, line, warning))
    return problems


def _rules(
    roadmap: Roadmap, topics: frozenset[str], answers: Mapping[str, Answer], glossary: Glossary
) -> Iterator[Found]:
    for path, texts, limits, label in _texts(roadmap):
        plain = Texts(*(texts[language].replace(PARTNER, "") for language in LANGUAGES))
        used = {language for language in LANGUAGES if PARTNER in texts[language]}
        if used and (len(used) < len(LANGUAGES) or path[-1] != "office"):
            yield path, f"{PARTNER} stands in {', '.join(sorted(used))}.", "Only in `office`, in all languages.", False
        if plain.de.strip():
            for found in text_rules.findings(plain, limits, glossary, label):
                yield path, found.message, found.mend, found.warning
    for question in roadmap.questions.values():
        yield from _double_words(question.key, roadmap)
    for step in roadmap.steps.values():
        path = ["steps", step.key]
        yield from _step(step, path, roadmap, topics, answers)
    if cycle := find_cycle(roadmap.steps):
        yield ["steps", cycle[0], "after"], f"The steps wait for each other: {' → '.join(cycle)}.", "Drop one.", False


def _texts(roadmap: Roadmap) -> Iterator[tuple[Path_, Texts, Limits, bool]]:
    for question in roadmap.questions.values():
        yield ["questions", question.key, "text"], question.text, QUESTION, False
        for choice in question.choices.values():
            yield ["questions", question.key, "choices", choice.key, "label"], choice.label, LABEL, True
    for step in roadmap.steps.values():
        yield ["steps", step.key, "title"], step.title, TITLE, True
        yield ["steps", step.key, "text"], step.text, TEXT, False
        yield ["steps", step.key, "lead_time"], step.lead_time, DETAIL, False
        # names of offices are often the same in German and English
        yield ["steps", step.key, "office"], step.office, DETAIL, True
        if step.papers:
            yield ["steps", step.key, "papers"], step.papers, DETAIL, True


def _double_words(key: str, roadmap: Roadmap) -> Iterator[Found]:
    owner: dict[tuple[str, str], str] = {}
    for choice in roadmap.questions[key].choices.values():
        for language, words in choice.words.items():
            for word in words:
                other = owner.setdefault((language, word.casefold()), choice.key)
                if other != choice.key:
                    path = ["questions", key, "choices", choice.key, "words"]
                    yield path, f"{language}: '{word}' also means {other}.", "Leave it to one choice.", False


def _step(
    step: Step, path: Path_, roadmap: Roadmap, topics: frozenset[str], answers: Mapping[str, Answer]
) -> Iterator[Found]:
    if step.topic not in topics:
        yield [*path, "topic"], f"There is no topic '{step.topic}'.", "Write a key from topics.yml.", False
    if step.local is not None and (step.local not in answers or answers[step.local].local is None):
        message = f"'{step.local}' has no local parts."
        yield [*path, "local"], message, "Name a topic whose answer differs by place, or drop it.", False
    for each in step.after:
        if each not in roadmap.steps:
            yield [*path, "after"], f"There is no step '{each}'.", "Write the key of a step.", False
    for alternative in step.when:
        for question, accepted in alternative.items():
            if question in QUESTIONS and question not in roadmap.questions:
                continue  # the question itself has a problem, which is told
            if question not in roadmap.questions or question == "place":
                yield [*path, "when"], f"'{question}' cannot be asked for here.", "Name another question.", False
                continue
            known = frozenset({UNKNOWN}).union(
                *(choice.means for choice in roadmap.questions[question].choices.values())
            )
            if unknown := sorted(accepted - known):
                told = f"{question} has no answer {', '.join(unknown)}."
                yield [*path, "when"], told, f"Known: {', '.join(sorted(known))}.", False


def find_cycle(steps: Mapping[str, Step]) -> list[str]:
    """Keys of steps that wait for each other, the first one again at the end; empty when there are none."""
    done: set[str] = set()
    for start in steps:
        way: list[str] = []
        if found := _walk(steps, start, way, done):
            return found
    return []


def _walk(steps: Mapping[str, Step], key: str, way: list[str], done: set[str]) -> list[str]:
    if key in way:
        return [*way[way.index(key) :], key]
    if key in done or key not in steps:
        return []
    way.append(key)
    for each in steps[key].after:
        if found := _walk(steps, each, way, done):
            return found
    done.add(way.pop())
    return []
