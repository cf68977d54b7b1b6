"""Every rule that the answers, the training phrases and the wording must keep, as one list of problems."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from bot.knowledge import text_rules
from bot.knowledge.figures import figures, plain
from bot.knowledge.glossary import Glossary, load_glossary
from bot.knowledge.loader import KNOWLEDGE_FOLDER, TOPICS_FILE, Knowledge, Topics, load_knowledge, load_topics
from bot.knowledge.phrases import phrase_problems
from bot.knowledge.problems import Problem
from bot.knowledge.records import Answer, Texts, VolatileFigure
from bot.knowledge.roadmap_check import roadmap_problems
from bot.knowledge.text_rules import Limits
from bot.knowledge.wording import WORDING_FOLDER, load_wording
from bot.languages import LANGUAGES

# figures that change with the year are looked at again within half a year (days, with some slack)
VOLATILE_REVIEW = timedelta(days=190)
_TRACKERS = re.compile(r"^(?:utm_.*|[a-z]{0,2}clid|mc_[ce]id|_ga|ref_src|igshid|pk_.*|mtm_.*|wt_mc)$", re.IGNORECASE)
_HOST = re.compile(r"^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$")


def check(data_dir: Path, today: date, area: str | None = None) -> list[Problem]:
    """All problems under ``data_dir`` on the day ``today``, in the order of the files.

    With ``area`` only the answers and phrases of that area are looked at. Raises ``KeyError`` for an unknown area and
    :class:`bot.knowledge.problems.KnowledgeError` where ``topics.yml`` or the directory cannot be read.
    """
    topics = load_topics(data_dir)
    if area is not None and area not in topics:
        raise KeyError(area)
    knowledge = load_knowledge(data_dir)
    glossary, problems = load_glossary(data_dir)
    problems += [each for each in knowledge.problems if area is None or Path(each.file).stem == area]
    problems += _presence(data_dir, knowledge, topics, area)
    for each in knowledge.areas:
        if area in (None, each.key):
            problems += _area_problems(knowledge, each.key, topics, glossary, today)
    problems += phrase_problems(data_dir, topics, area)
    if area is None:
        problems += _wording_problems(data_dir, glossary)
        known = [f"{each}/{topic}" for each, names in topics.items() for topic in names]
        problems += roadmap_problems(data_dir, known, knowledge, glossary)
    return sorted(problems, key=lambda each: (each.warning, each.file, each.line))


def _presence(data_dir: Path, knowledge: Knowledge, topics: Topics, area: str | None) -> Iterator[Problem]:
    for each in [area] if area else topics:
        name = f"{KNOWLEDGE_FOLDER}/{each}.yml"
        if not (data_dir / name).exists():
            yield Problem(name, "", "", "The area has no answers.", f"Write the file for the topics in {TOPICS_FILE}.")
        file = knowledge.files.get(name)
        records = file.data.get("topics") if file and isinstance(file.data, dict) else None
        if isinstance(records, dict):
            for topic in topics[each]:
                if topic not in records:
                    mend = f"Write it, or drop the topic from {TOPICS_FILE}."
                    yield Problem(name, f"{each}/{topic}", "", "The topic has no answer.", mend)


def _area_problems(
    knowledge: Knowledge, key: str, topics: Topics, glossary: Glossary, today: date
) -> Iterator[Problem]:
    file = knowledge.files[f"{KNOWLEDGE_FOLDER}/{key}.yml"]
    area = knowledge.area(key)
    for found in text_rules.findings(area.title, text_rules.AREA_TITLE, glossary, label=True):
        yield Problem(file.name, "", "title", found.message, found.mend, file.line_of(["title"]), found.warning)
    known = {f"{each}/{topic}" for each, names in topics.items() for topic in names}
    for answer in (knowledge[topic] for topic in area.topics):
        for path, message, mend, warning in _answer_problems(answer, known, glossary, today):
            line = file.line_of(["topics", answer.key.split("/")[1], *path])
            yield Problem(file.name, answer.key, ".".join(path), message, mend, line, warning)


Found = tuple[list[str], str, str, bool]


def _answer_problems(answer: Answer, known: set[str], glossary: Glossary, today: date) -> Iterator[Found]:
    for path, texts, limits in _texts(answer):
        for found in text_rules.findings(texts, limits, glossary, label=path == ["title"]):
            yield path, found.message, found.mend, found.warning
    yield from _dates(answer, today)
    yield from _addresses(answer)
    yield from _paths(answer, known)
    for figure in answer.volatile:
        yield from _volatile(answer, figure)


def _texts(answer: Answer) -> Iterator[tuple[list[str], Texts, Limits]]:
    """Every text of a record with its path inside the record and its limits."""
    yield ["title"], answer.title, text_rules.TOPIC_TITLE
    yield ["text"], answer.text, text_rules.ANSWER
    for name, aspect in answer.aspects.items():
        if aspect.text:
            yield ["aspects", name], aspect.text, text_rules.ASPECT
    if answer.local:
        if answer.local.comparison:
            yield ["local", "comparison"], answer.local.comparison, text_rules.COMPARISON
        for partner, part in answer.local.partners.items():
            yield ["local", "partners", partner, "text"], part.text, text_rules.LOCAL
        for (partner, _), part in answer.local.municipalities.items():
            yield ["local", "partners", partner, "municipalities", part.place, "text"], part.text, text_rules.LOCAL


def _dates(answer: Answer, today: date) -> Iterator[Found]:
    if answer.reviewed_on > today:
        yield ["reviewed_on"], f"{answer.reviewed_on} lies in the future.", "Write the day of the review.", False
    if answer.review_by <= answer.reviewed_on:
        yield ["review_by"], "The next review is not after the last one.", "Write a later day.", False
    elif answer.is_overdue(today):
        message = f"The review was due by {answer.review_by}."
        yield ["review_by"], message, "Check the answer against its sources, then write both dates anew.", False
    elif answer.volatile and answer.review_by - answer.reviewed_on > VOLATILE_REVIEW:
        message = "Figures that change with the year, but more than half a year until the next review."
        yield ["review_by"], message, "Write an earlier day.", True


def _addresses(answer: Answer) -> Iterator[Found]:
    places = [(["sources"], source.url) for source in answer.sources]
    places += [(["volatile"], figure.page) for figure in answer.volatile]
    if answer.local:
        for part in (*answer.local.partners.values(), *answer.local.municipalities.values()):
            path = ["local", "partners", part.partner]
            places += [(path, source.url) for source in part.sources]
    for path, url in places:
        if reason := address_fault(url):
            yield path, f"The address {url[:120]} {reason}.", "Write the https address of the official page.", False


def address_fault(url: str) -> str | None:
    """Why a source's address cannot be used; ``None`` when it can. Which hosts are official is for editors to judge."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is not a web address"
    if re.search(r"\s", url):
        return "has a space in it"
    if parts.scheme != "https":
        return "does not begin with https://"
    try:
        ascii_host = host.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_host = ""
    if not _HOST.match(ascii_host) or port is not None or parts.username is not None:
        return "has no proper host"
    if trackers := [name for name, _ in parse_qsl(parts.query, keep_blank_values=True) if _TRACKERS.match(name)]:
        return f"carries the tracker '{trackers[0]}'"
    return None


