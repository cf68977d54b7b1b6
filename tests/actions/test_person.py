"""What the program says of a person, and only once: staff events, forwarding, rating."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

import actions.handoff as handoff
import actions.person as person
import actions.rating as rating
from actions.turn import Turn, knowledge
from bot.languages import LANGUAGES
from cases.migrate import upgrade
from cases.records import Contact
from cases.states import BUTTON_CHANNEL
from cases.store import CaseStore

CONTACT = Contact("ほしぞら株式会社", "Example Person", "contact@example.jp")
NEUSS = "05162024"
TALK = "talk"


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CaseStore]:
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    opened = CaseStore(url)
    for module in (person, rating):
        monkeypatch.setattr(module, "store", lambda: opened)
    yield opened
    opened.dispose()


@pytest.fixture
def number(store: CaseStore) -> str:
    return store.submit(TALK, CONTACT, "倉庫", language="ja", consent_at=store.clock(), municipality=NEUSS).number


def tracker(
    text: str, intent: str, sender: str = TALK, entities: dict[str, Any] | None = None, **slots: Any
) -> Tracker:
    found = [{"entity": name, "value": value} for name, value in (entities or {}).items()]
    message = {"text": text, "intent": {"name": intent}, "entities": found, "message_id": text, "metadata": {}}
    return Tracker(sender, {"language": "ja"} | slots, message, [], False, None, {}, "action_listen")


async def run(action: Any, told: Tracker) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The messages said, and the slots set."""
    dispatcher = CollectingDispatcher()
    events = await action.run(dispatcher, told, {})
    slots = {event["name"]: event["value"] for event in events if event["event"] == "slot"}
    return dispatcher.messages, slots


def keys(store: CaseStore, number: str) -> list[str]:
    return [entry.key for entry in store.case_file(number).outbox if entry.direction == "to_user"]


