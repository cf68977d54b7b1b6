"""Stands in for the Rasa server in tests of the relay: says staff events as the action does, and keeps what was said.

It answers like Rasa's ``trigger_intent`` and remembers keys like the slot ``staff_events``, also when it is stopped and
started again.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from cases.store import CaseStore
from staff.users import short_key

TOKEN = "test-token"


@dataclass
class RasaDouble:
    """``said``: conversation -> (kind, text) in order. ``moments``: key -> loop time of being said."""

    store: CaseStore
    port: int = 0
    said: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    slots: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    moments: dict[str, float] = field(default_factory=dict)
    forget_answer: int = 0
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/", self._root)
        app.router.add_post("/conversations/{id}/trigger_intent", self._trigger)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _root(self, _: web.Request) -> web.Response:
        return web.Response(text="here")

    async def _trigger(self, request: web.Request) -> web.Response:
        if request.query.get("token") != TOKEN:
            return web.Response(status=401)
        conversation = request.match_info["id"]
        body: dict[str, Any] = await request.json()
        key = body["entities"]["key"]
        seen = self.slots[conversation]
        if short_key(key) not in seen:
            entry = await asyncio.to_thread(self.store.outbox_entry, key)
            assert entry is not None
            self.said[conversation].append((entry.kind, entry.payload.get("text", "")))
            self.moments[key] = asyncio.get_running_loop().time()
            seen.append(short_key(key))
        if self.forget_answer > 0:
            # said, but the relay never hears of it
            self.forget_answer -= 1
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"tracker": {"slots": {"staff_events": seen}}})


@asynccontextmanager
async def rasa_double(store: CaseStore) -> AsyncIterator[RasaDouble]:
    double = RasaDouble(store)
    await double.start()
    try:
        yield double
    finally:
        await double.stop()
