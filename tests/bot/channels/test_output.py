"""Rasa's messages become messages of the chat."""

from typing import Any

import pytest

from bot.channels.buttons import redeem
from bot.channels.output import DirectOutput, TurnOutput, message_of

pytestmark = pytest.mark.usefixtures("secret_key")
CHAT = "c" * 32


async def collected(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    output = TurnOutput()
    for message in messages:
        await output.send_response(CHAT, message)
    return output.utterances


async def test_custom_without_text_joins_the_text_before() -> None:
    said = await collected({"text": "a"}, {"text": "b"}, {"custom": {"type": "answer"}})
    assert [(each["text"], each["custom"]) for each in said] == [("a", {}), ("b", {"type": "answer"})]


async def test_custom_does_not_replace_another() -> None:
    said = await collected({"text": "a", "custom": {"type": "answer"}}, {"custom": {"type": "handoff"}})
    assert [each["custom"]["type"] for each in said] == ["answer", "handoff"]


async def test_custom_alone_is_a_message() -> None:
    assert await collected({"custom": {"type": "handoff"}}) == [
        {"text": "", "buttons": [], "custom": {"type": "handoff"}}
    ]


async def test_buttons_are_tokens_of_this_conversation_and_name_their_intent() -> None:
    payload = '/show_topic{"topic": "tax/vat"}'
    (said,) = await collected({"text": "a", "buttons": [{"title": "VAT", "payload": payload}]})
    (button,) = said["buttons"]
    assert (button["title"], button["intent"]) == ("VAT", "show_topic")
    assert redeem(button["payload"], CHAT) == payload
    assert redeem(button["payload"], "d" * 32) is None


async def test_direct_output_delivers_each_message_once() -> None:
    sent: list[tuple[str, list[str]]] = []

    async def deliver(conversation: str, utterances: list[dict[str, Any]]) -> None:
        sent.append((conversation, [each["text"] for each in utterances]))

    output = DirectOutput(deliver)
    for text in ("a", "b"):
        await output.send_response(CHAT, {"text": text, "custom": {"type": "handoff"}})
    assert sent == [(CHAT, ["a"]), (CHAT, ["b"])]


def test_a_person_is_named_with_the_partner() -> None:
    custom = {"type": "handoff", "state": "with_person", "partner": "koeln", "from": "person", "language": "ja"}
    body = message_of({"text": "a", "buttons": [], "custom": custom}, "de")
    assert (body["from"], body["partner"], body["language"]) == ("person", "koeln", "ja")
    assert body["partner_name"].startswith("ケルン")


@pytest.mark.parametrize("claimed", ["user", "admin", None])
def test_nobody_else_can_be_named_as_speaker(claimed: str | None) -> None:
    assert message_of({"text": "a", "buttons": [], "custom": {"from": claimed}}, "de")["from"] == "bot"
