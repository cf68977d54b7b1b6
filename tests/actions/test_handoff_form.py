"""What the handoff form takes for an entry, and what it refuses."""

from typing import Any

import pytest

from actions.handoff_form import (
    InvalidEntry,
    ValidateHandoffForm,
    read_concern,
    read_email,
    read_name,
    read_phone,
    read_place,
)
from bot.directory import get_directory
from bot.nlu.text import LONGEST
from tests.actions.trio import Conversation

FORM = "handoff_form"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("contact@example.com", "contact@example.com"),
        (" mailto:contact@example.com ", "contact@example.com"),
        ("ｃｏｎｔａｃｔ＠ｅｘａｍｐｌｅ．ｊｐ", "contact@example.jp"),
        ("contact@EXAMPLE.DE", "contact@example.de"),
        ("contact@müller.example.de", "contact@müller.example.de"),
    ],
)
def test_email(typed: str, kept: str) -> None:
    assert read_email(typed) == kept


@pytest.mark.parametrize(
    "typed", ["", "contact", "contact@", "@example.com", "a b@example.com", "contact@example", "x" * 2000]
)
def test_no_email(typed: str) -> None:
    with pytest.raises(InvalidEntry, match="utter_invalid_email"):
        read_email(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+81 3 1234 5678", "+81 3-1234-5678"),
        ("03-1234-5678", "+81 3-1234-5678"),
        ("０３－１２３４－５６７８", "+81 3-1234-5678"),
        ("0211 899123", "+49 211 899123"),
        ("+49 (0)211 899123", "+49 211 899123"),
        ("0049 211 899123", "+49 211 899123"),
    ],
)
def test_phone(typed: str, kept: str) -> None:
    assert read_phone(typed) == kept


@pytest.mark.parametrize("typed", ["", "12", "call me", "+81 0000", "１２"])
def test_no_phone(typed: str) -> None:
    with pytest.raises(InvalidEntry, match="utter_invalid_phone"):
        read_phone(typed)


@pytest.mark.parametrize("typed", ["Musterwerk K.K.", "ほしぞら株式会社", "Ö", "3B Technik", "李"])
def test_name(typed: str) -> None:
    assert read_name(f"  {typed}\u200b ", "utter_invalid_company") == typed


@pytest.mark.parametrize("typed", ["", " ", "123", "...", "🙂", "\u200b", "x" * 201])
def test_no_name(typed: str) -> None:
    with pytest.raises(InvalidEntry, match="utter_invalid_company"):
        read_name(typed, "utter_invalid_company")


def test_concern_keeps_lines() -> None:
    assert read_concern(" Büro\n- 4 Plätze ") == "Büro\n- 4 Plätze"
    with pytest.raises(InvalidEntry, match="utter_invalid_concern"):
        read_concern("x" * (LONGEST + 1))


@pytest.mark.parametrize(
    ("typed", "ags"), [("Köln", "05315000"), ("40667", "05162022"), ("ノイス", "05162024"), ("４０６６７", "05162022")]
)
def test_place(typed: str, ags: str) -> None:
    assert read_place(typed, get_directory()) == ags


@pytest.mark.parametrize("typed", ["Atlantis", "München", "99999", "東京"])
def test_no_place(typed: str) -> None:
    with pytest.raises(InvalidEntry, match="utter_invalid_municipality"):
        read_place(typed, get_directory())


async def entered(
    conversation: Conversation, asked: str, intent: str, text: str = "", **entities: Any
) -> dict[str, Any]:
    """What the form sets on a message while it asks for an entry."""
    conversation.slots["requested_slot"] = asked
    events = await conversation.run(ValidateHandoffForm(), intent, text, loop=FORM, **entities)
    return {event["name"]: event["value"] for event in events}


@pytest.mark.parametrize("asked", ["company", "contact_name", "email", "phone", "municipality", "concern"])
async def test_a_wrong_entry_gets_its_example_and_is_asked_again(conversation: Conversation, asked: str) -> None:
    assert await entered(conversation, asked, "form_input", "12") == {asked: None}
    assert conversation.responses == [f"utter_invalid_{asked}"]


