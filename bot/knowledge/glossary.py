"""The terms that all texts must use: ``data/glossary.yml``, a list of ``{de, ja, en, avoid_ja?, avoid_en?}``."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.knowledge.problems import Problem
from bot.knowledge.yamlfile import read_yaml

GLOSSARY_FILE = "glossary.yml"
# 商業登記簿（Handelsregister）: what stands before the bracket, and the German original in it
_ORIGINAL = re.compile(r"([^\s（(]+)[（(]([^（）()]+)[）)]")
_MARKS = '*「」『』"“”'


@dataclass(frozen=True)
class Term:
    """An official term: the one rendering in each language, and renderings that must not be used."""

    de: str
    ja: str
    en: str
    avoid_ja: tuple[str, ...] = ()
    avoid_en: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A wrong rendering in a text: what stands there, and what to write."""

    message: str
    mend: str


class Glossary:
    """Terms, ready to be looked for in texts. An empty glossary finds nothing."""

    def __init__(self, terms: tuple[Term, ...] = ()) -> None:
        self.terms = terms
        self._ja_of: dict[str, list[str]] = {}
        self._right = {"ja": {term.ja for term in terms}, "en": {term.en for term in terms}}
        for term in terms:
            self._ja_of.setdefault(term.de.casefold(), []).append(term.ja)

    def findings(self, text: str, language: str) -> Iterator[Finding]:
        """Wrong renderings in a text of ``language``; German texts hold the originals and are not looked at."""
        text = unicodedata.normalize("NFKC", text)
        for term in self.terms:
            for wrong in {"ja": term.avoid_ja, "en": term.avoid_en}.get(language, ()):
                if self._uses(wrong, text, language):
                    right = term.ja if language == "ja" else term.en
                    yield Finding(f"'{wrong}' is not our term for {term.de}.", f"Write '{right}'.")
        if language == "ja":
            yield from self._originals(text)

    def _uses(self, wrong: str, text: str, language: str) -> bool:
        if wrong.casefold() not in text.casefold():
            return False
        # 登録 may be refused as such and still be a part of 住民登録
        for right in self._right[language]:
            if wrong.casefold() in right.casefold() and wrong.casefold() != right.casefold():
                text = re.sub(re.escape(right), " ", text, flags=re.IGNORECASE)
        # Japanese has no spaces between words
        word = re.escape(wrong) if language == "ja" else rf"(?<!\w){re.escape(wrong)}(?!\w)"
        return re.search(word, text, flags=re.IGNORECASE) is not None

    def _originals(self, text: str) -> Iterator[Finding]:
        for before, original in _ORIGINAL.findall(text):
            wanted = self._ja_of.get(original.strip().casefold())
            if wanted and not any(before.strip(_MARKS).endswith(each) for each in wanted):
                written = " or ".join(f"「{each}（{original}）」" for each in wanted)
                message = f"「{before[-20:]}（{original}）」 is not our rendering of {original}."
                yield Finding(message, f"Write {written}.")


def load_glossary(data_dir: Path) -> tuple[Glossary, list[Problem]]:
    """Read the glossary; without the file an empty one. Wrong entries are left out and told."""
    path = data_dir / GLOSSARY_FILE
    if not path.exists():
        return Glossary(), []
    file, problems = read_yaml(path, GLOSSARY_FILE)
    if file is None:
        return Glossary(), problems
    terms = []
    for number, entry in enumerate(file.data if isinstance(file.data, list) else [None]):
        term = _term(entry)
        if term is None:
            mend = "Form: {de: ..., ja: ..., en: ..., avoid_ja: [...], avoid_en: [...]}; the last two may be left out."
            line = file.line_of([number])
            problems.append(Problem(GLOSSARY_FILE, "", str(number + 1), "The entry is not a term.", mend, line))
        else:
            terms.append(term)
    return Glossary(tuple(terms)), problems


def _term(entry: Any) -> Term | None:
    if not isinstance(entry, dict) or entry.keys() - {"de", "ja", "en", "avoid_ja", "avoid_en"}:
        return None
    words = [entry.get(language) for language in ("de", "ja", "en")]
    lists = [entry.get(name) or [] for name in ("avoid_ja", "avoid_en")]
    if not all(isinstance(word, str) and word for word in words) or not all(isinstance(each, list) for each in lists):
        return None
    de, ja, en = (unicodedata.normalize("NFKC", str(word)) for word in words)
    avoid_ja, avoid_en = (tuple(unicodedata.normalize("NFKC", str(word)) for word in each) for each in lists)
    return Term(de, ja, en, avoid_ja, avoid_en)
