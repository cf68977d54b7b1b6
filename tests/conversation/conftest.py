"""Somebody who talks to the running assistant, once in each language."""

import pytest

from tests.conversation.questions import LANGUAGES
from tests.running import Assistant, Chat


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """The language of the test."""
    return str(request.param)


@pytest.fixture
def chat(assistant: Assistant, language: str) -> Chat:
    """A new conversation on a page in the language of the test."""
    return Chat(assistant, page_language=language)
