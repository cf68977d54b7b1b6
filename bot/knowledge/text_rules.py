"""Rules for one text in three languages: length, permitted Markdown, equal figures, the glossary's terms."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.knowledge.figures import missing_figures
from bot.knowledge.glossary import Glossary
from bot.knowledge.records import Texts
from bot.languages import LANGUAGES


@dataclass(frozen=True)
class Limits:
    """Lengths in characters by language: above ``hard`` is a problem, above ``aim`` a warning."""

    hard: Mapping[str, int]
    aim: Mapping[str, int] | None = None


def _same(limit: int) -> Limits:
    return Limits(dict.fromkeys(LANGUAGES, limit))


ANSWER = Limits(hard={"de": 1100, "ja": 800, "en": 1200}, aim={"de": 900, "ja": 600, "en": 1000})
AREA_TITLE = _same(30)
TOPIC_TITLE = _same(40)
ASPECT = _same(300)
COMPARISON = _same(600)
LOCAL = _same(350)


@dataclass(frozen=True)
class Finding:
    """What is wrong with a text and what to do."""

    message: str
    mend: str
    warning: bool = False


_JAPANESE = re.compile(r"[぀-ヿ㐀-鿿]")
# the widget shows bold, lists and paragraphs; everything else would reach the reader as stray signs, or worse
_FORBIDDEN = {
    "a heading": re.compile(r"^\s*#{1,6}\s", re.MULTILINE),
    "a table": re.compile(r"^\s*\|.*\|\s*$", re.MULTILINE),
    "a quotation": re.compile(r"^\s*>", re.MULTILINE),
    "a ruler": re.compile(r"^\s*(?:-{3,}|\*{3,}|_{3,})\s*$", re.MULTILINE),
    "an image": re.compile(r"!\["),
    "a link": re.compile(r"\]\(|https?://|www\.", re.IGNORECASE),
    "HTML": re.compile(r"</?[a-zA-Z!]|&[a-z]+;|&#\d+;"),
    "a backtick": re.compile("`"),
    "a list with * or +": re.compile(r"^\s*[*+]\s", re.MULTILINE),
    "a list numbered with 1)": re.compile(r"^\s*\d+\)\s", re.MULTILINE),
    "italics": re.compile(r"(?<![*\w])\*(?![*\s])[^*\n]+\*(?!\*)|(?<!\w)_[^_\n]+_(?!\w)"),
    # Rasa would take it for the name of a slot
    "a brace": re.compile("[{}]"),
}


def findings(texts: Texts, limits: Limits, glossary: Glossary, label: bool = False) -> Iterator[Finding]:
    """Everything wrong with ``texts``. A ``label`` (of a button) has no Markdown; its languages may be the same."""
    for language, text in texts.items():
        yield from _length(text, language, limits)
        yield from _markdown(text, language, label)
        for found in glossary.findings(text, language):
            yield Finding(f"{language}: {found.message}", found.mend)
    if not label:
        yield from _translated(texts)
    for figure, languages in missing_figures(texts).items():
        has = [language for language in LANGUAGES if language not in languages]
        yield Finding(
            f"The figure {figure} stands in {' and '.join(has)}, but not in {' and '.join(languages)}.",
            "Write it in digits in all three languages, or in none.",
        )


def _length(text: str, language: str, limits: Limits) -> Iterator[Finding]:
    length = len(text.replace("**", ""))
    if length > limits.hard[language]:
        message = f"{language}: {length} characters, the limit is {limits.hard[language]}."
        yield Finding(message, "Shorten it, or move a part into `aspects`.")
    elif limits.aim and length > limits.aim[language]:
        yield Finding(f"{language}: {length} characters, aim at {limits.aim[language]}.", "Shorten it.", warning=True)


def _markdown(text: str, language: str, label: bool) -> Iterator[Finding]:
    for what, pattern in _FORBIDDEN.items():
        if found := pattern.search(text):
            shown = found[0].strip()[:30]
            yield Finding(f"{language}: {what} ('{shown}').", "Only **bold**, '- ' and '1. ' lists and blank lines.")
    if any(line.count("**") % 2 for line in text.splitlines()):
        yield Finding(f"{language}: ** is opened but not closed in its line.", "Close it.")
    if label and ("**" in text or "\n" in text):
        yield Finding(f"{language}: a label takes neither bold nor line breaks.", "Write it plain, in one line.")


def _translated(texts: Texts) -> Iterator[Finding]:
    for one, other in (("de", "ja"), ("de", "en"), ("ja", "en")):
        if texts[one] == texts[other]:
            yield Finding(f"{one} and {other} are the same.", "Write each language for its reader.")
    if not _JAPANESE.search(texts.ja):
        yield Finding("ja: there is no Japanese in it.", "Write it in Japanese.")
    for language in ("de", "en"):
        foreign = len(_JAPANESE.findall(texts[language]))
        if foreign > len(texts[language]) / 3:
            yield Finding(f"{language}: most of it is Japanese.", "Have the languages been swapped?")
