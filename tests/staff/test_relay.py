"""The relay inside the test's own process, with channels that do as they are told."""

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.directory import get_directory
from cases.migrate import upgrade
from cases.models import OutboxEntry
from cases.store import CaseStore
from staff import relay as relay_module
from staff.cards import Cards
from staff.channels import OutgoingNotice, Undeliverable
from staff.relay import Relay, retry_delay, worker_name
from staff.targets import Targets
from tests.cases.conftest import Clock
from tests.postgres import PostgresServer
from tests.staff.conftest import KOELN, submit


class Channel:
    """Keeps what it is given; raises or waits first when it is told to."""

    name = "test"
    deduplicates = False

    def __init__(self) -> None:
        self.delivered: list[OutgoingNotice] = []
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()

    async def deliver(self, notice: OutgoingNotice) -> str | None:
        self.reached.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.delivered.append(notice)
        return f"id-{len(self.delivered)}"


class TestTargets(Targets):
    __test__ = False

    def __init__(self, channel: Channel) -> None:
        super().__init__(get_directory(), Path("unused"), {})
        self.one = channel

    def channel(self, partner_id: str) -> Channel:
        return self.one


@pytest.fixture
async def channel() -> Channel:
    return Channel()


@pytest.fixture
async def relay(store: CaseStore, cards: Cards, channel: Channel) -> Relay:
    return Relay(store, TestTargets(channel), cards, poll_seconds=0.01)


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so; the test fails by itself when it never is."""
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("waited in vain")


async def test_delivers_in_order_and_marks(store: CaseStore, relay: Relay, channel: Channel) -> None:
    number = submit(store).number
    store.add_user_message("talk", "まだですか")
    assert [await relay.deliver_due() for _ in range(3)] == [1, 1, 0]
    assert [notice.kind for notice in channel.delivered] == ["notice", "message"]
    assert [entry.external_id for entry in store.case_file(number).outbox] == ["id-1", "id-2"]


@pytest.mark.parametrize(
    ("error", "repeated", "shown"),
    [
        (Undeliverable("refused"), False, "refused"),
        (Undeliverable("timed out", uncertain=True), True, "timed out"),
        (RuntimeError("SECRET"), True, "The channel test failed: RuntimeError."),
    ],
)
async def test_a_failure_is_tried_again_later(
    store: CaseStore, relay: Relay, channel: Channel, clock: Clock, error: Exception, repeated: bool, shown: str
) -> None:
    number = submit(store).number
    channel.error = error
    assert await relay.deliver_due() == 1
    assert await relay.deliver_due() == 0
    (entry,) = store.failing_entries()
    assert (entry.last_error, entry.attempts) == (shown, 1)
    assert clock.now + timedelta(seconds=2.5) <= entry.due_at <= clock.now + timedelta(seconds=5)
    channel.error = None
    clock.forward(seconds=6)
    assert await relay.deliver_due() == 1
    assert [notice.repeated for notice in channel.delivered] == [repeated]
    assert ("kann schon einmal angekommen sein" in channel.delivered[0].body) == repeated
    assert store.case_file(number).outbox[0].attempts == 2


async def test_a_lasting_failure_is_told_loudly_and_tried_hourly(
    store: CaseStore, relay: Relay, channel: Channel, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    submit(store)
    channel.error = Undeliverable("no such room", temporary=False)
    await relay.deliver_due()
    (entry,) = store.failing_entries()
    assert entry.due_at == clock.now + timedelta(hours=1)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_one_partners_failure_does_not_stop_the_others(store: CaseStore, relay: Relay, channel: Channel) -> None:
    submit(store, "a")
    submit(store, "b", KOELN)
    channel.error = RuntimeError("down")
    assert await relay.deliver_due() == 2
    channel.error = None
    submit(store, "c")
    assert await relay.deliver_due() == 1


async def test_a_notice_that_cannot_be_written_waits_for_its_data(
    store: CaseStore, relay: Relay, channel: Channel, clock: Clock
) -> None:
    submit(store)
    with store.write() as session:
        session.execute(relay_module.OutboxEntry.__table__.update().values(partner="gone"))
    await relay.deliver_due()
    (entry,) = store.failing_entries()
    assert "cannot be written" in (entry.last_error or "")
    assert entry.attempts == 0
    assert channel.delivered == []


async def test_stop_lets_the_delivery_under_way_end(store: CaseStore, relay: Relay, channel: Channel) -> None:
    number = submit(store).number
    channel.gate.clear()
    running = asyncio.create_task(relay.run())
    await channel.reached.wait()
    relay.stop()
    channel.gate.set()
    await running
    assert len(channel.delivered) == 1
    assert store.case_file(number).outbox[0].delivered_at is not None


async def test_stop_does_not_wait_for_ever(
    store: CaseStore, relay: Relay, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "GRACE_SECONDS", 0.1)
    number = submit(store).number
    channel.gate.clear()
    running = asyncio.create_task(relay.run())
    await channel.reached.wait()
    relay.stop()
    await running
    (entry,) = store.case_file(number).outbox
    # nobody knows whether it arrived: the mark says so
    assert entry.delivered_at is None
    assert entry.attempt_started_at is not None


async def test_a_stopped_relay_gives_back_what_it_claimed(store: CaseStore, relay: Relay, channel: Channel) -> None:
    submit(store)
    relay.stop()
    await relay.deliver_due()
    assert channel.delivered == []
    assert len(store.claim_due("another", 5)) == 1


async def test_a_part_that_fails_begins_anew(
    store: CaseStore, relay: Relay, channel: Channel, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "AGAIN_SECONDS", 0.01)
    real = {name: getattr(store, name) for name in ("retention", "claim_due")}
    failed: list[str] = []
    for name in real:

        def once_failing(*args: object, name: str = name, **options: object) -> object:
            if name not in failed:
                failed.append(name)
                raise RuntimeError("SECRET")
            return real[name](*args, **options)

        monkeypatch.setattr(store, name, once_failing)
    number = store.record_turn("idle", topic="tax/vat", outcome="answered", language="de")
    clock.forward(days=40)
    submit(store)
    running = asyncio.create_task(relay.run())
    await until(lambda: channel.delivered and store.case(number).erased_at)
    assert sorted(failed) == ["claim_due", "retention"]
    relay.stop()
    await running


async def test_no_translation_holds_up_what_comes_after_it(store: CaseStore, cards: Cards, channel: Channel) -> None:
    asked: list[str] = []

    async def translate(entry: OutboxEntry) -> None:
        asked.append(entry.payload["text"])
        if len(asked) == 1:
            raise RuntimeError("broken")
        await asyncio.Event().wait()

    relay = Relay(store, TestTargets(channel), cards, translate=translate, poll_seconds=0.01)
    submit(store)
    running = asyncio.create_task(relay.run())
    for text in ("一", "二", "三"):
        store.add_user_message("talk", text)
    await until(lambda: len(channel.delivered) == 4)
    await until(lambda: asked == ["一", "二", "三"])
    relay.stop()
    await running


async def test_retention_runs_beside(store: CaseStore, relay: Relay, clock: Clock) -> None:
    number = store.record_turn("talk", topic="tax/vat", outcome="answered", language="de")
    clock.forward(days=40)
    running = asyncio.create_task(relay.run())
    await until(lambda: store.case(number).erased_at)
    relay.stop()
    await running


@pytest.mark.postgres
@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
async def test_outlives_the_loss_of_the_database(
    store: CaseStore,
    relay: Relay,
    channel: Channel,
    postgres_server: PostgresServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    number = submit(store).number
    channel.gate.clear()
    running = asyncio.create_task(relay.run())
    await channel.reached.wait()
    # lost between delivery and mark, the worst moment
    postgres_server.stop()
    try:
        channel.gate.set()
        await until(lambda: "cannot be reached" in caplog.text)
        await asyncio.sleep(0.1)
    finally:
        postgres_server.start()
    await until(lambda: "The case log is back" in caplog.text)
    await until(lambda: store.case_file(number).outbox[0].delivered_at)
    submit(store, "another")
    await until(lambda: len(channel.delivered) == 2)
    relay.stop()
    await running
    assert len(channel.delivered) == 2
    assert caplog.text.count("cannot be reached") == 1
    assert "contact@example.jp" not in caplog.text


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_waits_for_tables_that_are_not_there_yet(
    tmp_path: Path, url: str, cards: Cards, channel: Channel, caplog: pytest.LogCaptureFixture
) -> None:
    empty = f"sqlite:///{tmp_path / 'later.db'}"
    store = CaseStore(empty)
    relay = Relay(store, TestTargets(channel), cards, poll_seconds=0.01)
    running = asyncio.create_task(relay.run())
    await until(lambda: "nrwbot cases migrate" in caplog.text)
    upgrade(empty)
    submit(store)
    await until(lambda: channel.delivered)
    relay.stop()
    await running
    store.dispose()


def test_retries_grow_to_an_hour() -> None:
    longest = [retry_delay(attempts, lambda: 0.0).total_seconds() for attempts in (1, 2, 3, 10, 11, 1000)]
    assert longest == [5, 10, 20, 2560, 3600, 3600]
    assert retry_delay(1, lambda: 1.0).total_seconds() == 2.5
    assert len({retry_delay(8) for _ in range(20)}) > 1


def test_every_process_has_a_name_of_its_own() -> None:
    assert worker_name() != worker_name()
    assert len(worker_name()) <= 120
