"""The questions of the conversation tests are not learned by heart."""

from typing import Any

import pytest
import yaml

from bot.nlu.text import fold
from bot.settings import PROJECT_ROOT
from tests.conversation import questions


def said(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [text for each in value for text in said(each)]


@pytest.mark.parametrize("language", questions.LANGUAGES)
def test_no_question_stands_among_the_phrases(language: str) -> None:
    phrases = set()
    for path in sorted((PROJECT_ROOT / "data/nlu" / language).glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            phrases |= {fold(line.removeprefix("- ")) for line in str(block.get("examples") or "").splitlines()}
    assert phrases
    tables = [each for each in vars(questions).values() if isinstance(each, dict) and language in each]
    asked = {fold(text) for table in tables if table not in questions.SHORT for text in said(table[language])}
    assert not asked & phrases
