"""A browser as the tests play it: a real Socket.IO client that keeps what it is sent."""

import asyncio
from typing import Any

import aiohttp
import socketio

if not hasattr(aiohttp, "ClientWSTimeout"):
    # python-engineio 4.15 names a class of aiohttp 3.11; the line that Rasa needs takes plain seconds
    aiohttp.ClientWSTimeout = lambda ws_close=None, **_: ws_close

SECONDS = 20
OPENED: "list[Browser]" = []


async def close_all() -> None:
    """Close every browser opened since the last call."""
    while OPENED:
        await OPENED.pop().close()


class Browser:
    """One tab. ``messages`` holds the ``bot_uttered`` in the order they came, ``events`` everything."""

    def __init__(self, url: str, origin: str | None = None) -> None:
        self._url, self._headers = url, {"Origin": origin} if origin else {}
        self.client = socketio.AsyncClient(reconnection=False)
        self.events: list[tuple[str, Any]] = []
        self._came = asyncio.Condition()
        self.client.on("*", self._keep)
        self.confirm: dict[str, Any] = {}
        OPENED.append(self)

    async def _keep(self, event: str, data: Any = None) -> None:
        async with self._came:
            self.events.append((event, data))
            self._came.notify_all()

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [data for event, data in self.events if event == "bot_uttered"]

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.messages]

    @property
    def session(self) -> str:
        return str(self.confirm["session"])

    @property
    def conversation(self) -> str:
        return self.session.split(".")[0]

    async def connect(self, transports: tuple[str, ...] = ("websocket",)) -> "Browser":
        await self.client.connect(self._url, headers=self._headers, transports=list(transports))
        return self

    async def open(self, session: str | None = None, last_id: int | None = None, **more: Any) -> "Browser":
        """Connect, ask for a session and, in a new one, wait for the whole welcome."""
        await self.connect()
        self.confirm = await self.request(session, last_id, **more)
        assert self.confirm["status"] == "ok", self.confirm
        if not self.confirm["resumed"]:
            # the assistant begins and ends to type
            await self.until(2, "typing")
            self.events.clear()
        return self

    async def request(self, session: str | None = None, last_id: int | None = None, **more: Any) -> dict[str, Any]:
        asked = {"session": session, "last_id": last_id, "language": "de", "consent": True, **more}
        return dict(await self.client.call("session_request", asked, timeout=SECONDS))

    async def say(self, text: Any, client_id: Any = None, **more: Any) -> dict[str, Any]:
        data = {"message": text, "client_id": client_id, **more}
        return dict(await self.client.call("user_uttered", data, timeout=SECONDS))

    async def call(self, event: str, data: Any) -> dict[str, Any]:
        return dict(await self.client.call(event, data, timeout=SECONDS))

    async def until(self, count: int, event: str = "bot_uttered") -> list[Any]:
        """Wait until so many events of a kind have come; returns what they held."""

        def found() -> list[Any]:
            return [data for name, data in self.events if name == event]

        async with self._came:
            await asyncio.wait_for(self._came.wait_for(lambda: len(found()) >= count), SECONDS)
        return found()

    async def close(self) -> None:
        """Leave, and close what a lost or refused connection leaves behind."""
        if self.client.connected:
            # without waiting for an open poll to come back
            await self.client.eio.disconnect(abort=self.client.transport() == "polling")
        if self.client.eio.http is not None:
            await self.client.eio.http.close()
