"""Malformed events and packets: the server stays, and no foreign session is touched."""

import asyncio
import json
from typing import Any

import pytest
import websockets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bot.channels.clients import Browser, close_all
from tests.bot.channels.conftest import ChatProcess

EVENTS = ("session_request", "user_uttered", "form_submit", "end_session", "typing", "connect", "disconnect", "x", "")
FIELDS = ("session", "message", "title", "client_id", "form", "values", "erase", "on", "last_id", "consent", "language")

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
payloads = st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5) | json_values
frames = st.one_of(
    # well-formed packets with any contents
    st.builds(
        lambda number, name, rest: f"42{number}{json.dumps([name, *rest])}",
        st.just("") | st.integers(0, 10**6).map(str),
        st.sampled_from(EVENTS) | st.text(max_size=8),
        st.lists(payloads, max_size=3),
    ),
    # packets whose shape is wrong
    json_values.map(lambda value: f"42{json.dumps(value)}"),
    st.builds(lambda kind, rest: f"4{kind}{rest}", st.integers(0, 9), st.text(max_size=30)),
    st.text(max_size=40),
    st.binary(max_size=40),
)
bounded = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


async def attack(server: ChatProcess, sent: list[str | bytes], token: str) -> list[str]:
    """Send raw frames over a connection of its own, the last of them with the id of somebody else's conversation."""
    heard: list[str] = []
    url = server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with websockets.connect(url) as connection:
        await connection.recv()
        await connection.send("40")
        await connection.recv()
        try:
            for frame in sent:
                await connection.send(frame)
            theft = {"session": token, "consent": True, "last_id": 0}
            await connection.send("42" + json.dumps(["session_request", theft]))
            while True:
                heard.append(str(await asyncio.wait_for(connection.recv(), 0.05)))
        except (asyncio.TimeoutError, websockets.ConnectionClosed):
            return heard


@pytest.fixture(scope="module")
def loop() -> Any:
    made = asyncio.new_event_loop()
    yield made
    made.run_until_complete(close_all())
    made.close()


def test_no_frame_ends_the_server_or_touches_another_session(
    chat_server: ChatProcess, loop: asyncio.AbstractEventLoop
) -> None:
    async def bystander() -> Browser:
        tab = await Browser(chat_server.url).open()
        await tab.say("mein Geheimnis", "1")
        # the end of typing follows the last message
        await tab.until(2, "typing")
        tab.events.clear()
        return tab

    victim = loop.run_until_complete(bystander())

    @bounded
    @given(st.lists(frames, max_size=6))
    def attacked(sent: list[str | bytes]) -> None:
        heard = loop.run_until_complete(attack(chat_server, sent, victim.conversation))
        assert not any("mein Geheimnis" in each for each in heard)
        assert victim.events == []

    attacked()

    async def still_there() -> None:
        assert (await victim.say("noch da", "2"))["status"] == "ok"
        assert [each["text"] for each in await victim.until(2)] == ["noch da", "end of noch da"]
        back = await Browser(chat_server.url).open(victim.session)
        texts = [each["text"] for each in await back.until(6)]
        assert "mein Geheimnis" in texts
        await back.close()
        await victim.close()

    loop.run_until_complete(still_there())
    assert chat_server.process is not None
    assert chat_server.process.poll() is None


def test_any_event_is_acknowledged_with_a_known_status(
    chat_server: ChatProcess, loop: asyncio.AbstractEventLoop
) -> None:
    known = {"ok", "duplicate", "too_long", "too_fast", "no_session", "no_consent", "fault"}
    tab = loop.run_until_complete(Browser(chat_server.url).open())

    @bounded
    @given(st.sampled_from(EVENTS[:5]), payloads)
    def called(event: str, data: Any) -> None:
        answer = loop.run_until_complete(tab.call(event, data))
        assert answer["status"] in known
        assert answer["status"] in ("ok", "duplicate") or answer["text"]

    called()
    loop.run_until_complete(tab.close())