def _paths(answer: Answer, known: set[str]) -> Iterator[Found]:
    targets = [(["related"], key) for key in answer.related]
    targets += [(["aspects", name], aspect.topic) for name, aspect in answer.aspects.items() if aspect.topic]
    for path, key in targets:
        if key == answer.key:
            yield path, "The answer points to itself.", "Name another topic.", False
        elif key not in known:
            yield path, f"There is no topic '{key}'.", f"Write a key from {TOPICS_FILE}.", False


def _volatile(answer: Answer, figure: VolatileFigure) -> Iterator[Found]:
    number = plain(figure.figure)
    everything = [texts for path, texts, _ in _texts(answer) if path != ["title"]]
    found = {language: _all_figures(everything, language) for language in LANGUAGES}
    if absent := [language for language in LANGUAGES if number not in found[language]]:
        message = f"The volatile figure {figure.figure} ({figure.what}) stands in no text of {' and '.join(absent)}."
        yield ["volatile"], message, "Write it as it stands in the texts, or take it out.", False
    if not figure.confirmed:
        for language in LANGUAGES:
            if str(figure.year) not in found[language]:
                message = (
                    f"{figure.figure} ({figure.what}) is not confirmed, but {language} does not say {figure.year}."
                )
                yield ["volatile"], message, "Say in the text for which year it is known, and where to look.", False


def _all_figures(everything: Iterable[Texts], language: str) -> frozenset[str]:
    return frozenset[str]().union(*(figures(texts[language], language) for texts in everything))


def _wording_problems(data_dir: Path, glossary: Glossary) -> Iterator[Problem]:
    wording = load_wording(data_dir / WORDING_FOLDER)
    yield from wording.problems
    everything = {name: response.text for name, response in wording.responses.items() if response.text}
    for name, texts in {**everything, **wording.texts}.items():
        for language, text in texts.items():
            for found in glossary.findings(text, language):
                yield Problem(WORDING_FOLDER, name, "", f"{language}: {found.message}", found.mend)
