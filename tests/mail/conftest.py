"""Mail servers for the whole run; a case log and a relay for each test."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cases.migrate import upgrade
from cases.store import CaseStore
from tests.mail.servers import MailServers
from tests.staff.rasa_double import RasaDouble, rasa_double


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.mail)


@pytest.fixture
def servers() -> Iterator[MailServers]:
    servers = MailServers()
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    store = CaseStore(url, mails_users=True)
    yield store
    store.dispose()


@pytest.fixture
async def rasa(store: CaseStore) -> AsyncIterator[RasaDouble]:
    async with rasa_double(store) as double:
        yield double
