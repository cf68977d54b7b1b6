"""The guide for staff and the page on the handoff say what the code does."""

import re
from pathlib import Path

import pytest

from bot.settings import PROJECT_ROOT
from staff.commands import CLOSE_REASONS, COMMANDS, parse
from staff.phrases import get_phrases, given_values
from staff.targets import KINDS

DOCS = PROJECT_ROOT / "docs"


def half(language: str) -> str:
    """The German or the English half of the guide."""
    text = (DOCS / "staff-guide.md").read_text(encoding="utf-8")
    german, english = text.split("## English")
    return german if language == "de" else english


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_command_stands_in_both_languages_and_no_other(language: str) -> None:
    shown = re.findall(r"^\| `(![^`]+)` \|", half(language), re.MULTILINE)
    commands = [parse(example) for example in shown]
    assert sorted(command.name for command in commands if command) == sorted(COMMANDS)
    for reason in CLOSE_REASONS:
        assert f"`{reason}`" in half(language)


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_example_of_a_phrase_works(language: str) -> None:
    example = re.search(r"`!phrase (\w+) ([^`]+)`", half(language))
    assert example is not None
    get_phrases()[example.group(1)].filled(given_values(example.group(2)), "ja")


def test_the_guide_is_one_page() -> None:
    words = (DOCS / "staff-guide.md").read_text(encoding="utf-8").split("## English")
    assert all(len(part.split()) < 500 for part in words)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_channel_is_told(kind: str) -> None:
    assert f"`{kind}:" in Path(DOCS / "handoff.md").read_text(encoding="utf-8")
