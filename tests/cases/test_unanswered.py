"""Which words of users come out of the case log: those of questions that were not answered, and only by consent."""

from datetime import timedelta

import pytest

from cases.models import Case
from cases.records import Contact, TranscriptLine
from cases.states import BUTTON_CHANNEL, Author, TurnOutcome
from cases.store import CaseStore
from tests.cases.conftest import CONTACT, Clock

ASKED = "Brauche ich für Hoshizora ein Visum?"


def ask(store: CaseStore, clock: Clock, text: str, outcome: str, topic: str | None = None) -> list[TranscriptLine]:
    """A question and how it was met; returns its line for the transcript."""
    clock.forward(seconds=20)
    line = TranscriptLine(clock(), Author.USER, text, "de")
    clock.forward(seconds=1)
    store.record_turn("talk", topic=topic, outcome=outcome, language="de")
    return [line]


def press(store: CaseStore, clock: Clock, topic: str) -> None:
    clock.forward(seconds=5)
    store.record_turn("talk", topic=topic, outcome="answered", language="de")


def hand_over(store: CaseStore, clock: Clock, lines: list[TranscriptLine], contact: Contact = CONTACT) -> Case:
    clock.forward(seconds=60)
    return store.submit("talk", contact, "Bitte um Rückruf", language="de", consent_at=clock(), transcript=lines)


def test_words_of_a_question_come_with_how_it_was_met_and_without_names(store: CaseStore, clock: Clock) -> None:
    lines = ask(store, clock, "Wie gründe ich eine GmbH?", "answered", "company/gmbh_formation")
    lines += ask(store, clock, ASKED, "suggested", "residence/visa_basics")
    press(store, clock, "residence/business_visa")
    lines += ask(store, clock, "Und mein Hund?", "not_understood")
    hand_over(store, clock, lines)
    first, second = store.unanswered_questions()
    assert first.text == "Brauche ich für […] ein Visum?"
    assert (first.outcome, first.offered, first.chosen) == (
        TurnOutcome.SUGGESTED,
        "residence/visa_basics",
        "residence/business_visa",
    )
    assert (second.text, second.outcome, second.chosen) == ("Und mein Hund?", TurnOutcome.NOT_UNDERSTOOD, None)


def test_what_is_typed_next_is_not_taken_for_a_choice(store: CaseStore, clock: Clock) -> None:
    lines = ask(store, clock, ASKED, "suggested", "residence/visa_basics")
    lines += ask(store, clock, "Wie gründe ich eine GmbH?", "answered", "company/gmbh_formation")
    hand_over(store, clock, lines)
    (question,) = store.unanswered_questions()
    assert question.chosen is None


def test_a_turn_without_words_brings_none(store: CaseStore, clock: Clock) -> None:
    lines = ask(store, clock, "Wie gründe ich eine GmbH?", "answered", "company/gmbh_formation")
    clock.forward(seconds=5)
    store.record_turn("talk", topic=None, outcome="suggested", language="de")
    hand_over(store, clock, lines)
    assert store.unanswered_questions() == []


def test_a_topic_pressed_while_waiting_is_a_choice_and_no_wording(store: CaseStore, clock: Clock) -> None:
    hand_over(store, clock, [])
    clock.forward(seconds=20)
    asked = clock()
    clock.forward(seconds=1)
    store.record_turn("talk", topic="residence/visa_basics", outcome="suggested", language="de")
    store.add_user_message("talk", "Brauche ich ein Visum?", language="de", channel="chat", external_id="1", at=asked)
    clock.forward(seconds=5)
    pressed = clock()
    store.record_turn("talk", topic="residence/business_visa", outcome="answered", language="de")
    title = "Visum für Geschäftsreisen"
    store.add_user_message("talk", title, language="de", channel=BUTTON_CHANNEL, external_id="2", at=pressed)
    # a button may lead to suggestions as well
    clock.forward(seconds=5)
    store.add_user_message("talk", "Steuern", language="de", channel=BUTTON_CHANNEL, external_id="3", at=clock())
    store.record_turn("talk", topic="tax/vat", outcome="suggested", language="de")
    (question,) = store.unanswered_questions()
    assert (question.text, question.chosen) == ("Brauche ich ein Visum?", "residence/business_visa")


def test_nothing_without_consent(store: CaseStore, clock: Clock) -> None:
    ask(store, clock, ASKED, "suggested")
    store.offer("talk", language="de")
    assert store.unanswered_questions() == []


@pytest.mark.parametrize("way", ["by the user", "by number"])
def test_nothing_after_erasure(store: CaseStore, clock: Clock, way: str) -> None:
    case = hand_over(store, clock, ask(store, clock, ASKED, "suggested"))
    if way == "by number":
        store.erase_case(case.number)
    else:
        store.erase("talk")
    assert store.unanswered_questions() == []


def test_nothing_beyond_retention_even_before_it_has_run(store: CaseStore, clock: Clock) -> None:
    hand_over(store, clock, ask(store, clock, ASKED, "suggested"))
    store.withdraw("talk")
    clock.forward(days=29)
    assert len(store.unanswered_questions(case_days=30)) == 1
    clock.forward(days=2)
    assert store.unanswered_questions(case_days=30) == []


def test_only_cases_opened_since_a_day(store: CaseStore, clock: Clock) -> None:
    begun = clock()
    hand_over(store, clock, ask(store, clock, ASKED, "suggested"))
    assert len(store.unanswered_questions(begun)) == 1
    assert store.unanswered_questions(begun + timedelta(days=1)) == []
