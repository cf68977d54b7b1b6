"""Prepared phrases of ``data/phrases.yml``: reviewed words in three languages that staff send by name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.knowledge.records import Texts
from bot.knowledge.yamlfile import read_yaml
from bot.languages import LANGUAGES
from bot.settings import get_settings

KINDS = ("date", "time", "days", "number", "text")
FILE = "phrases.yml"
LONGEST_VALUE = 120
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_VALUE = re.compile(r"(\w+)[=＝](?:\"([^\"]*)\"|「([^」]*)」|(\S+))")


class PhraseError(Exception):
    """The phrases' file is wrong. The message has one line a problem: where, what is wrong, what to do."""


class WrongValue(Exception):
    """A value that staff gave does not fit. ``problem``: missing, unknown, or the kind that it should be."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name, self.problem = name, problem


@dataclass(frozen=True)
class Phrase:
    """A phrase. ``values``: placeholder -> kind of value (``KINDS``)."""

    name: str
    text: Texts
    values: Mapping[str, str]

    @property
    def usage(self) -> str:
        """How staff call it."""
        return " ".join([self.name, *(f"{name}=<{kind}>" for name, kind in self.values.items())])

    def filled(self, given: Mapping[str, str], language: str) -> str:
        """The text in a language with its values in that language's form. Raises ``WrongValue``."""
        for name in given:
            if name not in self.values:
                raise WrongValue(name, "unknown")
        shown = {}
        for name, kind in self.values.items():
            if not given.get(name, "").strip():
                raise WrongValue(name, "missing")
            shown[name] = _shown(name, given[name].strip(), kind, language)
        return _PLACEHOLDER.sub(lambda found: shown[found.group(1)], self.text[language])


def given_values(text: str) -> dict[str, str]:
    """``day=2026-12-01 what="the register extract"`` as a mapping. Raises ``WrongValue`` for what is no such pair."""
    values = {name: quoted or bracketed or plain for name, quoted, bracketed, plain in _VALUE.findall(text)}
    rest = _VALUE.sub("", text).strip()
    if rest:
        raise WrongValue(rest[:40], "unknown")
    return values


def _shown(name: str, value: str, kind: str, language: str) -> str:
    try:
        if kind == "date":
            day = date.fromisoformat(value)
            if language == "ja":
                return f"{day.year}年{day.month}月{day.day}日"
            return f"{day.day}.{day.month}.{day.year}" if language == "de" else f"{day.day} {day:%B %Y}"
        if kind == "time":
            return f"{time.fromisoformat(value):%H:%M}"
        if kind in ("days", "number"):
            if not 0 < int(value) < 10000:
                raise ValueError(value)
            return str(int(value))
    except ValueError as error:
        raise WrongValue(name, kind) from error
    if len(value) > LONGEST_VALUE or "\n" in value:
        raise WrongValue(name, kind)
    return value


@lru_cache(maxsize=1)
def get_phrases() -> Mapping[str, Phrase]:
    """The phrases of this process, read once. Raises ``PhraseError``."""
    return load_phrases(get_settings().data_dir / FILE)


def load_phrases(path: Path) -> dict[str, Phrase]:
    """Read and check the phrases. Raises ``PhraseError``."""
    file, unread = read_yaml(path, path.name)
    if file is None:
        raise PhraseError("\n".join(map(str, unread)))
    problems: list[str] = []
    phrases: dict[str, Phrase] = {}
    records: Any = file.data.get("phrases") if isinstance(file.data, dict) else None
    for name, record in (records or {}).items():
        where = f"{path.name}: {name}"
        if not _NAME.match(str(name)):
            problems.append(f"{where}: names are lower case with underscores; rename it.")
            continue
        values = record.get("values") or {}
        if strangers := sorted(set(map(str, values.values())) - set(KINDS)):
            problems.append(f"{where}: no kind of value: {', '.join(strangers)}; there are {', '.join(KINDS)}.")
        if missing := [language for language in LANGUAGES if not str(record.get(language) or "").strip()]:
            problems.append(f"{where}: no text in {', '.join(missing)}; write it.")
            continue
        for language in LANGUAGES:
            if set(_PLACEHOLDER.findall(record[language])) != set(values):
                problems.append(f"{where}: the words in braces in {language} are not those of `values`; make them so.")
        texts = Texts(**{language: str(record[language]).strip() for language in LANGUAGES})
        phrases[name] = Phrase(name, texts, dict(values))
    if problems:
        raise PhraseError("\n".join(problems))
    return phrases
