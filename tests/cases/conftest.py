"""The case log on SQLite and on a real PostgreSQL: every test that takes ``store`` runs on both."""

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from cases.migrate import upgrade
from cases.models import Case
from cases.records import Contact
from cases.store import CaseStore
from tests.postgres import PostgresServer, postgres_server  # noqa: F401

CONTACT = Contact("Hoshizora K.K.", "Example Person", "contact@example.jp", "+81 3 0000 0000", email_replies=True)
NEUSS, KOELN, BIELEFELD = "05162024", "05315000", "05711000"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, 30, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'case log.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()


@pytest.fixture
def url(empty_url: str) -> str:
    """Address of a database with the case log's tables."""
    upgrade(empty_url)
    return empty_url


@pytest.fixture
def store(url: str, clock: Clock) -> Iterator[CaseStore]:
    store = CaseStore(url, clock=clock)
    yield store
    store.dispose()


def submit(store: CaseStore, conversation: str = "talk", municipality: str | None = NEUSS, **values: object) -> Case:
    """A submitted case, with the usual values unless others are given."""
    arguments: dict[str, object] = {"language": "ja", "consent_at": store.clock(), **values}
    return store.submit(conversation, CONTACT, "倉庫を探しています。", municipality=municipality, **arguments)  # type: ignore[arg-type]


def kinds(store: CaseStore, number: str, direction: str) -> list[tuple[str, str]]:
    """(kind, partner) of a case's live outbox entries in one direction, in order."""
    entries = store.case_file(number).outbox
    return [(entry.kind, entry.partner) for entry in entries if entry.direction == direction and not entry.cancelled_at]
