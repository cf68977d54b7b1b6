"""One lane of deliveries, with a preparation that loses the database."""

import asyncio

import pytest

from cases.models import OutboxEntry
from cases.states import Direction
from cases.store import CaseStore
from staff.lanes import Lane, PatientLog, Sending
from tests.postgres import PostgresServer
from tests.staff.conftest import submit


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_an_entry_whose_preparation_lost_the_database_goes_when_it_is_back(
    store: CaseStore, postgres_server: PostgresServer
) -> None:
    number = submit(store).number
    sent: list[str] = []
    stop = asyncio.Event()

    async def send() -> str | None:
        return f"id-{len(sent)}"

    async def prepare(entry: OutboxEntry) -> Sending:
        if not sent:
            sent.append("lost")
            await asyncio.to_thread(postgres_server.stop)
            asyncio.get_running_loop().call_later(0.5, postgres_server.start)
        await asyncio.to_thread(store.thread, number, entry.partner)
        sent.append(entry.key)
        return Sending("test", send)

    lane = Lane(PatientLog(store, stop, 0.05), "worker", Direction.TO_STAFF, prepare, at_once=1, poll_seconds=0.05)
    lane.delivered = lambda _: stop.set()
    # the clock of the test stands still: a lease that had to run out never would
    await asyncio.wait_for(lane.run(), 60)
    (entry,) = store.case_file(number).outbox
    assert sent == ["lost", entry.key]
    assert (entry.external_id, entry.attempts) == ("id-2", 1)
