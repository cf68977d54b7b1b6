"""Small, pure readings of what is typed into the form for a person: a yes, a correction, a name within a sentence."""

import re
from functools import lru_cache
from typing import Any, Dict, Optional

import yaml

from bot.nlu.text import any_of, fold, is_question, normalise, word_pattern
from bot.settings import get_settings

Patterns = Dict[str, "re.Pattern[str]"]
SHORT = 12  # letters beside what asks to go back: "please", "に", "to the"


def agrees(text: str) -> bool:
    """Whether a text consists of nothing but agreement: only that is a consent (GDPR, article 4 (11))."""
    words = _words()
    rest, given = words["agreement"].subn(" ", fold(text))
    rest = words["agreement_fillers"].sub(" ", rest)
    return bool(given) and not any(sign.isalnum() for sign in rest)


def named_field(text: str) -> Optional[str]:
    """The entry of the form that a text names; of several the one with the longest name."""
    found = [(len(match.group()), name) for name, words in _fields().items() for match in words.finditer(fold(text))]
    return max(found)[1] if found else None


def corrects(text: str) -> Optional[str]:
    """The entry that a text wants to change, if it is no question."""
    if is_question(text) or not _words()["changes"].search(fold(text)):
        return None
    return named_field(text)


def goes_back(text: str) -> bool:
    """Whether a text asks for the entry before, and says nothing else to speak of."""
    rest, found = _words()["back"].subn("", fold(text))
    return bool(found) and sum(sign.isalnum() for sign in rest) <= SHORT


def bare_name(text: str) -> str:
    """A name without the sentence around it: "My name is Hanako Muster." is "Hanako Muster"."""
    name = normalise(text)
    words = _words()
    match = words["name_before"].match(name)
    behind = words["name_behind"].search(name.rstrip("。.!！ "))
    bare = name[match.end() :] if match else name
    if behind or match:
        bare = bare.rstrip("。.!！ ")
    if behind:
        bare = bare[: len(bare) - len(behind.group())]
    bare = bare.strip(' 、,:：「」"')
    return bare if any(sign.isalpha() for sign in bare) else name


@lru_cache(maxsize=1)
def _content() -> Dict[str, Any]:
    path = get_settings().data_dir / "directory" / "entries.yml"
    content: Dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


@lru_cache(maxsize=1)
def _fields() -> Patterns:
    return {name: word_pattern(map(fold, words)) for name, words in _content()["fields"].items()}


@lru_cache(maxsize=1)
def _words() -> Patterns:
    by_kind = {
        kind: [word for words in by_language.values() for word in words]
        for kind, by_language in _content().items()
        if kind != "fields"
    }
    patterns = {kind: word_pattern(map(fold, words)) for kind, words in by_kind.items()}
    # names keep their case
    patterns["name_before"] = re.compile(rf"(?:{word_pattern(by_kind['name_before']).pattern})\s*", re.IGNORECASE)
    patterns["name_behind"] = re.compile(rf"(?:{any_of(by_kind['name_behind'])})$")
    return patterns
