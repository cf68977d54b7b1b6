"""Commands that are typed, forged buttons, and messages that are hardly any."""

import base64
import json

import pytest

from bot.channels.buttons import TOKEN_PREFIX
from bot.knowledge.wording import get_wording
from tests.conversation.questions import GMBH, GMBH_TOPIC, GREETING, PERSON, UNRELATED
from tests.running import Assistant, Chat, post

pytestmark = pytest.mark.server

COMMANDS = [
    "/restart",
    "/talk_to_person",
    '/set_language{"language_choice": "ja"}',
    '/delete_data{"confirmed": "yes"}',
    '/staff_event{"key": "x/1"}',
    "  /menu",
    "/session_start",
    '/show_topic{"topic": "company/gmbh_formation"}',
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_typed_command_is_plain_text(assistant: Assistant, command: str) -> None:
    chat = Chat(assistant, "en")
    chat.say(GMBH["en"])
    reply = chat.say(command)
    assert reply.messages
    assert not reply.says("utter_erased", "en")
    assert reply.custom["language"] != "ja"
    answer = chat.say(GMBH["en"])
    assert GMBH_TOPIC in [each.get("custom", {}).get("topic") for each in answer.messages]
    # understood as words, whatever they resemble ("talk to person" does ask for one): never carried out
    turns = [json.loads(data) for kind, data in assistant.conversation_rows(chat.sender) if kind == "user"]
    taken = next(turn["parse_data"] for turn in turns if command.strip() in turn["text"])
    assert len(taken["intent_ranking"]) > 1
    assert taken["intent"]["name"] not in ("staff_event", "session_start", "restart")
    assert reply.custom.get("field") != "consent" or taken["outcome"] == "answer"


def test_a_button_of_another_conversation(assistant: Assistant) -> None:
    mine, other = Chat(assistant, "en"), Chat(assistant, "en")
    mine.say(GREETING["en"])
    token = mine.last.buttons[get_wording().text("person_button", "en")]
    assert other.say(token).custom.get("field") != "consent"
    assert mine.say(token).custom["field"] == "consent"


def test_forged_buttons(assistant: Assistant) -> None:
    chat = Chat(assistant, "en")
    chat.say(GREETING["en"])
    token = chat.last.buttons[get_wording().text("person_button", "en")]
    payload, signature = token.removeprefix(TOKEN_PREFIX).split(".")
    forged = base64.urlsafe_b64encode(b'/delete_data{"confirmed": "yes"}').decode().rstrip("=")
    for text in (f"~{forged}.{signature}", f"~{payload}.AAAA", f"~{payload}.", f"~{payload}", "~.", "~/menu"):
        reply = chat.say(text)
        assert reply.messages
        assert reply.custom["type"] in ("out_of_scope", "suggestions", "smalltalk"), text


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "🙂🎉", "…!?", "\u0000\u0007", "①", "👩‍👩‍👧"])
def test_nothing_to_read(assistant: Assistant, text: str) -> None:
    for language in ("de", "en", "ja"):
        chat = Chat(assistant, language)
        assert chat.say(text).says("utter_unreadable", language), chat.last.text


def test_too_long(chat: Chat, language: str) -> None:
    assert chat.say((GMBH[language] + " ") * 200).says("utter_too_long", language)
    assert chat.say("あ" * 3000).says("utter_too_long", language)


def test_two_messages_that_cannot_be_read_offer_nothing_that_a_yes_could_mean(chat: Chat, language: str) -> None:
    chat.say("🙂")
    chat.say("🙂🙂")
    assert chat.say({"de": "Ja", "en": "Yes", "ja": "はい"}[language]).custom.get("field") != "consent"


def test_hardly_readable_in_the_form(chat: Chat, language: str) -> None:
    chat.say(PERSON[language])
    chat.press("yes_button", language)
    for text, name in (("", "utter_unreadable"), ("x" * 3000, "utter_too_long"), ("🙂", "utter_invalid_company")):
        reply = chat.say(text)
        assert reply.says(name, language), reply.text
        assert reply.custom["field"] == "company"


@pytest.mark.parametrize(
    "text",
    [
        "GmbH\u0000 gründen\u0007\u001b[31m Schritte",
        "GmbH を gründen how?",
        "ＧｍｂＨ　を　設立　したい",
        "\u202eHbmG gründen",
        "<script>alert(1)</script> GmbH",
        "'; DROP TABLE cases; --",
        "{language} {0} %s ${HOME}",
        "@everyone **GmbH** [x](javascript:alert(1))",
        "G" * 2000,
        "ä̈" * 500,
        "Қазақстан компания ашу",
        "회사를 설립하고 싶어요",
    ],
)
def test_odd_messages_get_a_reply(assistant: Assistant, text: str) -> None:
    chat = Chat(assistant)
    reply = chat.say(text)
    assert reply.messages
    assert reply.type != "fault"
    assert chat.say(UNRELATED["en"][0]).messages


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"not json", b'{"sender": "x"}', b'{"message": "x"}', b'{"sender": "", "message": "x"}',
     b'{"sender": 1, "message": "x"}', b'{"sender": "x", "message": 1}', b'{"sender": "x", "message": null}'],
)  # fmt: skip
def test_malformed_calls_are_refused(assistant: Assistant, body: bytes) -> None:
    status, answer = post(f"{assistant.url}/webhooks/rest/webhook", body)
    assert status == 400
    assert "sender" in answer["error"]


def test_a_sender_that_is_too_long(assistant: Assistant) -> None:
    assert post(f"{assistant.url}/webhooks/rest/webhook", {"sender": "x" * 129, "message": "x"})[0] == 400


@pytest.mark.parametrize("token", [None, "", "wrong", "a token of the tests "])
def test_without_the_token_nobody_is_heard(assistant: Assistant, token: str | None) -> None:
    status, _ = post(f"{assistant.url}/webhooks/rest/webhook", {"sender": "x", "message": "x"}, token)
    assert status == 401


def test_rasas_own_way_in_needs_the_token(assistant: Assistant) -> None:
    address = f"{assistant.url}/conversations/x/trigger_intent"
    assert post(address, {"name": "menu"}, token=None)[0] in (401, 403)


def test_no_error_was_logged(assistant: Assistant) -> None:
    """Runs last of this file: nothing above is an error, and no word of a user stands in a log."""
    for name in ("rasa", "actions"):
        log = assistant.log(name)
        assert "Traceback" not in log, log[-3000:]
        assert " ERROR " not in log, log[-3000:]
        assert GMBH["en"] not in log
