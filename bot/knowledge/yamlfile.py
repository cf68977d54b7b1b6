"""Reading the project's YAML data files: strict, fast, and with line numbers for messages.

Differs from PyYAML's defaults where editors would stumble: a key written twice is refused, only ``true`` and ``false``
are truth values (so that ``en: No`` is a word), and dates stay text (a schema checks their form).
"""

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.knowledge.problems import Problem

try:
    from yaml import CSafeLoader as _Base
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _Base  # type: ignore[assignment]


class _Loader(_Base):
    """YAML 1.2's core types; see the module's docstring."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own attribute

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.MarkedYAMLError(problem="a key must be a word", problem_mark=key_node.start_mark)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{key}' stands twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^(?:0|-?[1-9][0-9]*)$"), list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"^-?[0-9]+\.[0-9]+$"), list("-0123456789"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""])


@dataclass(frozen=True)
class YamlFile:
    """A parsed file: ``data`` as plain Python values; ``name`` is how messages call it."""

    name: str
    data: Any
    _root: yaml.Node | None = field(default=None, repr=False)

    def line_of(self, path: Iterable[str | int]) -> int:
        """Line (from 1) of the value at ``path``, or of the nearest value above it that exists."""
        node = self._root
        line = 1
        for step in path:
            child: yaml.Node | None = None
            if isinstance(node, yaml.MappingNode):
                for key_node, value_node in node.value:
                    if key_node.value == str(step):
                        child, line = value_node, key_node.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                child = node.value[step]
                line = child.start_mark.line + 1
            if child is None:
                break
            node = child
        return line


def read_yaml(path: Path, name: str) -> tuple[YamlFile | None, list[Problem]]:
    """Read one file. ``name`` is how problems call it. Returns no file where it cannot be parsed."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        return None, [Problem(name, "", "", f"The file cannot be read: {reason}.", "Save it as UTF-8 text.")]
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        message = f"Not valid YAML: {error.problem or error.context}."
        mend = "Look at this line and the one above: indentation, a colon without quotes, a quote left open?"
        return None, [Problem(name, "", "", message, mend, line)]
    except yaml.YAMLError as error:
        return None, [Problem(name, "", "", f"Not valid YAML: {error}.", "Remove the unusual character.")]
    finally:
        loader.dispose()
    return YamlFile(name, data, root), []
