"""A case log of the test's own behind the actions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import actions.turn
from bot.settings import get_settings
from cases.migrate import upgrade
from cases.store import CaseStore
from tests.actions.trio import Conversation


@pytest.fixture
def cases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseStore]:
    """The case log that the actions write to."""
    monkeypatch.setenv("NRWBOT_VAR_DIR", str(tmp_path))
    get_settings.cache_clear()
    actions.turn.store.cache_clear()
    upgrade(get_settings().case_log_url)
    yield actions.turn.store()
    get_settings.cache_clear()
    actions.turn.store.cache_clear()


@pytest.fixture
def no_case_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The actions find no case log: its file is a folder."""
    (tmp_path / "cases.db").mkdir()
    monkeypatch.setenv("NRWBOT_VAR_DIR", str(tmp_path))
    get_settings.cache_clear()
    actions.turn.store.cache_clear()
    yield
    get_settings.cache_clear()
    actions.turn.store.cache_clear()


@pytest.fixture(params=["de", "en", "ja"])
def conversation(request: pytest.FixtureRequest) -> Conversation:
    """A new conversation, once in each language."""
    return Conversation(language=request.param)
