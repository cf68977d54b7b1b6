"""The relay's surroundings: a case log, the directory, cards with the project's own wording, partners' channels."""

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from bot.directory import Directory, get_directory
from bot.knowledge.wording import Wording, load_wording
from bot.settings import PROJECT_ROOT
from cases.migrate import upgrade
from cases.models import Case
from cases.records import Contact
from cases.store import CaseStore
from staff.cards import Cards
from tests.cases.conftest import Clock
from tests.postgres import PostgresServer, postgres_server  # noqa: F401

CONTACT = Contact("ほしぞら株式会社", "Example Person", "contact@example.jp")
NEUSS, KOELN = "05162024", "05315000"


@pytest.fixture(scope="session")
def directory() -> Directory:
    return get_directory()


@pytest.fixture(scope="session")
def wording() -> Wording:
    """The project's texts; a mistake in somebody else's file is not told here."""
    return load_wording(PROJECT_ROOT / "data" / "responses")


@pytest.fixture
def cards(directory: Directory, wording: Wording) -> Cards:
    return Cards(directory, wording)


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    # a Monday, 10:30 in Berlin
    clock.now = datetime(2026, 11, 23, 9, 30, tzinfo=timezone.utc)
    return clock


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'cases.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.new_database()
    upgrade(url)
    return url


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[CaseStore]:
    store = CaseStore(url, clock=clock)
    yield store
    store.dispose()


def submit(
    store: CaseStore, conversation: str = "talk", municipality: str | None = NEUSS, concern: str = "倉庫"
) -> Case:
    """A case that waits for a person, with a question before it."""
    store.record_turn(conversation, topic="company/gmbh_formation", outcome="answered", language="ja")
    return store.submit(
        conversation, CONTACT, concern, language="ja", consent_at=store.clock(), municipality=municipality
    )
