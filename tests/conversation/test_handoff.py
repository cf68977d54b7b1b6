"""The way to a person: consent, form, questions in between, corrections, submission, the notice, withdrawal."""

import re
from typing import Any

import pytest

from actions.turn import knowledge
from bot.directory import get_directory
from bot.knowledge.wording import get_wording
from cases.outbox import LEASE
from cases.states import CaseState
from tests.conversation.questions import (
    CANCEL,
    COMPANY,
    CONCERN,
    DUESSELDORF,
    EMAIL,
    ERASE,
    GMBH,
    GMBH_TOPIC,
    IN_CHARGE,
    IN_LANGUAGE,
    KOELN,
    MEERBUSCH,
    NAME,
    NEUSS,
    PERSON,
    PHONE,
    WITHDRAW,
)  # fmt: skip
from tests.running import PATIENCE_SECONDS, Chat, Reply, wait_for

pytestmark = pytest.mark.server

NEXT = {"de": "en", "en": "ja", "ja": "de"}
SKIP = {
    language: get_wording().responses["utter_ask_handoff_form_email"].buttons[0].title[language]
    for language in ("de", "en", "ja")
}
ENTRIES = {"company": COMPANY, "contact_name": NAME, "email": EMAIL, "phone": PHONE, "municipality": "Neuss"}