async def staff_event(key: str, sender: str = TALK, **slots: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    told = tracker("EXTERNAL: staff_event", "staff_event", sender, {"kind": "message", "key": key}, **slots)
    return await run(person.ActionStaffEvent(), told)


async def test_a_reply_is_said_once_by_a_person_of_the_partner(store: CaseStore, number: str) -> None:
    store.add_staff_message(number, "Guten Tag", by="staff:x")
    picked_up, message = keys(store, number)
    (said,), slots = await staff_event(picked_up)
    assert said["response"] == "utter_picked_up"
    assert said["custom"]["from"] == "system"
    assert slots["case_state"] == "with_person"
    (said,), slots = await staff_event(message, staff_events=slots["staff_events"])
    assert said["text"] == "Guten Tag"
    assert {name: said["custom"][name] for name in ("from", "partner", "state", "key")} == {
        "from": "person",
        "partner": "rhein_kreis_neuss",
        "state": "with_person",
        "key": message,
    }
    again, _ = await staff_event(message, staff_events=slots["staff_events"])
    assert again == []


async def test_a_yes_to_a_person_does_not_answer_an_older_question_of_the_program(
    store: CaseStore, number: str
) -> None:
    store.add_staff_message(number, "Passt Ihnen Montag?", by="staff:x")
    _, slots = await staff_event(keys(store, number)[1], pending="delete_data")
    assert slots["pending"] is None
    told = tracker("ありがとうございます", "thanks", case_state="with_person", pending="delete_data")
    _, slots = await run(person.ActionForwardToPerson(), told)
    assert slots == {"pending": None}


async def test_nobody_puts_words_into_another_conversation(store: CaseStore, number: str) -> None:
    store.add_staff_message(number, "Guten Tag", by="staff:x")
    to_staff = store.case_file(number).outbox[0].key
    for key, sender in ((keys(store, number)[1], "another"), (to_staff, TALK), ("NRW/none", TALK), ("", TALK)):
        said, slots = await staff_event(key, sender)
        assert said == []
        assert "staff_events" not in slots


async def test_transfer_nobody_and_retraction_are_told(store: CaseStore, number: str) -> None:
    store.transfer(number, "koeln", by="staff:x")
    (waiting,) = store.waiting()
    store.escalate(waiting, "nrw_global_business")
    (waiting,) = store.waiting()
    store.escalate(waiting, None)
    said = [(await staff_event(key))[0][0] for key in keys(store, number)]
    assert [each["response"] for each in said] == ["utter_transferred", "utter_nobody_yet_moved", "utter_nobody_yet"]
    assert said[1]["custom"]["partner"] == "nrw_global_business"
    assert said[2]["custom"]["state"] == "submitted"
    assert "contact" in said[2]


async def test_a_translation_stands_beside_its_original_and_is_marked(store: CaseStore, number: str) -> None:
    store.add_staff_message(number, "Guten Tag", by="staff:x")
    store.add_translation(keys(store, number)[1], "こんにちは", "LibreTranslate")
    (said,), _ = await staff_event(keys(store, number)[-1])
    assert all(shown in said["text"] for shown in ("機械翻訳", "LibreTranslate", "こんにちは", "Guten Tag"))
    assert (said["custom"]["machine_made"], said["custom"]["from"]) == (True, "system")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_situation_has_words_of_its_own(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    turn = Turn(CollectingDispatcher(), tracker("x", "x", language=language))
    told = []
    for state in ("open", "closed", "holiday"):
        monkeypatch.setattr(handoff, "situation", lambda hours, now, state=state: state)
        told.append(handoff.expectation(turn, turn.directory.partner("koeln")))
    assert len(set(told)) == 3
    assert not any("{" in text for text in told)


async def test_closing_asks_for_a_rating_and_a_word(store: CaseStore, number: str) -> None:
    store.pick_up(number, by="staff:x")
    store.close(number, "answered", by="staff:x")
    (said,), slots = await staff_event(keys(store, number)[-1])
    assert slots["case_state"] == "closed"
    assert [button["title"] for button in said["buttons"]] == ["1", "2", "3", "4", "5"]
    # a new question opens another case; the rating belongs to the closed one all the same
    store.record_turn(TALK, topic="tax/vat", outcome="answered", language="ja")
    pressed = tracker("/rate_case", "rate_case", entities={"rating": "4"})
    (said,), slots = await run(rating.ActionRateCase(), pressed)
    assert said["response"] == "utter_rating_thanks"
    assert slots["rating"] == 4
    typed = tracker("とても親切でした", "form_input", requested_slot="rating_comment", rating=4)
    _, slots = await run(rating.ValidateRatingForm(), typed)
    (said,), _ = await run(
        rating.ActionEndRating(), tracker("x", "form_input", rating=4, rating_comment=slots["rating_comment"])
    )
    assert said["response"] == "utter_rating_done"
    case = store.case(number)
    assert (case.rating, case.rating_comment) == (4, "とても親切でした")


@pytest.mark.parametrize("intent", ["skip", "menu", "talk_to_person"])
async def test_whoever_wants_no_word_goes_on(store: CaseStore, intent: str) -> None:
    pressed = tracker(f"/{intent}", intent, requested_slot="rating_comment", rating=4)
    _, slots = await run(rating.ValidateRatingForm(), pressed)
    assert slots == {"rating_comment": ""}


async def test_only_a_case_closed_by_staff_is_rated(store: CaseStore, number: str) -> None:
    pressed = tracker("/rate_case", "rate_case", entities={"rating": "5"})
    (said,), _ = await run(rating.ActionRateCase(), pressed)
    assert said["response"] == "utter_rating_no_case"
    (said,), _ = await run(rating.ActionRateCase(), tracker("/rate_case", "rate_case", entities={"rating": "9"}))
    assert said["response"] == "utter_what_now"


async def test_what_the_user_writes_goes_to_the_person_once(store: CaseStore, number: str) -> None:
    store.pick_up(number, by="staff:x")
    told = tracker("まだですか", "to_person", case_state="with_person", case_number=number)
    for _ in range(2):
        messages, _ = await run(person.ActionForwardToPerson(), told)
        assert [message.get("text") for message in messages] == [None]
    kinds = [entry.kind for entry in store.case_file(number).outbox if entry.direction == "to_staff"]
    assert kinds == ["notice", "message"]
    store.close(number, "answered", by="staff:x")
    _, slots = await run(person.ActionForwardToPerson(), tracker("もしもし", "to_person"))
    assert slots["case_state"] == "closed"


def bot(**custom: Any) -> dict[str, Any]:
    return {"event": "bot", "text": "", "data": {"custom": custom}}


@pytest.mark.parametrize(
    ("said", "meanwhile"),
    [
        ([bot(type="answer", topic="tax/vat")], {"outcome": "answered", "topics": ["tax/vat"]}),
        ([bot(type="suggestions", topics=["tax/vat"])], {"outcome": "suggested", "topics": ["tax/vat"]}),
        ([bot(type="suggestions", topics=[])], {"outcome": "other", "topics": []}),
        ([bot(type="out_of_scope")], {"outcome": "not_understood", "topics": []}),
        ([bot(type="answer", topic="tax/vat"), bot(type="roadmap")], {"outcome": "answered", "topics": ["tax/vat"]}),
        ([], {"outcome": "other", "topics": []}),
    ],
)
async def test_while_waiting_staff_are_told_what_was_answered(
    store: CaseStore, number: str, said: list[dict[str, Any]], meanwhile: dict[str, Any]
) -> None:
    told = tracker("まだですか", "tax", case_state="waiting", case_number=number)
    told.events = [bot(type="answer", topic="tax/corporate_tax"), {"event": "user", "text": "まだですか"}, *said]
    for _ in range(2):
        assert await run(person.ActionTellPerson(), told) == ([], {})
    notice, message = (entry for entry in store.case_file(number).outbox if entry.direction == "to_staff")
    assert notice.kind == "notice"
    assert (message.payload["text"], message.payload["meanwhile"]) == ("まだですか", meanwhile)
    store.close(number, "answered", by="operator")
    _, slots = await run(person.ActionTellPerson(), tracker("もしもし", "tax", case_state="waiting"))
    assert slots == {"case_state": "closed"}


@pytest.mark.parametrize("action", [person.ActionTellPerson, person.ActionForwardToPerson])
async def test_buttons_reach_staff_as_titles_and_never_as_payload(
    store: CaseStore, number: str, action: type[Any]
) -> None:
    await run(action(), tracker("/menu", "menu", case_state="with_person"))
    pressed = tracker('/show_topic{"topic": "tax/vat"}', "show_topic", entities={"topic": "tax/vat"})
    await run(action(), pressed)
    told = [entry.payload for entry in store.case_file(number).outbox if entry.kind == "message"]
    assert [(each["text"], each["pressed"]) for each in told] == [(knowledge()["tax/vat"].title["ja"], "tax/vat")]
    (message,) = (message for message in store.case_file(number).messages if message.channel == BUTTON_CHANNEL)
    assert message.text == knowledge()["tax/vat"].title["ja"]


async def test_an_erased_case_says_nothing(store: CaseStore, number: str) -> None:
    store.add_staff_message(number, "Guten Tag", by="staff:x")
    key = keys(store, number)[1]
    store.erase_case(number)
    said, _ = await staff_event(key)
    assert said == []