@pytest.mark.parametrize("intent", ["nlu_fallback", "privacy", "change_language", "menu", "feedback", "bot_challenge"])
async def test_what_is_no_entry_is_left_to_the_rules(conversation: Conversation, intent: str) -> None:
    assert await entered(conversation, "email", intent, "?") == {}
    assert conversation.dispatcher.messages == []


async def test_a_question_is_left_to_the_rules(conversation: Conversation) -> None:
    conversation.slots["requested_slot"] = "company"
    assert await conversation.run(ValidateHandoffForm(), "", "?", loop=FORM, topic="company/share_capital") == []


async def test_consent(conversation: Conversation) -> None:
    assert (await entered(conversation, "consent", "affirm"))["consent"] is True
    declined = await entered(conversation, "consent", "deny")
    assert (declined["consent"], declined["handoff_end"], declined["requested_slot"]) == (False, "declined", None)


@pytest.mark.parametrize(
    ("asked", "button"),
    [("confirm", "concern"), ("confirm", "consent"), ("concern", "confirm"), ("consent", "confirm")],
)
async def test_a_button_of_another_step_changes_nothing(conversation: Conversation, asked: str, button: str) -> None:
    assert await entered(conversation, asked, "affirm", field=button) == {asked: None}


async def test_a_button_pressed_twice_does_not_submit(conversation: Conversation) -> None:
    conversation.slots["asked_topics"] = ["company/share_capital"]
    assert (await entered(conversation, "concern", "affirm", field="concern"))["concern"]
    assert "handoff_end" not in await entered(conversation, "confirm", "affirm", field="concern")


@pytest.mark.parametrize(("asked", "other"), [("phone", "email"), ("email", "phone")])
async def test_one_way_to_reply_must_stay(conversation: Conversation, asked: str, other: str) -> None:
    conversation.slots[other] = ""
    assert await entered(conversation, asked, "skip") == {"email": None, "phone": None}
    assert conversation.responses == ["utter_need_contact"]


@pytest.mark.parametrize("asked", ["email", "municipality"])
async def test_what_may_be_skipped(conversation: Conversation, asked: str) -> None:
    assert await entered(conversation, asked, "skip") == {asked: ""}


@pytest.mark.parametrize("asked", ["company", "contact_name", "concern"])
async def test_what_may_not_be_skipped(conversation: Conversation, asked: str) -> None:
    assert await entered(conversation, asked, "skip") == {asked: None}


async def test_cancel_ends_the_form_at_any_entry(conversation: Conversation) -> None:
    for asked in ("consent", "company", "email", "concern", "confirm"):
        events = await entered(conversation, asked, "cancel")
        assert (events["handoff_end"], events["requested_slot"]) == ("cancelled", None)


FILLED = {
    "company": "Musterwerk K.K.",
    "contact_name": "Example Person",
    "email": "contact@example.jp",
    "phone": "",
    "municipality": "Neuss",
    "concern": "Büro",
}


async def test_all_entries_at_once(conversation: Conversation) -> None:
    conversation.slots["consent"] = True
    taken = await entered(conversation, "company", "fill_form", **FILLED)
    assert taken == {**FILLED, "municipality": "05162024", "confirm": None}


async def test_wrong_entries_at_once_are_told_one_by_one(conversation: Conversation) -> None:
    conversation.slots["consent"] = True
    wrong = {**FILLED, "email": "", "company": "12", "municipality": "Atlantis"}
    assert await entered(conversation, "company", "fill_form", **wrong) == {"company": None}
    assert set(conversation.custom["errors"]) == {"email", "company", "municipality"}


async def test_no_entry_is_taken_before_consent(conversation: Conversation) -> None:
    assert await entered(conversation, "consent", "fill_form", **FILLED) == {"consent": None}
