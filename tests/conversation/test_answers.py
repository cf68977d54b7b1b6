"""Greeting, answers, suggestions, off-topic, follow-ups, menu, feedback."""

import pytest

from actions.turn import knowledge
from bot.knowledge.wording import get_wording
from cases.states import Feedback, TurnOutcome
from tests.conversation.questions import (
    COST,
    GMBH,
    GMBH_TOPIC,
    GREETING,
    OFFICE_TOPIC,
    PERSON,
    ROBOT,
    UNRELATED,
    VAGUE,
    YES,
)
from tests.running import Chat, Reply

pytestmark = pytest.mark.server


def test_greeting(chat: Chat, language: str) -> None:
    reply = chat.say(GREETING[language])
    assert reply.says("utter_greet", language)
    assert reply.custom == {"type": "smalltalk", "name": "greet", "language": language}
    titles = [button.title[language] for button in get_wording().responses["utter_greet"].buttons]
    assert list(reply.buttons) == titles
    assert chat.assistant.cases.latest_case(chat.sender) is None, "a greeting alone makes no case"


def test_a_program_says_that_it_is_one(chat: Chat, language: str) -> None:
    assert chat.say(ROBOT[language]).says("utter_bot_challenge", language)


def test_an_answer_with_its_custom_message(chat: Chat, language: str) -> None:
    answer = knowledge()[GMBH_TOPIC]
    reply = chat.say(GMBH[language])
    assert reply.texts[0] == answer.text[language].strip()
    assert reply.custom == answer.message(language)
    assert reply.custom["sources"]
    assert reply.custom["reviewed_on"] == answer.reviewed_on.isoformat()
    titles = [knowledge()[topic].title[language] for topic in answer.related]
    assert list(reply.buttons)[: len(titles)] == titles
    for key in ("person_button", "helpful_button", "not_helpful_button"):
        assert get_wording().text(key, language) in reply.buttons


