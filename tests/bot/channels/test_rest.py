"""The REST channel by itself; over real processes it is tested in tests/conversation/test_hostile.py."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage

from bot.channels import rest
from bot.channels.buttons import redeem
from bot.settings import get_settings

pytestmark = pytest.mark.usefixtures("secret_key", "api_token")


@pytest.fixture
def api_token(monkeypatch: pytest.MonkeyPatch, secret_key: str) -> str:
    monkeypatch.setenv("NRWBOT_API_TOKEN", "a token of the tests")
    get_settings.cache_clear()
    return "a token of the tests"


def call(handle: Any, body: Any, authorization: str = "Bearer a token of the tests") -> tuple[int, Any]:
    """What the webhook answers when Rasa does ``handle(message)``."""

    async def handled(message: UserMessage) -> None:
        await handle(message)

    routes = rest.SafeRestInput().blueprint(handled)
    receive = next(route.handler for route in routes._future_routes if route.uri == "/webhook")
    agent = SimpleNamespace(tracker_store=SimpleNamespace(retrieve=_nothing))
    app = SimpleNamespace(ctx=SimpleNamespace(agent=agent))
    request = SimpleNamespace(headers={"authorization": authorization}, json=body, app=app)
    answer = asyncio.run(receive(request))
    return answer.status, json.loads(answer.body)


async def _nothing(_: str) -> None:
    return None


async def says_with_buttons(message: UserMessage) -> None:
    buttons = [{"title": "Menu", "payload": "/menu"}]
    await message.output_channel.send_text_with_buttons(message.sender_id, "Well?", buttons)


async def fails(_: UserMessage) -> None:
    raise RuntimeError("of the tests")


async def stays_silent(_: UserMessage) -> None:
    return


def test_buttons_leave_as_tokens_of_the_conversation() -> None:
    status, (message,) = call(says_with_buttons, {"sender": "mine", "message": "hello"})
    assert status == 200
    assert redeem(message["buttons"][0]["payload"], "mine") == "/menu"


@pytest.mark.parametrize("handle", [fails, stays_silent])
def test_a_failure_and_silence_become_an_apology(handle: Any, caplog: pytest.LogCaptureFixture) -> None:
    status, (text, custom) = call(handle, {"sender": "mine", "message": "Wie melde ich ein Gewerbe an?"})
    assert (status, custom["custom"]["type"], custom["custom"]["language"]) == (200, "fault", "de")
    assert text["text"]
    assert "Gewerbe" not in caplog.text


@pytest.mark.parametrize("authorization", ["", "a token of the tests", "Bearer", "Bearer wrong", "Bearer トークン"])
def test_without_the_token(authorization: str) -> None:
    assert call(says_with_buttons, {"sender": "mine", "message": "hello"}, authorization)[0] == 401


def test_an_empty_token_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NRWBOT_API_TOKEN", "")
    get_settings.cache_clear()
    assert call(says_with_buttons, {"sender": "mine", "message": "hello"}, "Bearer ")[0] == 401
