"""Faults, each done to the real process. After each: every message there exactly once, in order, on both sides.

docs/handoff.md holds the table of these faults; HANDOFF_CASES and HANDOFF_AWAY_SECONDS make them larger.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.settings import PROJECT_ROOT
from cases.migrate import upgrade
from cases.states import Direction
from cases.store import CaseStore
from staff.relay import Relay
from tests.matrix.conftest import Desk, Network, build_relay, eventually
from tests.matrix.stack import Stack, small_model
from tests.postgres import PostgresServer, postgres_server  # noqa: F401
from tests.staff.conftest import submit
from tests.staff.rasa_double import TOKEN, RasaDouble, rasa_double

PARTNER = "rhein_kreis_neuss"
CASES = int(os.environ.get("HANDOFF_CASES", "100"))
AWAY_SECONDS = float(os.environ.get("HANDOFF_AWAY_SECONDS", "6"))
POINTS = [
    *(f"{point} {way}" for way in ("to_staff", "to_user") for point in ("claimed", "started", "sent", "marked")),
    "read",
    "handled",
    "acted",
]


def report(fault: str, **figures: object) -> None:
    """A line for docs/handoff.md, with HANDOFF_FIGURES naming the file."""
    if target := os.environ.get("HANDOFF_FIGURES"):
        with Path(target).open("a") as file:
            file.write(f"{fault}: {figures}\n")


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(relay.run()) for relay in relays]
    try:
        yield
    finally:
        for relay in relays:
            relay.stop()
        await asyncio.gather(*tasks)


async def both_sides(
    store: CaseStore,
    desk: Desk,
    rasa: RasaDouble,
    fault: Callable[[int], Awaitable[None]],
    *,
    count: int = 5,
    conversation: str = "talk",
) -> None:
    """A conversation of ``count`` messages each way, with ``fault`` before each, and its check."""
    number = submit(store, conversation).number
    card = await desk.card(PARTNER, number)
    for turn in range(count):
        await fault(turn)
        await desk.write(PARTNER, card, f"Antwort {turn}")
        store.add_user_message(conversation, f"質問{turn}。")
    await check(store, desk, rasa, number, count, conversation)


async def check(
    store: CaseStore, desk: Desk, rasa: RasaDouble, number: str, count: int, conversation: str = "talk"
) -> None:
    wanted = [("picked_up", ""), *(("message", f"Antwort {turn}") for turn in range(count))]
    await eventually(lambda: len(rasa.said[conversation]) >= len(wanted), 90)

    async def all_there() -> bool:
        texts = [text for text in await desk.texts(PARTNER) if "質問" in text]
        return len(texts) >= count

    await eventually(all_there, 90)
    # whatever would come twice has the time to come
    await asyncio.sleep(1.0)
    assert rasa.said[conversation] == wanted
    texts = [text for text in await desk.texts(PARTNER) if "質問" in text]
    assert [f"質問{turn}。" in text for turn, text in enumerate(texts)] == [True] * count
    keys = [event["content"]["nrwbot"]["key"] for event in await desk.messages(PARTNER)]
    assert len(keys) == len(set(keys))
    assert store.case(number).state == "with_person"


def start_relay(
    network: Network, url: str, rasa: RasaDouble, folder: Path, point: str = "none", after: int = 0
) -> "subprocess.Popen[bytes]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")}
    port = rasa.url.rsplit(":", 1)[1]
    environment = {
        **kept,
        **network.environment,
        "NRWBOT_DATABASE_URL": url,
        "NRWBOT_VAR_DIR": str(folder),
        "NRWBOT_PORT": port,
        "NRWBOT_API_TOKEN": TOKEN,
    }
    command = [sys.executable, "-m", "tests.matrix.relay_process", point, str(after)]
    return subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment)


@pytest.mark.parametrize("point", POINTS)
async def test_the_relay_is_killed(
    store: CaseStore,
    url: str,
    network: Network,
    desk: Desk,
    rasa: RasaDouble,
    tmp_path: Path,
    point: str,
) -> None:
    number = submit(store).number
    async with running(build_relay(store, network, rasa.url, tmp_path)):
        card = await desk.card(PARTNER, number)
        await eventually(lambda: store.thread(number, PARTNER))
    process = start_relay(network, url, rasa, tmp_path, point, 1)
    for turn in range(3):
        await desk.write(PARTNER, card, f"Antwort {turn}")
        store.add_user_message("talk", f"質問{turn}。")
    assert await asyncio.to_thread(process.wait, 60) == -signal.SIGKILL
    free_leases(store)
    async with running(build_relay(store, network, rasa.url, tmp_path)):
        await check(store, desk, rasa, number, 3)


def free_leases(store: CaseStore) -> None:
    """What two minutes of waiting do."""
    with store.write() as session:
        from cases.models import OutboxEntry

        for entry in session.query(OutboxEntry).filter(OutboxEntry.claimed_until.is_not(None)):
            entry.claimed_until = store.clock()


async def test_the_matrix_server_is_away(
    store: CaseStore, network: Network, desk: Desk, rasa: RasaDouble, tmp_path: Path
) -> None:
    number = submit(store).number
    async with running(build_relay(store, network, rasa.url, tmp_path)):
        card = await desk.card(PARTNER, number)
        await desk.write(PARTNER, card, "Antwort 0")
        await eventually(lambda: len(rasa.said["talk"]) == 2)
        await asyncio.to_thread(network.synapse.kill)
        for turn in range(3):
            store.add_user_message("talk", f"質問{turn}。")
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(network.synapse.start)
        back = time.monotonic()
        for turn in (1, 2):
            await desk.write(PARTNER, card, f"Antwort {turn}")
        await check(store, desk, rasa, number, 3)
        report("matrix server away", seconds=AWAY_SECONDS, all_there_after=round(time.monotonic() - back - 1.0, 1))


async def test_the_chat_server_is_away(
    store: CaseStore, network: Network, desk: Desk, rasa: RasaDouble, tmp_path: Path
) -> None:
    async with running(build_relay(store, network, rasa.url, tmp_path)):

        async def fault(turn: int) -> None:
            if turn == 1:
                await rasa.stop()
            if turn == 3:
                await asyncio.sleep(2)
                await rasa.start()
                # said, but the answer is lost on the way
                rasa.forget_answer = 2

        await both_sides(store, desk, rasa, fault)


@pytest.mark.postgres
async def test_the_database_is_lost(
    network: Network,
    desk: Desk,
    tmp_path: Path,
    postgres_server: PostgresServer,  # noqa: F811
) -> None:
    url = postgres_server.new_database()
    upgrade(url)
    store = CaseStore(url)
    async with rasa_double(store) as rasa, running(build_relay(store, network, rasa.url, tmp_path)):

        async def fault(turn: int) -> None:
            if turn == 2:
                await asyncio.to_thread(postgres_server.stop)
                await asyncio.sleep(2)
                await asyncio.to_thread(postgres_server.start)

        await both_sides(store, desk, rasa, fault)
    store.dispose()


async def test_two_relays_by_mistake(
    store: CaseStore, url: str, network: Network, desk: Desk, rasa: RasaDouble, tmp_path: Path
) -> None:
    other = CaseStore(url)
    relays = [build_relay(each, network, rasa.url, tmp_path) for each in (store, other)]

    async def nothing(turn: int) -> None:
        return None

    async with running(*relays):
        await both_sides(store, desk, rasa, nothing, count=15)
    other.dispose()


async def test_many_cases_at_once(
    store: CaseStore, network: Network, desk: Desk, rasa: RasaDouble, tmp_path: Path
) -> None:
    def submit_all() -> list[str]:
        return [submit(store, f"talk {number}").number for number in range(CASES)]

    numbers = await asyncio.to_thread(submit_all)
    started = time.monotonic()
    async with running(build_relay(store, network, rasa.url, tmp_path)):
        await eventually(lambda: not store.undelivered(Direction.TO_STAFF), 600)
        told = time.monotonic() - started
        cards: dict[str, Any] = {}
        for event in await desk.messages(PARTNER):
            number = event["content"]["nrwbot"]["case"]
            assert number not in cards
            cards[number] = event
        assert set(cards) == set(numbers)
        started = time.monotonic()
        for number in numbers:
            await desk.write(PARTNER, cards[number], f"Antwort auf {number}")
        await eventually(lambda: sum(len(said) for said in rasa.said.values()) >= 2 * CASES, 600)
        answered = time.monotonic() - started
    assert {talk: [text for _, text in said] for talk, said in rasa.said.items() if said} == {
        f"talk {count}": ["", f"Antwort auf {number}"] for count, number in enumerate(numbers)
    }
    report("cases at once", cases=CASES, cards_seconds=round(told, 1), answers_seconds=round(answered, 1))


@pytest.mark.server
async def test_the_rasa_server_restarts_in_mid_conversation(
    url: str, store: CaseStore, network: Network, desk: Desk, tmp_path: Path
) -> None:
    from tests.bot.channels.clients import Browser, close_all

    stack = Stack(tmp_path, network, url, await asyncio.to_thread(small_model, tmp_path))
    try:
        await asyncio.to_thread(stack.start, "rasa", "actions", "relay")
        browser = await Browser(stack.url, stack.url).open(language="ja")
        number = submit(store, browser.conversation).number
        card = await desk.card(PARTNER, number)
        await desk.write(PARTNER, card, "Antwort 0")
        await eventually(lambda: "Antwort 0" in browser.texts)
        session = browser.session
        await asyncio.to_thread(stack.kill, "rasa", "actions")
        await desk.write(PARTNER, card, "Antwort 1")
        await desk.write(PARTNER, card, "Antwort 2")
        await asyncio.sleep(1)
        await asyncio.to_thread(stack.start, "rasa", "actions")
        again = Browser(stack.url, stack.url)
        await again.open(session, None)
        await desk.write(PARTNER, card, "Antwort 3")
        await eventually(lambda: "Antwort 3" in again.texts, 60)
        assert [text for text in again.texts if text.startswith("Antwort")] == [f"Antwort {turn}" for turn in range(4)]
        await again.say("まだいますか", client_id="c1")

        async def arrived() -> bool:
            return any("まだいますか" in text for text in await desk.texts(PARTNER))

        await eventually(arrived)
    finally:
        await close_all()
        await asyncio.to_thread(stack.stop)