def rotating(*cases: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Each case in one of the languages in turn: where entries matter more than words."""
    return [(("de", "en", "ja")[number % 3], *case) for number, case in enumerate(cases)]


def begin(chat: Chat, language: str) -> Reply:
    """Ask for a person and agree."""
    chat.say(PERSON[language])
    return chat.press("yes_button", language)


def fill(chat: Chat, language: str, **other: str) -> Reply:
    """Answer every question of the form up to the summary."""
    begin(chat, language)
    for entry, text in {**ENTRIES, "concern": CONCERN[language], **other}.items():
        assert chat.last.custom["field"] == entry
        chat.say(text)
    assert chat.last.custom["field"] == "confirm", chat.last.text
    return chat.last


def submitted(chat: Chat, language: str) -> Any:
    """Send what stands in the summary; returns the case."""
    reply = chat.press("send_button", language)
    assert reply.says("utter_submitted", language), reply.text
    case = chat.assistant.cases.open_case(chat.sender)
    assert case is not None
    assert reply.custom["case"] == case.number
    return case


def test_declined_consent_keeps_nothing(chat: Chat, language: str) -> None:
    chat.say(PERSON[language])
    reply = chat.press("no_button", language)
    assert reply.says("utter_declined", language)
    assert (reply.custom["type"], reply.custom["state"]) == ("handoff", "cancelled")
    case = chat.assistant.cases.latest_case(chat.sender)
    assert case is not None
    assert (case.state, case.consent_at, case.company, case.email) == (CaseState.BOT, None, None, None)
    # and the form is over
    assert chat.say(GMBH[language]).custom["topic"] == GMBH_TOPIC


def test_the_whole_form(chat: Chat, language: str) -> None:
    summary = fill(chat, language)
    partner = get_directory().responsible_partner(NEUSS)
    assert summary.says(
        "utter_ask_confirm", language, partner=partner.name[language], company=COMPANY, contact_name=NAME, email=EMAIL,
        phone=PHONE, place=get_directory().municipality(NEUSS).name[language], concern=CONCERN[language],
    )  # fmt: skip
    assert chat.assistant.cases.open_case(chat.sender).state == CaseState.OFFERED  # type: ignore[union-attr]
    case = submitted(chat, language)
    assert (case.state, case.owner, case.municipality) == (CaseState.WAITING, partner.id, NEUSS)
    assert (case.company, case.contact_name, case.email, case.phone) == (COMPANY, NAME, EMAIL, PHONE)
    assert (case.concern, case.language) == (CONCERN[language], language)
    assert case.consent_at is not None
    assert chat.last.custom["partner"] == partner.id
    assert chat.last.says("utter_submitted", language, case=case.number, partner=partner.name[language])
    days = partner.office_hours.answer_office_days
    assert str(days) in chat.last.text
    # asking again does not make a second one
    reply = chat.say(PERSON[language])
    assert reply.says("utter_already_waiting", language, case=case.number)


def test_the_notice_is_written_once_although_the_relay_was_killed(chat: Chat, language: str) -> None:
    fill(chat, language)
    chat.assistant.kill("relay")
    case = submitted(chat, language)
    assert chat.assistant.notices(case.number) == []
    chat.assistant.start("relay")
    wait_for(lambda: chat.assistant.notices(case.number), "the notice")
    chat.assistant.kill("relay")
    chat.assistant.start("relay")
    # killed between writing and marking, the entry stays leased to the dead relay until the lease has passed
    wait_for(
        lambda: all(entry.delivered_at for entry in chat.assistant.cases.case_file(case.number).outbox),
        "delivery",
        LEASE.total_seconds() + PATIENCE_SECONDS,
    )
    (notice,) = chat.assistant.notices(case.number)
    for text in (CONCERN[language], COMPANY, NAME, EMAIL):
        assert text in notice


@pytest.mark.parametrize("entry", ["company", "contact_name", "email", "phone", "municipality", "concern"])
def test_a_wrong_entry_gets_its_example(chat: Chat, language: str, entry: str) -> None:
    begin(chat, language)
    for earlier, text in ENTRIES.items():
        if earlier == entry:
            break
        chat.say(text)
    reply = chat.say("12")
    assert reply.says(f"utter_invalid_{entry}", language), reply.text
    assert reply.custom["field"] == entry, "the form asks for it again"


def test_consent_is_a_yes_or_no(chat: Chat, language: str) -> None:
    chat.say(PERSON[language])
    reply = chat.say("Banane")
    assert reply.says("utter_invalid_consent", language)
    assert reply.custom["field"] == "consent"


def test_skipping(chat: Chat, language: str) -> None:
    begin(chat, language)
    chat.say(COMPANY)
    chat.say(NAME)
    chat.press(SKIP[language])
    reply = chat.press(SKIP[language])
    assert reply.says("utter_need_contact", language)
    assert reply.custom["field"] == "email"
    chat.say(EMAIL)
    chat.press(SKIP[language])
    chat.press(SKIP[language])
    chat.say(CONCERN[language])
    assert get_wording().text("place_open", language) in chat.last.text
    case = submitted(chat, language)
    assert (case.email, case.phone, case.owner) == (EMAIL, None, "nrw_global_business")


def test_a_skipped_place_is_that_of_the_conversation(chat: Chat, language: str) -> None:
    chat.say(IN_CHARGE[language])
    begin(chat, language)
    for text in (COMPANY, NAME, EMAIL, PHONE):
        chat.say(text)
    chat.press(SKIP[language])
    # a place in the concern does not change who gets it behind the user's back
    chat.say(f"Köln: {CONCERN[language]}")
    partner = get_directory().responsible_partner(MEERBUSCH)
    assert partner.name[language] in chat.last.text
    assert chat.last.custom["partner"] == partner.id
    assert submitted(chat, language).owner == partner.id


@pytest.mark.parametrize(
    ("language", "entry", "text"),
    rotating(
        ("company", "Neues Beispiel AG"),
        ("contact_name", "Wolfgang Muster"),
        ("email", "other@example.com"),
        ("phone", "+49 211 899123"),
        ("municipality", "40213"),
        ("concern", "XYZ 123"),
    ),
)
def test_correcting_a_single_entry(chat: Chat, language: str, entry: str, text: str) -> None:
    fill(chat, language)
    field = get_wording().text(f"field_{entry}", language)
    assert chat.press("correct_button", language, field=field).custom["field"] == entry
    chat.say(text)
    assert chat.last.custom["field"] == "confirm"
    assert chat.last.says("utter_ask_confirm", language)
    case = submitted(chat, language)
    kept = {
        "company": COMPANY,
        "contact_name": NAME,
        "email": EMAIL,
        "phone": PHONE,
        "municipality": NEUSS,
        "concern": CONCERN[language],
    }
    kept[entry] = DUESSELDORF if entry == "municipality" else text
    assert {name: getattr(case, name) for name in kept} == kept


def test_cancelling_forgets_the_entries(chat: Chat, language: str) -> None:
    begin(chat, language)
    chat.say(COMPANY)
    reply = chat.say(CANCEL[language])
    assert reply.says("utter_cancelled", language)
    assert reply.custom["state"] == "cancelled"
    assert chat.say(PERSON[language]).custom["field"] == "consent", "consent is asked for again"
    assert chat.press("yes_button", language).custom["field"] == "company"


def test_cancelling_by_button(chat: Chat, language: str) -> None:
    fill(chat, language)
    assert chat.press("cancel_button", language).says("utter_cancelled", language)
    assert chat.assistant.cases.open_case(chat.sender).company is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("language", "entry"),
    rotating(
        *((name,) for name in ("consent", "company", "contact_name", "email", "phone", "municipality", "confirm"))
    ),
)
def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(chat: Chat, language: str, entry: str) -> None:
    if entry == "consent":
        chat.say(PERSON[language])
    elif entry == "confirm":
        fill(chat, language)
    else:
        begin(chat, language)
        for text in list(ENTRIES.values())[: list(ENTRIES).index(entry)]:
            chat.say(text)
    reply = chat.say(
        {
            "de": "Wie hoch ist das Stammkapital einer GmbH?",
            "en": "How much is the share capital of a GmbH?",
            "ja": "GmbHの資本金はいくら必要ですか？",
        }[language]
    )
    answered = [custom for custom in reply.customs if custom["type"] == "answer"]
    assert answered, reply.text
    assert answered[0]["topic"].startswith("company/")
    assert reply.custom["field"] == entry, "the form goes on"


def test_what_is_not_understood_in_the_middle_is_no_entry(chat: Chat, language: str) -> None:
    begin(chat, language)
    reply = chat.say(
        {
            "de": "Wer hat gestern gewonnen?",
            "en": "Who won the match last night?",
            "ja": "昨日の試合はどちらが勝ちましたか？",
        }[language]
    )
    assert reply.custom["field"] == "company"
    assert len(reply.customs) == 2


def test_another_language_in_the_middle(chat: Chat, language: str) -> None:
    begin(chat, language)
    other = NEXT[language]
    reply = chat.say(IN_LANGUAGE[other])
    assert reply.says("utter_ask_handoff_form_company", other), reply.text
    assert chat.say(COMPANY).says("utter_ask_handoff_form_contact_name", other)


def test_names_do_not_change_the_language(chat: Chat, language: str) -> None:
    begin(chat, language)
    for text in (
        "Gesellschaft für schöne Beispiele GmbH",
        "Wolfgang von der Heide",
        "ich@example.de",
        "+49 211 899123",
        "Köln",
    ):
        assert chat.say(text).custom["language"] == language


def test_erasing_in_the_middle(chat: Chat, language: str) -> None:
    begin(chat, language)
    chat.say(COMPANY)
    reply = chat.say(ERASE[language])
    assert reply.says("utter_confirm_erasure", language), reply.text
    assert chat.press("erase_yes_button", language).says("utter_erased", language)
    assert chat.assistant.conversation_rows(chat.sender) == []


def test_the_concern_is_prefilled_with_what_was_asked(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    begin(chat, language)
    for text in ENTRIES.values():
        chat.say(text)
    title = knowledge()[GMBH_TOPIC].title[language]
    suggestion = get_wording().text("concern_from_topics", language, topics=title)
    assert chat.last.custom["suggestion"] == suggestion
    assert chat.last.says("utter_ask_concern_prefilled", language, concern=suggestion)
    chat.press("use_suggestion_button", language)
    assert submitted(chat, language).concern == suggestion


@pytest.mark.parametrize("language", ["ja"])
def test_a_button_pressed_twice_does_not_send_the_case(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    begin(chat, language)
    for text in ENTRIES.values():
        chat.say(text)
    token = chat.last.buttons[get_wording().text("use_suggestion_button", language)]
    assert chat.say(token).custom["field"] == "confirm"
    assert chat.say(token).custom["field"] == "confirm"
    assert chat.assistant.cases.open_case(chat.sender).state == CaseState.OFFERED  # type: ignore[union-attr]


@pytest.mark.parametrize("language", ["ja"])
def test_what_was_said_before_goes_along_and_the_entries_do_not(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    fill(chat, language)
    case = submitted(chat, language)
    texts = [message.text for message in chat.assistant.cases.case_file(case.number).messages]
    assert GMBH[language] in texts
    assert CONCERN[language] in texts
    assert not any(text.startswith(("/", "~")) for text in texts)
    assert EMAIL not in texts
    assert COMPANY not in texts


@pytest.mark.parametrize("language", ["ja"])
def test_asking_about_another_place_does_not_pass_the_case_on(chat: Chat, language: str) -> None:
    fill(chat, language)
    case = submitted(chat, language)
    reply = chat.say(re.sub("Meerbusch|メアブッシュ", {"ja": "ケルン"}.get(language, "Köln"), IN_CHARGE[language]))
    assert reply.custom["municipality"] == KOELN
    after = chat.assistant.cases.open_case(chat.sender)
    assert after is not None
    assert (after.owner, after.municipality) == (case.owner, NEUSS)


def test_withdrawing(chat: Chat, language: str) -> None:
    fill(chat, language)
    case = submitted(chat, language)
    # other questions are answered meanwhile
    assert chat.say(GMBH[language]).custom["topic"] == GMBH_TOPIC
    reply = chat.say(WITHDRAW[language])
    assert reply.says("utter_withdrawn", language, case=case.number)
    assert chat.assistant.cases.case(case.number).state == CaseState.CLOSED
    assert chat.say(WITHDRAW[language]).says("utter_nothing_to_withdraw", language)


def test_withdrawing_by_button(chat: Chat, language: str) -> None:
    fill(chat, language)
    case = submitted(chat, language)
    assert chat.press("withdraw_button", language).says("utter_withdrawn", language, case=case.number)


@pytest.mark.parametrize("language", ["ja"])
def test_a_second_concern_after_the_first(chat: Chat, language: str) -> None:
    fill(chat, language)
    first = submitted(chat, language)
    chat.press("withdraw_button", language)
    fill(chat, language, municipality="Köln")
    second = submitted(chat, language)
    assert (second.number != first.number, second.owner) == (True, get_directory().responsible_partner(KOELN).id)


WHEN = {
    "de": "Wann höre ich von dem zuständigen Berater?",
    "en": "When is somebody going to reply to me?",
    "ja": "担当者からのお返事はいつごろになりますか",
}


def test_when_somebody_will_answer(chat: Chat, language: str) -> None:
    assert chat.say(WHEN[language]).custom["state"] == "offered"
    fill(chat, language)
    in_form = chat.say(WHEN[language])
    assert [each["custom"]["state"] for each in in_form.messages if each.get("custom")] == ["offered", "form"]
    submitted = chat.press("send_button", language)
    told = chat.say(WHEN[language])
    assert told.custom["state"] == "submitted"
    assert told.custom["case"] == submitted.custom["case"]


UNCLEAR = {"de": "Schicken Sie das ab", "en": "send it over then", "ja": "送信してください"}


def test_only_a_yes_is_a_consent(chat: Chat, language: str) -> None:
    chat.say(PERSON[language])
    assert chat.say(UNCLEAR[language]).custom["field"] == "consent"
    assert chat.say(AGREED[language]).custom["field"] == "company"


AGREED = {"de": "Ja, einverstanden", "en": "Yes, I agree to that", "ja": "はい、同意いたします。"}


def test_corrections_in_plain_words(chat: Chat, language: str) -> None:
    fill(chat, language)
    wrong = {
        "de": "Die E-Mail-Adresse ist falsch",
        "en": "the mail address is wrong",
        "ja": "メールアドレスが間違っています",
    }
    assert chat.say(wrong[language]).custom["field"] == "email"
    summary = chat.say("please use other@example.com instead")
    assert "other@example.com" in summary.text
    number = {
        "de": "Die Telefonnummer stimmt nicht, richtig ist +49 211 899124",
        "en": "the phone number should be +49 211 899124",
        "ja": "電話番号は+49 211 899124に訂正します",
    }
    assert "+49 211 899124" in chat.say(number[language]).text


def test_two_places_are_asked_about(chat: Chat, language: str) -> None:
    begin(chat, language)
    for entry in ("company", "contact_name", "email", "phone"):
        assert chat.last.custom["field"] == entry
        chat.say(ENTRIES[entry])
    either = {"de": "Köln oder Krefeld", "en": "Cologne or Krefeld", "ja": "ケルンかクレーフェルト"}
    asked = chat.say(either[language])
    name = get_directory().municipality("05114000").name[language]
    assert name in asked.buttons
    assert chat.say(asked.buttons[name]).custom["field"] == "concern"
