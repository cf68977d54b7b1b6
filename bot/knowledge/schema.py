"""The form of a knowledge file, checked against ``schema.json``, with messages that an editor understands.

``schema.json`` is plain JSON Schema (draft 7), so that editors' YAML language servers can use it too.
"""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, ValidationError

from bot.knowledge.problems import Problem
from bot.knowledge.yamlfile import YamlFile

SCHEMA_PATH = Path(__file__).with_name("schema.json")
_README = "data/knowledge/README.md shows a whole record."

Told = tuple[str, str]
# a ValidationError whose attributes depend on the rule that was broken
_Error = Any


@lru_cache(maxsize=1)
def validator() -> Draft7Validator:
    """The validator of knowledge files, made once."""
    return Draft7Validator(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))


def schema_problems(file: YamlFile) -> list[Problem]:
    """Every place where the file does not have the form of ``schema.json``."""
    problems = []
    for error in _leaves(validator().iter_errors(file.data)):
        path = list(error.absolute_path)
        record, field = record_and_field(file.data, path)
        message, mend = _told(error)
        problems.append(Problem(file.name, record, field, message, mend, file.line_of(path)))
    # each missing entry is an error of its own, told once for all of them
    return list(dict.fromkeys(problems))


def record_and_field(data: Any, path: list[Any]) -> tuple[str, str]:
    """Split a path inside a knowledge file into the record's key and the field within it."""
    if len(path) >= 2 and path[0] == "topics":
        area = data.get("area", "?") if isinstance(data, dict) else "?"
        return f"{area}/{path[1]}", ".".join(map(str, path[2:]))
    return "", ".".join(map(str, path))


def _leaves(errors: Iterator[ValidationError]) -> Iterator[ValidationError]:
    for error in errors:
        if error.validator in ("if", "then", "else") and error.context:
            yield from _leaves(iter(error.context))
        else:
            yield error


def _told(error: _Error) -> Told:
    tell = _TELLERS.get(str(error.validator))
    return tell(error) if tell else (f"{error.message}.", _README)


def _missing(error: _Error) -> Told:
    names = [name for name in error.validator_value if name not in error.instance]
    return f"{', '.join(f'`{name}`' for name in names)} is missing.", f"Add it. {_README}"


def _unknown(error: _Error) -> Told:
    known = error.schema.get("properties", {})
    names = [name for name in error.instance if name not in known]
    quoted = ", ".join(f"`{name}`" for name in names)
    return f"{quoted} is not known here.", f"Allowed: {', '.join(known)}. Mind spelling and indentation."


def _wrong_type(error: _Error) -> Told:
    words = {"object": "named entries", "array": "a list", "string": "text", "integer": "a whole number"}
    words |= {"boolean": "true or false", "number": "a number"}
    kinds = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    wanted = " or ".join(words[kind] for kind in kinds)
    found = "nothing" if error.instance is None else f"{str(error.instance)[:40]!r}"
    return f"{found} stands where {wanted} must stand.", "Quote a text that looks like a number, or mind indentation."


def _pattern(error: _Error) -> Told:
    if error.validator_value == r"\S":
        return "The text is empty.", "Write it."
    hint = error.schema.get("description", "small Latin letters, digits and _, the first one a letter")
    return f"{str(error.instance)[:40]!r} does not have the right form.", f"Write: {hint}"


def _size(error: _Error) -> Told:
    limit = f"{'at least' if str(error.validator).startswith('min') else 'at most'} {error.validator_value}"
    count = len(error.instance) if isinstance(error.instance, list | dict) else error.instance
    return f"{count} stand here; the rule is {limit}.", "Add or remove some."


_TELLERS: dict[str, Callable[[_Error], Told]] = {
    "required": _missing,
    "additionalProperties": _unknown,
    "type": _wrong_type,
    "pattern": _pattern,
    "anyOf": lambda _: ("Neither `text` nor `municipalities` is here.", "Write one of them."),
    "const": lambda error: (f"{error.instance!r} stands here.", f"Write {error.validator_value!r}."),
    "uniqueItems": lambda _: ("An entry stands twice.", "Remove one."),
    **dict.fromkeys(("minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum"), _size),
}
