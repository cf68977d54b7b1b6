"""A real Synapse for the whole run, a room of its own for each test and partner, and a real client as staff."""

import asyncio
import itertools
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from nio import AsyncClient

from bot.directory import get_directory, is_second_contact
from bot.knowledge.wording import load_wording
from bot.settings import PROJECT_ROOT, load_settings
from cases.migrate import upgrade
from cases.store import CaseStore
from staff.cards import Cards
from staff.cli import make_inbound
from staff.relay import Relay
from staff.synapse import Synapse
from staff.targets import Targets
from staff.users import UserChannel
from tests.staff.rasa_double import TOKEN, RasaDouble, rasa_double

PARTNERS = ("rhein_kreis_neuss", "koeln", "nrw_global_business")
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.matrix)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def synapse() -> Iterator[Synapse]:
    folder = Path(tempfile.mkdtemp(prefix="nrwbot-synapse-"))
    server = Synapse(folder, free_port())
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Network:
    """Rooms of this test and who is in them."""

    synapse: Synapse
    user: str
    token: str
    staff_user: str
    staff_token: str
    rooms: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """What leads a relay into these rooms."""
        return {
            "NRWBOT_MATRIX_URL": self.synapse.url,
            "NRWBOT_MATRIX_USER": self.user,
            "NRWBOT_MATRIX_TOKEN": self.token,
            **{_variable(desk): f"matrix:{room}" for desk, room in self.rooms.items()},
        }


def _variable(desk: str) -> str:
    partner = get_directory().partner_of(desk)
    return partner.second_contact_env if is_second_contact(desk) else partner.channel_env


@pytest.fixture
def network(synapse: Synapse) -> Network:
    number = next(_numbers)
    user, token = synapse.account(f"assistant{number}", "secret")
    staff, staff_token = synapse.account(f"member{number}", "secret")
    rooms = {}
    for name in PARTNERS:
        rooms[name] = synapse.room(token, f"{name}-{number}", name, [staff])
        synapse.call("POST", f"/_matrix/client/v3/join/%23{name}-{number}:localhost", {}, staff_token)
    return Network(synapse, user, token, staff, staff_token, rooms)


@dataclass
class Desk:
    """A member of staff at a real Matrix client (matrix-nio): reads the rooms, writes in threads."""

    network: Network
    client: AsyncClient
    ids: dict[str, str] = field(default_factory=dict)

    async def events(self, partner: str) -> list[dict[str, Any]]:
        """All events of a room that can be read, oldest first."""
        room = quote(await self.room(partner), safe="")
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            path = f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=500{after}"
            page = await asyncio.to_thread(self.network.synapse.call, "GET", path, None, self.network.staff_token)
            found += page["chunk"]
            if not page["chunk"] or "end" not in page:
                return found[::-1]
            after = f"&from={quote(page['end'])}"

    async def room(self, partner: str) -> str:
        if partner not in self.ids:
            resolved = await self.client.room_resolve_alias(self.network.rooms[partner])
            self.ids[partner] = resolved.room_id
        return self.ids[partner]

    async def messages(self, partner: str) -> list[dict[str, Any]]:
        """What the relay wrote into a room."""
        return [
            event
            for event in await self.events(partner)
            if event["type"] == "m.room.message" and event["sender"] == self.network.user
        ]

    async def texts(self, partner: str) -> list[str]:
        return [event["content"].get("body", "") for event in await self.messages(partner)]

    async def card(self, partner: str, number: str) -> dict[str, Any]:
        """The card of a case, once it is there."""

        async def look() -> dict[str, Any] | None:
            for event in reversed(await self.messages(partner)):
                mark = event["content"].get("nrwbot") or {}
                if mark.get("case") == number and "m.relates_to" not in event["content"]:
                    return event
            return None

        return await eventually(look)

    async def write(self, partner: str, card: dict[str, Any], text: str, **content: Any) -> str:
        """Write in the thread of a card; returns the event's id."""
        relation = {
            "rel_type": "m.thread",
            "event_id": card["event_id"],
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": card["event_id"]},
        }
        body = {"msgtype": "m.text", "body": text, "m.relates_to": relation, **content}
        return await self.send(partner, body)

    async def send(self, partner: str, content: dict[str, Any]) -> str:
        sent = await self.client.room_send(await self.room(partner), "m.room.message", content)
        return str(sent.event_id)


async def eventually(look: Callable[[], Any], seconds: float = 30) -> Any:
    """What ``look`` finds, as soon as it finds something; the test fails when it never does."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        found = look()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if loop.time() > end:
            pytest.fail("waited in vain")
        await asyncio.sleep(0.05)


@pytest.fixture
async def desk(network: Network) -> AsyncIterator[Desk]:
    client = AsyncClient(network.synapse.url, network.staff_user)
    client.access_token = network.staff_token
    client.user_id = network.staff_user
    yield Desk(network, client)
    await client.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    return url


@pytest.fixture
def store(url: str) -> Iterator[CaseStore]:
    store = CaseStore(url)
    yield store
    store.dispose()


@pytest.fixture
async def rasa(store: CaseStore) -> AsyncIterator[RasaDouble]:
    async with rasa_double(store) as double:
        yield double


def build_relay(store: CaseStore, network: Network, rasa_url: str, folder: Path, **options: Any) -> Relay:
    """A relay as ``nrwbot relay run`` makes it, for the rooms of a test."""
    environment = network.environment
    settings = load_settings(
        matrix_url=network.synapse.url, matrix_user=network.user, matrix_token=network.token, var_dir=folder
    )
    directory = get_directory()
    wording = load_wording(PROJECT_ROOT / "data" / "responses")
    return Relay(
        store,
        Targets(directory, folder, environment, settings),
        Cards(directory, wording),
        users=UserChannel(store, rasa_url, TOKEN),
        inbound=make_inbound(store),
        **options,
    )


@pytest.fixture
async def relay(store: CaseStore, network: Network, rasa: RasaDouble, tmp_path: Path) -> AsyncIterator[Relay]:
    """A running relay."""
    relay = build_relay(store, network, rasa.url, tmp_path)
    running = asyncio.create_task(relay.run())
    yield relay
    relay.stop()
    await running
