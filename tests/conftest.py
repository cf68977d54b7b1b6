"""What tests of several packages share."""

from collections.abc import Iterator

import pytest

from bot.settings import get_settings
from tests.running import Assistant


@pytest.fixture(scope="session")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The whole assistant, started once for all tests; who takes a part away brings it back."""
    running = Assistant(tmp_path_factory.mktemp("assistant"))
    try:
        running.prepare()
        yield running.start()
    finally:
        running.kill()


@pytest.fixture
def secret_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A signing key for tests that sign in their own process."""
    monkeypatch.setenv("NRWBOT_SECRET_KEY", "a secret of the tests")
    get_settings.cache_clear()
    yield "a secret of the tests"
    get_settings.cache_clear()
