"""While a case waits the program answers on, and the person who will take it reads along."""

from typing import Any

import pytest

from actions.turn import knowledge
from cases.states import CaseState
from tests.conversation.questions import GMBH, GMBH_TOPIC, GREETING, PRIVACY, UNRELATED, WITHDRAW
from tests.conversation.test_handoff import fill, submitted
from tests.running import Chat, wait_for

pytestmark = pytest.mark.server


def told(chat: Chat, number: str) -> list[tuple[str, dict[str, Any] | None]]:
    """What staff were told that the user wrote, with how the program met it."""
    entries = chat.assistant.cases.case_file(number).outbox
    return [
        (entry.payload["text"], entry.payload.get("meanwhile"))
        for entry in entries
        if (entry.direction, entry.kind) == ("to_staff", "message")
    ]


def test_each_message_is_answered_and_told(chat: Chat, language: str) -> None:
    fill(chat, language)
    case = submitted(chat, language)
    assert chat.say(GMBH[language]).custom["topic"] == GMBH_TOPIC
    assert chat.say(GREETING[language]).custom["type"] == "smalltalk"
    unrelated = UNRELATED[language][0]
    assert chat.say(unrelated).type == "out_of_scope"
    assert chat.say(PRIVACY[language]).type == "privacy"
    assert told(chat, case.number) == [
        (GMBH[language], {"outcome": "answered", "topics": [GMBH_TOPIC]}),
        (GREETING[language], {"outcome": "other", "topics": []}),
        (unrelated, {"outcome": "not_understood", "topics": []}),
        (PRIVACY[language], {"outcome": "other", "topics": []}),
    ]
    # editors find each question beside its outcome
    questions = [each for each in chat.assistant.cases.unanswered_questions() if each.text == unrelated]
    assert [(each.outcome, each.language) for each in questions] == [("off_topic", language)]
    # in the notice the topic has its title
    title = knowledge()[GMBH_TOPIC].title["de"]
    notices = wait_for(lambda: (found := chat.assistant.notices(case.number))[4:] and found, "the notices")
    assert any(GMBH[language] in notice and title in notice for notice in notices[1:])
    assert chat.assistant.cases.case(case.number).state == CaseState.WAITING


@pytest.mark.parametrize("language", ["ja"])
def test_buttons_are_told_where_they_say_something(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    related = [label for label in chat.last.buttons if label in {answer.title[language] for answer in topics()}]
    token = chat.last.buttons[related[0]]
    fill(chat, language)
    case = submitted(chat, language)
    chat.press("menu_button", language)
    assert told(chat, case.number) == []
    topic = chat.say(token).custom["topic"]
    assert told(chat, case.number) == [(related[0], {"outcome": "answered", "topics": [topic]})]


def topics() -> list[Any]:
    return [knowledge()[key] for key in knowledge()]


@pytest.mark.parametrize("language", ["en"])
def test_the_guided_way_goes_on_while_waiting(chat: Chat, language: str) -> None:
    fill(chat, language)
    case = submitted(chat, language)
    start = "What do I have to do?"
    first = chat.say(start)
    assert first.type == "roadmap", first.text
    second = chat.say(next(iter(first.buttons.values())))
    assert (second.custom["state"], second.custom["number"]) == ("form", 2)
    assert [text for text, _ in told(chat, case.number)] == [start]


@pytest.mark.parametrize("language", ["de"])
def test_without_the_case_log_the_user_is_told(chat: Chat, language: str) -> None:
    fill(chat, language)
    case = submitted(chat, language)
    with chat.assistant.without_case_log():
        reply = chat.say(GMBH[language])
        assert reply.customs[0]["topic"] == GMBH_TOPIC
        assert reply.says("utter_not_passed_on", language)
    assert told(chat, case.number) == []


def test_after_withdrawing_nobody_reads_along(chat: Chat, language: str) -> None:
    fill(chat, language)
    case = submitted(chat, language)
    chat.say(WITHDRAW[language])
    chat.say(GMBH[language])
    assert told(chat, case.number) == []
