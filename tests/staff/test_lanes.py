"""One lane of deliveries that loses the database, or fails in other ways, at each of its steps.

The clock of these tests stands still: what had to wait for a lease or for its next attempt never goes.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from cases.models import OutboxEntry
from cases.states import CaseLogUnavailable, Direction
from cases.store import CaseStore
from staff.channels import Undeliverable
from staff.lanes import Lane, PatientLog, Sending
from tests.cases.conftest import Clock
from tests.postgres import PostgresServer
from tests.staff.conftest import submit

Send = Callable[[], Awaitable[str | None]]


async def sent() -> str | None:
    return "sent"


def make_lane(store: CaseStore, prepare: Callable[[OutboxEntry], Awaitable[Sending]]) -> Lane:
    """A lane that ends with its first delivery."""
    stop = asyncio.Event()
    lane = Lane(PatientLog(store, stop, 0.01), "worker", Direction.TO_STAFF, prepare, at_once=1, poll_seconds=0.01)
    lane.delivered = lambda _: stop.set()
    return lane


def through(send: Send) -> Callable[[OutboxEntry], Awaitable[Sending]]:
    async def prepare(_: OutboxEntry) -> Sending:
        return Sending("test", send)

    return prepare


def losing(monkeypatch: pytest.MonkeyPatch, store: CaseStore, method: str, *, done: bool) -> list[str]:
    """Let the first call of a method lose the database, before or after it was done; returns its calls."""
    calls: list[str] = []
    real: Callable[..., Any] = getattr(store, method)

    def call(*args: Any, **options: Any) -> Any:
        calls.append(method)
        if len(calls) > 1:
            return real(*args, **options)
        if done:
            real(*args, **options)
        raise CaseLogUnavailable("lost")

    monkeypatch.setattr(store, method, call)
    return calls


@pytest.mark.parametrize("done", [True, False], ids=["answer lost", "not done"])
@pytest.mark.parametrize("method", ["claim_due", "start_attempt", "mark_delivered"])
async def test_the_database_is_lost_at_any_step(
    store: CaseStore, monkeypatch: pytest.MonkeyPatch, method: str, done: bool
) -> None:
    number = submit(store).number
    calls = losing(monkeypatch, store, method, done=done)
    await asyncio.wait_for(make_lane(store, through(sent)).run(), 60)
    assert len(calls) >= 2
    (entry,) = store.case_file(number).outbox
    assert (entry.external_id, entry.claimed_by) == ("sent", None)


async def test_sending_that_lost_the_database_goes_when_it_is_back(store: CaseStore) -> None:
    number = submit(store).number
    tried: list[str] = []

    async def send() -> str | None:
        tried.append("")
        if len(tried) == 1:
            raise CaseLogUnavailable("lost")
        return "sent"

    await asyncio.wait_for(make_lane(store, through(send)).run(), 60)
    (entry,) = store.case_file(number).outbox
    assert (entry.external_id, len(tried)) == ("sent", 2)


async def test_a_fault_in_preparing_is_a_failure_like_any_other(store: CaseStore, clock: Clock) -> None:
    number = submit(store).number

    async def prepare(_: OutboxEntry) -> Sending:
        raise RuntimeError("SECRET")

    assert await make_lane(store, prepare).once() == 1
    (entry,) = store.case_file(number).outbox
    assert (entry.last_error, entry.claimed_by) == ("The notice could not be prepared: RuntimeError.", None)
    assert entry.due_at <= clock.now + timedelta(seconds=5)


async def test_that_it_may_have_arrived_is_not_forgotten_by_a_sure_failure(store: CaseStore, clock: Clock) -> None:
    number = submit(store).number
    failures: list[Exception] = [Undeliverable("timed out", uncertain=True), Undeliverable("refused"), OSError()]

    async def send() -> str | None:
        raise failures.pop(0)

    lane = make_lane(store, through(send))
    for _ in range(2):
        assert await lane.once() == 1
        clock.forward(seconds=60)
    (entry,) = store.case_file(number).outbox
    assert (entry.last_error, entry.attempt_started_at is not None) == ("refused", True)


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_an_entry_whose_preparation_lost_the_database_goes_when_it_is_back(
    store: CaseStore, postgres_server: PostgresServer
) -> None:
    number = submit(store).number
    steps: list[str] = []

    async def prepare(entry: OutboxEntry) -> Sending:
        if not steps:
            steps.append("lost")
            await asyncio.to_thread(postgres_server.stop)
            asyncio.get_running_loop().call_later(0.5, postgres_server.start)
        await asyncio.to_thread(store.thread, number, entry.partner)
        steps.append(entry.key)
        return Sending("test", sent)

    await asyncio.wait_for(make_lane(store, prepare).run(), 60)
    (entry,) = store.case_file(number).outbox
    assert steps == ["lost", entry.key]
    assert (entry.external_id, entry.attempts) == ("sent", 1)
