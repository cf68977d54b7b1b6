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
from bot.knowledge.wording import get_wording
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
        ("you can write to contact@example.com, please", "contact@example.com"),
        ("メールアドレスは contact@example.jp です", "contact@example.jp"),
        ("meine Mail ist contact@example.de.", "contact@example.de"),
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
        ("電話は03‐1234‐5678です", "+81 3-1234-5678"),
        ("you can call me at +49 211 899123 in the morning", "+49 211 899123"),
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


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("My name is Hanako Muster.", "Hanako Muster"),
        ("I'm Hanako", "Hanako"),
        ("ich heiße Max Muster", "Max Muster"),
        ("Die Firma heißt Muster GmbH", "Muster GmbH"),
        ("山田花子と申します。", "山田花子"),
        ("株式会社サンプルです", "株式会社サンプル"),
        ("会社名は株式会社サンプルです", "株式会社サンプル"),
        ("Imada & Co.", "Imada & Co."),
        ("です", "です"),
    ],
)
def test_a_name_is_taken_out_of_its_sentence(typed: str, name: str) -> None:
    assert read_name(typed, "utter_invalid_company") == name


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


@pytest.mark.parametrize(
    "intent", ["nlu_fallback", "privacy", "case_status", "change_language", "menu", "feedback", "bot_challenge"]
)
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


@pytest.mark.parametrize("asked", ["contact_name", "concern"])
async def test_what_may_not_be_skipped(conversation: Conversation, asked: str) -> None:
    assert await entered(conversation, asked, "skip") == {asked: None}


@pytest.mark.parametrize("typed", ["not founded yet", "設立準備中です", "I'd rather not say"])
async def test_a_remark_in_place_of_a_company_is_kept(conversation: Conversation, typed: str) -> None:
    assert await entered(conversation, "company", "skip", typed) == {"company": typed}


@pytest.mark.parametrize("typed", ["none", "-", "n/a"])
async def test_a_company_that_is_skipped_is_said_to_be(conversation: Conversation, typed: str) -> None:
    expected = get_wording().text("not_given", conversation.language)
    assert await entered(conversation, "company", "skip", typed) == {"company": expected}


@pytest.mark.parametrize("typed", ["yes", "はい、同意します", "Ja, ich bin einverstanden.", "よろしくお願いします"])
async def test_words_that_consent(conversation: Conversation, typed: str) -> None:
    assert (await entered(conversation, "consent", "affirm", typed))["consent"] is True
    assert (await entered(conversation, "consent", "form_input", typed))["consent"] is True
    assert (await entered(conversation, "consent", "deny", typed))["consent"] is False


@pytest.mark.parametrize(
    "typed", ["送信してください", "yes but who reads it", "correct my name", "looks good to my boss"]
)
async def test_words_that_say_something_else_do_not_consent(conversation: Conversation, typed: str) -> None:
    assert await entered(conversation, "consent", "affirm", typed) == {"consent": None}
    assert conversation.responses == ["utter_invalid_consent"]


async def test_an_address_and_a_number_at_once(conversation: Conversation) -> None:
    typed = "contact@example.com or +81 3 1234 5678"
    both = {"email": "contact@example.com", "phone": "+81 3-1234-5678"}
    assert await entered(conversation, "email", "form_input", typed) == both
    assert await entered(conversation, "phone", "form_input", typed) == both
    # whichever is given first, the other one is not lost
    assert await entered(conversation, "email", "form_input", "03-1234-5678") == {**both, "email": ""}
    only_address = await entered(conversation, "phone", "form_input", "contact@example.com")
    assert only_address == {"email": "contact@example.com", "phone": None}


@pytest.mark.parametrize("asked", ["email", "municipality", "confirm"])
async def test_an_entry_before_is_corrected_anywhere(conversation: Conversation, asked: str) -> None:
    for typed in ("the company name is wrong", "会社名を変えてください", "Der Firmenname stimmt nicht"):
        conversation.slots |= {"company": "Muster", "contact_name": "Hanako"}
        assert await entered(conversation, asked, "form_input", typed) == {"company": None, asked: None}


async def test_a_corrected_number_is_taken_at_once(conversation: Conversation) -> None:
    conversation.slots["phone"] = "+81 3-1234-5678"
    typed = "電話番号を間違えました。03-1234-5679です"
    assert await entered(conversation, "confirm", "form_input", typed) == {"phone": "+81 3-1234-5679", "confirm": None}


@pytest.mark.parametrize("typed", ["go back", "前の質問に戻りたい", "Zurück bitte"])
async def test_back_to_the_entry_before(conversation: Conversation, typed: str) -> None:
    conversation.slots["company"] = "Muster"
    assert await entered(conversation, "contact_name", "correct", typed) == {"company": None, "contact_name": None}


async def test_which_of_several_places(conversation: Conversation) -> None:
    conversation.slots["requested_slot"] = "municipality"
    named = [("place", ["05315000"]), ("place", ["05114000"])]
    done = await conversation.run(ValidateHandoffForm(), "form_input", "Köln oder Krefeld", loop=FORM, named=named)
    assert [event["value"] for event in done if event.get("name") == "municipality"] == [None]
    assert conversation.responses == ["utter_which_place"]
    assert conversation.payloads == ['/inform_place{"place": "05315000"}', '/inform_place{"place": "05114000"}']


async def test_no_button_comes_twice_when_something_is_wrong(conversation: Conversation) -> None:
    assert await entered(conversation, "confirm", "deny") == {"confirm": None}
    assert conversation.responses == ["utter_what_to_correct"]
    assert not conversation.payloads, "the summary that is asked again has them"


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
