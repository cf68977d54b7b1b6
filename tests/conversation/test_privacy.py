"""What is kept, and that erasing leaves nothing in either database."""

import json
import sqlite3
from contextlib import closing

import pytest

from bot.knowledge.wording import get_wording
from bot.settings import get_settings
from tests.bot.channels.clients import Browser, close_all
from tests.conversation.questions import (
    CANCEL,
    COMPANY,
    CONCERN,
    EMAIL,
    ERASE,
    GMBH,
    GMBH_TOPIC,
    GREETING,
    NAME,
    PERSON,
    PHONE,
    PRIVACY,
    YES,
)  # fmt: skip
from tests.conversation.test_handoff import fill, submitted
from tests.running import Assistant, Chat

pytestmark = pytest.mark.server


def test_what_is_kept(chat: Chat, language: str) -> None:
    settings = get_settings()
    days = {"conversation_days": settings.retention_conversation_days, "case_days": settings.retention_case_days}
    reply = chat.say(PRIVACY[language])
    assert reply.says("utter_privacy", language, **days), reply.text
    assert reply.custom == {"type": "privacy", "language": language}
    assert chat.press("erase_button", language).says("utter_confirm_erasure", language)


def test_erasing_leaves_nothing(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    fill(chat, language)
    case = submitted(chat, language)
    assert chat.assistant.conversation_rows(chat.sender)
    assert chat.say(ERASE[language]).says("utter_confirm_erasure", language)
    reply = chat.press("erase_yes_button", language)
    assert reply.says("utter_erased", language)
    assert reply.custom["erased"]
    assert chat.assistant.conversation_rows(chat.sender) == []
    file = chat.assistant.cases.case_file(case.number)
    assert file.case.erased_at is not None
    assert (file.case.company, file.case.contact_name, file.case.email, file.case.phone, file.case.concern) == (
        None,
    ) * 5
    assert file.messages == []
    assert all(not entry.payload for entry in file.outbox if entry.kind != "erased")
    for name in ("cases.db", "conversations.db"):
        with closing(sqlite3.connect(chat.assistant.folder / name)) as database:
            rows = "\n".join(line for line in database.iterdump() if case.number in line or chat.sender in line)
        assert not any(word in rows for word in (COMPANY, NAME, EMAIL))
    # the next message begins anew
    assert chat.say(GMBH[language]).custom["topic"] == GMBH_TOPIC


@pytest.mark.parametrize("how", ["cancel_button", "typed"])
def test_cancelling_leaves_nothing_of_the_entries(chat: Chat, language: str, how: str) -> None:
    chat.say(GMBH[language])
    fill(chat, language)
    reply = chat.press(how, language) if how != "typed" else chat.say(CANCEL[language])
    assert reply.says("utter_cancelled", language)
    rows = str([json.loads(data) for _, data in chat.assistant.conversation_rows(chat.sender)])
    assert not [word for word in (COMPANY, NAME, EMAIL, PHONE, CONCERN[language]) if word in rows]
    # what was asked before stays, and the conversation goes on
    assert GMBH[language] in rows
    assert chat.say(GMBH[language]).custom["topic"] == GMBH_TOPIC
    # another form that is sent keeps what the user agreed to
    fill(chat, language)
    case = submitted(chat, language)
    assert (case.company, case.email) == (COMPANY, EMAIL)
    rows = str([json.loads(data) for _, data in chat.assistant.conversation_rows(chat.sender)])
    assert COMPANY in rows


@pytest.mark.parametrize("language", ["ja"])
async def test_cancelling_leaves_nothing_in_the_chat(assistant: Assistant, language: str) -> None:
    browser = await Browser(assistant.url, assistant.url).open(language=language)
    try:
        said = [PERSON[language], YES[language], COMPANY, NAME, EMAIL, PHONE, "Neuss", CONCERN[language]]
        for count, text in enumerate([*said, CANCEL[language]]):
            answers = len(browser.messages)
            assert (await browser.say(text, client_id=f"m{count}"))["status"] == "ok"
            await browser.until(answers + 1)
        assert browser.texts[-1].strip() == get_wording().responses["utter_cancelled"].text[language].strip()  # type: ignore[index]
        again = Browser(assistant.url, assistant.url)
        await again.open(browser.session, None, language=language)
        shown = "\n".join(again.texts)
        assert not [word for word in (COMPANY, NAME, EMAIL, PHONE, CONCERN[language]) if word in shown]
        assert again.texts.count(get_wording().text("webchat_entry_discarded", language)) >= 7
        assert CANCEL[language] in again.texts
        with closing(sqlite3.connect(assistant.folder / "conversations.db")) as database:
            rows = "\n".join(line for line in database.iterdump() if browser.conversation in line)
        assert not [word for word in (COMPANY, NAME, EMAIL, PHONE, CONCERN[language]) if word in rows]
        assert not [word for word in (COMPANY, EMAIL) if json.dumps(word)[1:-1] in rows]
    finally:
        await close_all()


def test_a_typed_yes_erases(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    chat.say(ERASE[language])
    assert chat.say(YES[language]).says("utter_erased", language)
    assert chat.assistant.conversation_rows(chat.sender) == []


def test_keeping(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    chat.say(ERASE[language])
    assert chat.press("keep_button", language).says("utter_what_now", language)
    assert chat.assistant.conversation_rows(chat.sender)


def test_a_later_yes_does_not_erase(chat: Chat, language: str) -> None:
    chat.say(ERASE[language])
    chat.say(GREETING[language])
    assert not chat.say(YES[language]).says("utter_erased", language)
    assert chat.assistant.conversation_rows(chat.sender)


def test_the_yes_of_another_question_does_not_erase(chat: Chat, language: str) -> None:
    chat.say(PERSON[language])
    agree = dict(chat.last.buttons)
    chat.press("no_button", language)
    chat.say(ERASE[language])
    for token in agree.values():
        assert not chat.say(token).says("utter_erased", language)
