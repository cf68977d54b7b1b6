"""Reads ``data/knowledge/*.yml`` into :class:`Knowledge`. Needs neither Rasa nor a database."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bot.directory import DirectoryError, Municipality, load_directory
from bot.knowledge.problems import KnowledgeError, Problem
from bot.knowledge.records import Answer, Area, Aspect, Local, LocalPart, Source, Texts, VolatileFigure
from bot.knowledge.schema import schema_problems
from bot.knowledge.yamlfile import YamlFile, read_yaml

KNOWLEDGE_FOLDER = "knowledge"
TOPICS_FILE = "topics.yml"
DIRECTORY_FOLDER = "directory"

Topics = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Knowledge(Mapping[str, Answer]):
    """All answers by key (``knowledge["tax/vat"]``), the areas in the order of the menu, and what could not be read.

    A record or file with a problem is left out, the rest is there: whoever loads decides whether that will do.
    """

    answers: Mapping[str, Answer]
    areas: tuple[Area, ...]
    problems: tuple[Problem, ...] = ()
    files: Mapping[str, YamlFile] = field(default_factory=dict, repr=False)

    def __getitem__(self, key: str) -> Answer:
        return self.answers[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.answers)

    def __len__(self) -> int:
        return len(self.answers)

    def area(self, key: str) -> Area:
        """The area called ``key``. Raises ``KeyError`` for an area without a usable file."""
        for area in self.areas:
            if area.key == key:
                return area
        raise KeyError(key)

    def require_sound(self) -> "Knowledge":
        """Return itself. Raises :class:`KnowledgeError` when anything could not be read."""
        if self.problems:
            raise KnowledgeError(list(self.problems))
        return self


def load_topics(data_dir: Path) -> Topics:
    """The topics of ``topics.yml``: area -> topic names in order. Raises :class:`KnowledgeError`."""
    file, problems = read_yaml(data_dir / TOPICS_FILE, TOPICS_FILE)
    if file is None:
        raise KnowledgeError(problems)
    data = file.data
    if not isinstance(data, dict) or not all(isinstance(names, list) and names for names in data.values()):
        raise KnowledgeError([Problem(TOPICS_FILE, "", "", "It is not a list of topics by area.", "See its head.")])
    return {str(area): tuple(map(str, names)) for area, names in data.items()}


def load_knowledge(data_dir: Path) -> Knowledge:
    """Read every knowledge file under ``data_dir`` (the project's ``data`` folder).

    Raises :class:`KnowledgeError` only when ``topics.yml`` or the directory cannot be read; problems of
    records are in ``problems``. Rules beyond the form of the files are the matter of :mod:`bot.knowledge.check`.
    """
    topics = load_topics(data_dir)
    try:
        directory = load_directory(data_dir / DIRECTORY_FOLDER)
    except DirectoryError as error:
        raise KnowledgeError([Problem(DIRECTORY_FOLDER, "", "", str(error), "")]) from error
    # records name municipalities by their official German name, everything else by their key
    municipalities = {each.name["de"]: each for each in directory.municipalities.values()}
    answers: dict[str, Answer] = {}
    areas: dict[str, Area] = {}
    files: dict[str, YamlFile] = {}
    problems: list[Problem] = []
    for path in sorted((data_dir / KNOWLEDGE_FOLDER).glob("*.yml")):
        name = f"{KNOWLEDGE_FOLDER}/{path.name}"
        file, found = read_yaml(path, name)
        problems += found
        if file is None:
            continue
        files[name] = file
        area, read, found = _read_area(file, path.stem, topics, municipalities)
        problems += found
        if area is not None:
            areas[area.key] = area
            answers.update(read)
    in_order = tuple(areas[key] for key in topics if key in areas)
    ordered = {key: answers[key] for area in in_order for key in area.topics}
    return Knowledge(ordered, in_order, tuple(problems), files)


def _read_area(
    file: YamlFile, stem: str, topics: Topics, municipalities: Mapping[str, Municipality]
) -> tuple[Area | None, dict[str, Answer], list[Problem]]:
    problems = schema_problems(file)
    whole_file = [problem for problem in problems if not problem.record]
    if whole_file:
        return None, {}, problems
    data = file.data
    area = str(data["area"])
    if area != stem or area not in topics:
        known = ", ".join(topics)
        message = f"The area '{area}' does not fit the file's name or stands not in {TOPICS_FILE}."
        problems.append(Problem(file.name, "", "area", message, f"One of: {known}.", file.line_of(["area"])))
        return None, {}, problems
    broken = {problem.record for problem in problems}
    answers: dict[str, Answer] = {}
    for name, record in data["topics"].items():
        key = f"{area}/{name}"
        if name not in topics[area]:
            message, mend = f"The topic stands not in {TOPICS_FILE}.", "Mend its name, or add it there."
            problems.append(Problem(file.name, key, "", message, mend, file.line_of(["topics", name])))
        elif key not in broken:
            found = _record_problems(file, key, name, record, municipalities)
            problems += found
            if not found:
                answers[key] = _answer(key, area, record, municipalities)
    in_order = tuple(key for topic in topics[area] if (key := f"{area}/{topic}") in answers)
    return Area(area, Texts(**data["title"]), in_order), answers, problems


def _record_problems(
    file: YamlFile, key: str, name: str, record: dict[str, Any], municipalities: Mapping[str, Municipality]
) -> list[Problem]:
    """What the schema cannot see but the values need: real days, real places."""
    problems = []

    def add(path: list[str], message: str, mend: str) -> None:
        line = file.line_of(["topics", name, *path])
        problems.append(Problem(file.name, key, ".".join(path), message, mend, line))

    for name_of_date in ("reviewed_on", "review_by"):
        try:
            date.fromisoformat(record[name_of_date])
        except ValueError:
            add([name_of_date], f"{record[name_of_date]} is no day of the calendar.", "Write year-month-day.")
    partners = {municipality.partner for municipality in municipalities.values()}
    for partner, local in record.get("local", {}).get("partners", {}).items():
        path = ["local", "partners", partner]
        if partner not in partners:
            add(path, f"There is no partner '{partner}'.", f"One of: {', '.join(sorted(partners))}.")
            continue
        for town in local.get("municipalities", {}):
            owner = municipalities[town].partner if town in municipalities else None
            if owner is None:
                mend = "Write the official name, as in directory/municipalities.csv."
                add([*path, "municipalities", town], f"There is no municipality '{town}'.", mend)
            elif owner != partner:
                message = f"{town} does not belong to {partner} but to {owner}."
                add([*path, "municipalities", town], message, "Move its text there.")
    return problems


def _answer(key: str, area: str, record: dict[str, Any], municipalities: Mapping[str, Municipality]) -> Answer:
    return Answer(
        key=key,
        area=area,
        title=_texts(record["title"]),
        text=_texts(record["text"]),
        sources=_sources(record["sources"]),
        reviewed_on=date.fromisoformat(record["reviewed_on"]),
        review_by=date.fromisoformat(record["review_by"]),
        related=tuple(record["related"]),
        aspects={
            name: Aspect(name, topic=aspect["topic"]) if "topic" in aspect else Aspect(name, _texts(aspect))
            for name, aspect in (record.get("aspects") or {}).items()
        },
        volatile=tuple(
            VolatileFigure(str(each["figure"]), each["what"], each["year"], each["confirmed"], each["page"])
            for each in record["volatile"]
        ),
        local=_local(record["local"], municipalities) if record.get("local") else None,
    )


def _local(block: dict[str, Any], municipalities: Mapping[str, Municipality]) -> Local:
    partners: dict[str, LocalPart] = {}
    towns: dict[tuple[str, str], LocalPart] = {}
    for partner, local in block.get("partners", {}).items():
        if "text" in local:
            partners[partner] = LocalPart(partner, _texts(local["text"]), _sources(local.get("sources", [])))
        for name, town in local.get("municipalities", {}).items():
            ags = municipalities[name].ags
            sources = _sources(town.get("sources", []))
            towns[partner, ags] = LocalPart(partner, _texts(town["text"]), sources, ags, name)
    comparison = block.get("comparison")
    return Local(_texts(comparison) if comparison else None, partners, towns)


def _texts(block: dict[str, str]) -> Texts:
    return Texts(**{language: text.strip() for language, text in block.items()})


def _sources(block: list[dict[str, Any]]) -> tuple[Source, ...]:
    return tuple(
        Source(Texts(*[each["title"]] * 3) if isinstance(each["title"], str) else _texts(each["title"]), each["url"])
        for each in block
    )
