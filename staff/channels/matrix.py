"""Matrix, both ways: one room for each partner, one thread for each case.

The case card is the root of its thread. The key of the outbox entry is the transaction id, so the server itself drops
what is sent twice (Synapse remembers it for a day; the account's token must stay the same). What is sent is plain text
without formatting and mentions, so nothing that a user writes can look like anything else or ring anybody.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from nio import AsyncClient, AsyncClientConfig

from staff.channels import DELIVERY_SECONDS, Batch, OutgoingNotice, Undeliverable
from staff.channels.matrix_events import Events

logger = logging.getLogger(__name__)

SYNC_SECONDS = 30
# characters of one event; the limit is 65536 bytes, and a character takes up to four
LONGEST_TEXT = 12000
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 15.0
_LASTING = frozenset({"M_FORBIDDEN", "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_NOT_FOUND"})
_FILTER = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {
        "ephemeral": {"types": []},
        "account_data": {"types": []},
        "state": {"types": [], "lazy_load_members": True},
        "timeline": {"types": ["m.room.message", "m.room.redaction"], "limit": 100},
    },
}


class MatrixError(Exception):
    """The server answered with an error. ``code`` is Matrix's own."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


class MatrixChannel:
    """The rooms of all partners that use Matrix. ``rooms``: desk -> room id or alias.

    ``url``, ``user``, ``token`` are those of the relay's account; ``most_bytes`` of a file are taken.
    """

    name = "matrix"
    deduplicates = True

    def __init__(self, url: str, user: str, token: str, rooms: Mapping[str, str], *, most_bytes: int) -> None:
        self.partners = frozenset(rooms)
        self._addresses = dict(rooms)
        self._rooms: dict[str, str] = {}
        self._joining = asyncio.Lock()
        self._most_bytes = most_bytes
        self._url, self._user, self._token = url.rstrip("/"), user, token
        self._client: AsyncClient | None = None

    @property
    def client(self) -> AsyncClient:
        """The connection; opened on first use, inside the event loop."""
        if self._client is None:
            config = AsyncClientConfig(
                max_limit_exceeded=3, max_timeouts=0, request_timeout=DELIVERY_SECONDS - 5, encryption_enabled=False
            )
            self._client = AsyncClient(self._url, self._user, config=config)
            self._client.access_token = self._token
            self._client.user_id = self._user
        return self._client

    async def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            await self._client.close()

    async def deliver(self, notice: OutgoingNotice) -> str | None:
        """Send the card to the room, or what follows it to its thread; returns the event's id."""
        text = f"{notice.title}\n\n{notice.body}" if notice.thread is None else notice.body
        parts = [text[start : start + LONGEST_TEXT] for start in range(0, len(text), LONGEST_TEXT)] or [""]
        try:
            room = await self._room(notice.desk)
            first = await self._say(room, notice, parts[0], notice.key, notice.thread)
            for number, part in enumerate(parts[1:], 2):
                await self._say(room, notice, part, f"{notice.key}#{number}", notice.thread or first)
        except MatrixError as error:
            reason = f"Matrix refused a message for the room of {notice.desk}: {error}."
            raise Undeliverable(reason, temporary=error.code not in _LASTING) from error
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            reason = f"The Matrix server at {self._url} cannot be reached ({type(error).__name__})."
            raise Undeliverable(reason, uncertain=True) from error
        return first

    async def _say(self, room: str, notice: OutgoingNotice, text: str, key: str, thread: str | None) -> str:
        content: dict[str, Any] = {
            # a notice is what programs say: other programs do not answer it
            "msgtype": "m.notice" if notice.kind == "reply" else "m.text",
            "body": text,
            "m.mentions": {},
            "nrwbot": {"case": notice.case_number, "key": key},
        }
        if thread is not None:
            content["m.relates_to"] = {
                "rel_type": "m.thread",
                "event_id": thread,
                "is_falling_back": notice.answers is None,
                "m.in_reply_to": {"event_id": notice.answers or thread},
            }
        sent = await self.request("PUT", ["rooms", room, "send", "m.room.message", key], content)
        return str(sent["event_id"])

    async def request(self, method: str, path: list[str], body: Mapping[str, Any] | None = None, **query: str) -> Any:
        """Call the client-server API (v3); returns its JSON. Raises ``MatrixError`` and what aiohttp raises."""
        from nio.api import Api

        address = Api._build_path(path, query or None, "/_matrix/client/v3")
        data = None if body is None else json.dumps(body)
        headers = {"Authorization": f"Bearer {self._token}"}
        timeout = SYNC_SECONDS + 15.0 if path == ["sync"] else None
        response = await self.client.send(method, address, data, headers, timeout=timeout)
        async with response:
            try:
                answer = await response.json()
            except (aiohttp.ContentTypeError, ValueError):
                answer = {}
            if response.status != 200:
                raise MatrixError(response.status, str(answer.get("errcode", "")))
            return answer

    async def download(self, server: str, media_id: str) -> bytes | None:
        """A file's content; None when it is larger than ``most_bytes``. Raises like ``request``."""
        from nio.api import Api

        path = Api._build_path(["media", "download", server, media_id], None, "/_matrix/client/v1")
        headers = {"Authorization": f"Bearer {self._token}"}
        response = await self.client.send("GET", path, None, headers, timeout=DELIVERY_SECONDS)
        async with response:
            if response.status != 200:
                raise MatrixError(response.status, "download")
            content = b""
            async for chunk in response.content.iter_chunked(65536):
                content += chunk
                if len(content) > self._most_bytes:
                    return None
            return content

    async def _room(self, partner: str) -> str:
        """The id of a partner's room, joined if the relay is not in it yet."""
        async with self._joining:
            if partner not in self._rooms:
                joined = await self.request("POST", ["join", self._addresses[partner]], {})
                self._rooms[partner] = str(joined["room_id"])
            return self._rooms[partner]

    async def receive(self, position: str | None) -> AsyncIterator[Batch]:
        """What staff write in the threads of the partners' rooms."""
        events = Events(self, self._user, self._most_bytes)
        away, pause = False, FIRST_PAUSE_SECONDS
        while True:
            try:
                for partner in self._addresses:
                    await self._room(partner)
                query = {"timeout": str(SYNC_SECONDS * 1000), "filter": json.dumps(_FILTER)}
                if position is None:
                    query["timeout"] = "0"
                else:
                    query["since"] = position
                answer = await self.request("GET", ["sync"], None, **query)
                messages = []
                joined = answer.get("rooms", {}).get("join", {})
                for partner, room in self._rooms.items():
                    if room in joined:
                        timeline = await self._timeline(room, joined[room]["timeline"], position)
                        messages += [each async for each in events.read(partner, room, timeline)]
            except (MatrixError, aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                level = logging.DEBUG if away else logging.WARNING
                logger.log(level, "Matrix cannot be read: %s. Trying again.", error or type(error).__name__)
                away = True
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            position = str(answer["next_batch"])
            if messages or away or answer.get("rooms"):
                yield Batch(tuple(messages), position, recovered=away)
            away, pause = False, FIRST_PAUSE_SECONDS

    async def _timeline(self, room: str, timeline: dict[str, Any], since: str | None) -> list[dict[str, Any]]:
        """The events of a room since the last look; fetches those that the server left out because there were many."""
        found: list[dict[str, Any]] = list(timeline["events"])
        end = timeline.get("prev_batch") if timeline.get("limited") else None
        kinds = json.dumps({"types": _FILTER["room"]["timeline"]["types"]})  # type: ignore[index]
        while end and since is not None:
            page = await self.request(
                "GET", ["rooms", room, "messages"], None, dir="b", to=since, limit="100", filter=kinds, **{"from": end}
            )
            found = [*reversed(page["chunk"]), *found]
            end = page.get("end") if page["chunk"] else None
        return found
