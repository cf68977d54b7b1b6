"""A local stand-in for the part of Slack's API that the channel uses: Web API and Socket Mode.

Made from Slack's public documentation; it is not Slack. It sends an event again when it was not acknowledged and the
connection comes anew, as Slack does.
"""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web


@dataclass
class SlackDouble:
    """``messages``: channel -> messages as Slack keeps them."""

    messages: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    unacknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    lose_answer: int = 0
    port: int = 0
    _stamps: Any = field(default_factory=lambda: itertools.count(1))
    _socket: web.WebSocketResponse | None = None
    _runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    async def start(self) -> None:
        app = web.Application()
        for name in ("apps.connections.open", "chat.postMessage", "conversations.replies", "conversations.history"):
            handler = getattr(self, f"_{name.replace('.', '_').lower()}")
            app.router.add_post(f"/api/{name}", handler)
            app.router.add_get(f"/api/{name}", handler)
        app.router.add_get("/socket", self._open)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def write(self, channel: str, text: str, thread: str | None, user: str = "U1") -> dict[str, Any]:
        """Somebody writes in a channel."""
        message = {"type": "message", "user": user, "text": text, "ts": self._stamp()}
        if thread:
            message["thread_ts"] = thread
        self.messages.setdefault(channel, []).append(message)
        await self.send({**message, "channel": channel})
        return message

    async def send(self, event: dict[str, Any]) -> None:
        envelope = f"e{self._stamp()}"
        self.unacknowledged[envelope] = {
            "envelope_id": envelope,
            "type": "events_api",
            "accepts_response_payload": False,
            "payload": {"event": event},
        }
        if self._socket is not None and not self._socket.closed:
            await self._socket.send_json(self.unacknowledged[envelope])

    def _stamp(self) -> str:
        return f"{1795460000 + next(self._stamps)}.000100"

    async def _apps_connections_open(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self.port}/socket"})

    async def _open(self, request: web.Request) -> web.WebSocketResponse:
        self._socket = socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1})
        for envelope in list(self.unacknowledged.values()):
            await socket.send_json(envelope)
        async for message in socket:
            if message.type == WSMsgType.TEXT and message.data.startswith("{"):
                self.unacknowledged.pop(json.loads(message.data).get("envelope_id"), None)
        return socket

    async def _chat_postmessage(self, request: web.Request) -> web.Response:
        body = await _body(request)
        message = {"type": "message", "bot_id": "B1", "text": body["text"], "ts": self._stamp()}
        message["metadata"] = body["metadata"]
        if body.get("thread_ts"):
            message["thread_ts"] = body["thread_ts"]
        self.messages.setdefault(body["channel"], []).append(message)
        if self.lose_answer:
            self.lose_answer -= 1
            assert request.transport is not None
            request.transport.close()
        return web.json_response({"ok": True, "ts": message["ts"], "channel": body["channel"]})

    async def _conversations_replies(self, request: web.Request) -> web.Response:
        body = await _body(request)
        wanted = [
            each for each in self.messages.get(body["channel"], []) if body["ts"] in (each["ts"], each.get("thread_ts"))
        ]
        return web.json_response({"ok": True, "messages": wanted[: int(body.get("limit", 100))]})

    async def _conversations_history(self, request: web.Request) -> web.Response:
        body = await _body(request)
        roots = [each for each in self.messages.get(body["channel"], []) if "thread_ts" not in each]
        return web.json_response({"ok": True, "messages": roots[::-1]})


async def _body(request: web.Request) -> dict[str, Any]:
    """Arguments as slack_sdk sends them: JSON, a form, or the query."""
    if request.content_type == "application/json":
        return dict(await request.json())
    values: dict[str, Any] = {**request.query, **(await request.post())}
    if isinstance(values.get("metadata"), str):
        values["metadata"] = json.loads(values["metadata"])
    return values


@asynccontextmanager
async def slack_double() -> AsyncIterator[SlackDouble]:
    double = SlackDouble()
    await double.start()
    try:
        yield double
    finally:
        await double.stop()
        await asyncio.sleep(0)