def test_a_related_topic_by_button(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    topic = knowledge()[GMBH_TOPIC].related[0]
    reply = chat.press(knowledge()[topic].title[language])
    assert reply.texts[0] == knowledge()[topic].text[language].strip()
    assert reply.custom["topic"] == topic


def test_every_question_is_logged_without_its_words(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    chat.say(UNRELATED[language][0])
    case = chat.assistant.cases.latest_case(chat.sender)
    assert case is not None
    file = chat.assistant.cases.case_file(case.number)
    assert (file.turns[0].topic, file.turns[0].outcome) == (GMBH_TOPIC, TurnOutcome.ANSWERED)
    assert {turn.language for turn in file.turns} == {language}
    assert len(file.turns) == 2
    assert file.messages == []
    assert (case.concern, case.company, case.email) == (None, None, None)


def suggestions(chat: Chat, language: str) -> Reply:
    """The first suggestions that a vague message gets."""
    for text in VAGUE[language]:
        if chat.say(text).says("utter_suggest", language):
            return chat.last
    pytest.fail("No vague message gets suggestions.")


def test_topics_that_may_be_meant(chat: Chat, language: str) -> None:
    reply = suggestions(chat, language)
    assert reply.custom["type"] == "suggestions"
    topics = reply.custom["topics"]
    assert 1 <= len(topics) <= 3
    assert list(reply.buttons)[: len(topics)] == [knowledge()[topic].title[language] for topic in topics]
    chosen = chat.press(knowledge()[topics[-1]].title[language])
    assert chosen.custom["topic"] == topics[-1]


def test_something_else_than_suggested(chat: Chat, language: str) -> None:
    suggestions(chat, language)
    assert chat.press("something_else_button", language).says("utter_menu", language)


def test_off_topic(chat: Chat, language: str) -> None:
    reply = chat.say(UNRELATED[language][0])
    assert reply.says("utter_decline", language)
    assert reply.custom == {"type": "out_of_scope", "language": language}
    assert list(reply.buttons) == [get_wording().text(key, language) for key in ("person_button", "menu_button")]


def test_two_misses_then_the_offer_of_a_person(chat: Chat, language: str) -> None:
    first, second = UNRELATED[language]
    chat.say(first)
    assert chat.say(second).says("utter_decline_again", language)
    assert chat.say(YES[language]).custom["field"] == "consent"


def test_an_answer_between_two_misses_counts_anew(chat: Chat, language: str) -> None:
    first, second = UNRELATED[language]
    chat.say(first)
    chat.say(GMBH[language])
    assert chat.say(second).says("utter_decline", language)


def test_yes_refers_only_to_the_last_turn(chat: Chat, language: str) -> None:
    first, second = UNRELATED[language]
    chat.say(first)
    chat.say(second)
    chat.say(GREETING[language])
    assert chat.say(YES[language]).custom.get("field") != "consent"


def test_asking_for_a_person_in_words(chat: Chat, language: str) -> None:
    reply = chat.say(PERSON[language])
    assert reply.says("utter_ask_consent", language)
    assert (reply.custom["type"], reply.custom["state"]) == ("handoff", "offered")


def test_what_does_it_cost(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    aspect = knowledge()[GMBH_TOPIC].aspect("cost")
    assert aspect is not None
    reply = chat.say(COST[language])
    assert reply.custom["topic"] == (aspect.topic or GMBH_TOPIC)
    expected = knowledge()[aspect.topic].text if aspect.topic else aspect.text
    assert expected is not None
    assert reply.texts[0] == expected[language].strip()


def test_what_does_it_cost_without_a_topic(chat: Chat, language: str) -> None:
    assert chat.say(COST[language]).says("utter_aspect_of_what", language)


def test_the_menu_leads_to_an_answer(chat: Chat, language: str) -> None:
    chat.say(GREETING[language])
    reply = chat.press(get_wording().responses["utter_greet"].buttons[0].title[language])
    assert reply.says("utter_menu", language)
    areas = knowledge().areas
    assert list(reply.buttons)[: len(areas)] == [area.title[language] for area in areas]
    reply = chat.press(areas[1].title[language])
    assert reply.says("utter_area", language, area=areas[1].title[language])
    assert reply.custom["topics"] == list(areas[1].topics)
    topic = areas[1].topics[0]
    assert chat.press(knowledge()[topic].title[language]).custom["topic"] == topic


def test_an_answer_that_differs_by_place(chat: Chat, language: str) -> None:
    answer = knowledge()[OFFICE_TOPIC]
    assert answer.local is not None
    assert answer.local.comparison is not None
    chat.say(GREETING[language])
    chat.press(get_wording().responses["utter_greet"].buttons[0].title[language])
    chat.press(knowledge().area("location").title[language])
    reply = chat.press(answer.title[language])
    assert reply.custom["topic"] == OFFICE_TOPIC
    assert answer.local.comparison[language].strip() in reply.text
    # naming a place afterwards gives what holds there
    local = answer.local_part("duesseldorf", "05111000")
    assert local is not None
    reply = chat.say("40213")
    assert reply.custom["topic"] == OFFICE_TOPIC
    assert local.text[language].strip() in reply.text


def test_feedback_is_stored_with_the_case(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    assert chat.press("helpful_button", language).says("utter_feedback_thanks", language)
    case = chat.assistant.cases.latest_case(chat.sender)
    assert case is not None
    (turn,) = chat.assistant.cases.case_file(case.number).turns
    assert (turn.feedback, turn.feedback_reason) == (Feedback.HELPFUL, None)


def test_feedback_with_a_reason(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    assert chat.press("not_helpful_button", language).says("utter_feedback_reason", language)
    assert chat.press("reason_outdated_button", language).says("utter_feedback_thanks", language)
    case = chat.assistant.cases.latest_case(chat.sender)
    assert case is not None
    (turn,) = chat.assistant.cases.case_file(case.number).turns
    assert (turn.feedback, turn.feedback_reason) == (Feedback.NOT_HELPFUL, "outdated")
