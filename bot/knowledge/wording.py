"""The project's other texts in three languages: ``data/responses/*.yml``.

``responses`` become Rasa responses (see :mod:`bot.knowledge.importer`); ``texts`` are looked up by code. Words in
``{braces}`` are filled in: in ``responses`` by Rasa from slots and arguments, in ``texts`` by :meth:`Wording.text`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.knowledge.problems import KnowledgeError, Problem
from bot.knowledge.records import Texts
from bot.knowledge.yamlfile import YamlFile, read_yaml
from bot.languages import LANGUAGES
from bot.settings import get_settings

WORDING_FOLDER = "responses"
_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_RESPONSE_NAME = re.compile(r"^utter_[a-z][a-z0-9_]*$")
_FORM = "Form: {de: ..., ja: ..., en: ...}."


@dataclass(frozen=True)
class Button:
    """A button of a response: its label and what it sends."""

    title: Texts
    payload: str


@dataclass(frozen=True)
class Response:
    """A Rasa response in three languages. ``custom`` is sent beside the text, with ``language`` added."""

    name: str
    text: Texts | None = None
    buttons: tuple[Button, ...] = ()
    custom: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Wording:
    """All texts of ``data/responses``; ``problems`` tells what could not be read and was left out."""

    responses: Mapping[str, Response]
    texts: Mapping[str, Texts]
    problems: tuple[Problem, ...] = field(default=())

    def text(self, key: str, language: str | None, **values: object) -> str:
        """The text ``key`` in ``language`` (English when unknown), with its ``{placeholders}`` filled from ``values``.

        Raises ``KeyError`` for an unknown key or a placeholder without a value. Values are put in as they are.
        """
        if key not in self.texts:
            raise KeyError(f"No text '{key}' in data/{WORDING_FOLDER}. Add it under `texts:`, or mend the key.")
        return _PLACEHOLDER.sub(lambda found: str(values[found.group(1)]), self.texts[key].get(language))


def placeholders(text: str) -> frozenset[str]:
    """Names in braces that stand in ``text``."""
    return frozenset(_PLACEHOLDER.findall(text))


@lru_cache(maxsize=1)
def get_wording() -> Wording:
    """The wording of this process, read once. Raises :class:`KnowledgeError` when a file has a problem."""
    wording = load_wording(get_settings().data_dir / WORDING_FOLDER)
    if wording.problems:
        raise KnowledgeError(list(wording.problems))
    return wording


def text(key: str, language: str | None, **values: object) -> str:
    """Look up one of the project's texts; see :meth:`Wording.text`."""
    return get_wording().text(key, language, **values)


def load_wording(folder: Path) -> Wording:
    """Read every ``*.yml`` in ``folder``. Never raises for a wrong entry: it is left out and told in ``problems``."""
    reader = _Reader()
    for path in sorted(folder.glob("*.yml")):
        file, found = read_yaml(path, f"{WORDING_FOLDER}/{path.name}")
        reader.problems += found
        if file is not None:
            reader.read(file)
    return Wording(reader.responses, reader.texts, tuple(reader.problems))


class _Reader:
    """Collects responses, texts and problems over several files."""

    def __init__(self) -> None:
        self.responses: dict[str, Response] = {}
        self.texts: dict[str, Texts] = {}
        self.problems: list[Problem] = []

    def read(self, file: YamlFile) -> None:
        blocks = file.data if isinstance(file.data, dict) else {}
        if not blocks or blocks.keys() - {"version", "responses", "texts"}:
            self._add(file, [], "The file needs `responses:` or `texts:`, and nothing else.", "Mend its outer keys.")
        for name, block in _entries(blocks.get("responses")):
            self._read_response(file, name, block)
        for name, block in _entries(blocks.get("texts")):
            path = ["texts", name]
            words = self._texts(file, path, block)
            if name in self.texts:
                self._add(file, path, "The text stands twice.", "Remove one of them.")
            elif words is not None:
                self.texts[name] = words

    def _read_response(self, file: YamlFile, name: str, block: Any) -> None:
        path: list[str | int] = ["responses", name]
        before = len(self.problems)
        if not _RESPONSE_NAME.match(name):
            self._add(file, path, f"'{name}' cannot be a response.", "Begin with utter_; a-z, 0-9 and _ only.")
        if name in self.responses:
            self._add(file, path, "The response stands twice.", "Remove one of them.")
        if not isinstance(block, dict) or not block.keys() & {"text", "custom"}:
            self._add(file, path, "A response needs `text` or `custom`.", _FORM)
            return
        if unknown := block.keys() - {"text", "buttons", "custom"}:
            self._add(file, path, f"Unknown: {', '.join(sorted(map(str, unknown)))}.", "Only text, buttons and custom.")
        words = self._texts(file, [*path, "text"], block["text"]) if "text" in block else None
        buttons = tuple(self._buttons(file, [*path, "buttons"], block.get("buttons") or []))
        custom = block.get("custom")
        if custom is not None and not (isinstance(custom, dict) and isinstance(custom.get("type"), str)):
            self._add(file, [*path, "custom"], "`custom` needs a `type`.", "Such as {type: smalltalk, name: greet}.")
        if len(self.problems) == before:
            self.responses[name] = Response(name, words, buttons, custom)

    def _buttons(self, file: YamlFile, path: list[str | int], block: Any) -> Iterable[Button]:
        for number, button in enumerate(block if isinstance(block, list) else [None]):
            place = [*path, number]
            if not isinstance(button, dict) or button.keys() != {"title", "payload"}:
                self._add(file, place, "A button needs `title` and `payload`, nothing else.", "See the others.")
            elif title := self._texts(file, [*place, "title"], button["title"]):
                yield Button(title, str(button["payload"]))

    def _texts(self, file: YamlFile, path: Iterable[str | int], block: Any) -> Texts | None:
        path = list(path)
        if not isinstance(block, dict) or block.keys() != set(LANGUAGES):
            self._add(file, path, "The three languages must stand here.", _FORM)
            return None
        if empty := [language for language in LANGUAGES if not str(block[language] or "").strip()]:
            self._add(file, path, f"No text in {', '.join(empty)}.", "Write it; quote a text that looks like a number.")
            return None
        words = Texts(**{language: str(block[language]).strip() for language in LANGUAGES})
        names = {language: placeholders(each) for language, each in words.items()}
        if len(set(names.values())) > 1:
            told = "; ".join(f"{language}: {', '.join(sorted(found)) or 'none'}" for language, found in names.items())
            self._add(file, path, f"The words in braces differ ({told}).", "Use the same ones in each language.")
            return None
        for language, each in words.items():
            if set("{}") & set(_PLACEHOLDER.sub("", each)):
                self._add(file, path, f"A stray brace in {language}.", "Braces only around a name: {case_number}.")
                return None
        return words

    def _add(self, file: YamlFile, path: Iterable[str | int], message: str, mend: str) -> None:
        steps = list(path)
        record = str(steps[1]) if len(steps) > 1 else ""
        field_path = ".".join(map(str, steps[2:]))
        self.problems.append(Problem(file.name, record, field_path, message, mend, file.line_of(steps)))


def _entries(block: Any) -> Iterable[tuple[str, Any]]:
    return ((str(name), each) for name, each in block.items()) if isinstance(block, dict) else ()
