"""The language changes by writing in it, by asking for it, by button; the last answer is said again."""

import pytest

from actions.turn import knowledge
from bot.knowledge.wording import get_wording
from tests.conversation.questions import (
    GMBH,
    GMBH_TOPIC,
    GREETING,
    IN_CHARGE,
    IN_LANGUAGE,
    LANGUAGES,
    OTHER_LANGUAGE,
    UNRELATED,
)
from tests.running import Assistant, Chat

pytestmark = pytest.mark.server

NEXT = {"de": "en", "en": "ja", "ja": "de"}
NAMES = {"de": "Deutsch", "en": "English", "ja": "日本語"}
TEXT = {language: knowledge()[GMBH_TOPIC].text[language].strip() for language in LANGUAGES}


def test_writing_in_another_language(chat: Chat, language: str) -> None:
    chat.say(GREETING[language])
    other = NEXT[language]
    assert chat.say(GMBH[other]).texts[0] == TEXT[other]
    assert chat.say(GMBH[language]).texts[0] == TEXT[language]


def test_the_page_tells_the_language_of_a_first_message_that_does_not(chat: Chat, language: str) -> None:
    assert chat.say("🙂").says("utter_unreadable", language)


def test_without_any_hint_it_is_english(assistant: Assistant) -> None:
    assert Chat(assistant).say("🙂").says("utter_unreadable", "en")


@pytest.mark.parametrize("name", ["GmbH", "40213", "Köln", "Düsseldorf", "🙂", "München"])
def test_what_is_no_sentence_keeps_the_language(chat: Chat, language: str, name: str) -> None:
    chat.say(GMBH[language])
    assert chat.say(name).custom["language"] == language


def test_asking_for_a_language_repeats_the_answer(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    other = NEXT[language]
    # whichever of the two languages the wish is written in
    for wish in (IN_LANGUAGE[other], IN_LANGUAGE[language]):
        chat.say(wish)
    reply = chat.say(IN_LANGUAGE[other])
    assert reply.texts == [TEXT[other]]
    assert reply.custom["language"] == other


def test_a_choice_stays_whatever_is_written(chat: Chat, language: str) -> None:
    chat.say(IN_LANGUAGE[language])
    other = NEXT[language]
    assert chat.say(UNRELATED[other][0]).says("utter_decline", language)
    # until it is revoked
    assert chat.say(IN_LANGUAGE[other]).custom["language"] == other
    assert chat.say(UNRELATED[language][0]).custom["language"] == other


def test_by_button_of_the_greeting(chat: Chat, language: str) -> None:
    chat.say(GREETING[language])
    other = NEXT[language]
    assert chat.press(NAMES[other]).says("utter_language_set", other)
    assert chat.say(UNRELATED[language][0]).says("utter_decline", other)


def test_asking_which_language_then_by_button(chat: Chat, language: str) -> None:
    chat.say(GMBH[language])
    assert chat.say(OTHER_LANGUAGE[language]).says("utter_which_language", language)
    assert list(chat.last.buttons) == [
        button.title[language] for button in get_wording().responses["utter_which_language"].buttons
    ]
    other = NEXT[language]
    assert chat.press(NAMES[other]).texts == [TEXT[other]]


def test_a_partner_is_named_again(chat: Chat, language: str) -> None:
    chat.say(IN_CHARGE[language])
    other = NEXT[language]
    reply = chat.say(IN_LANGUAGE[other])
    assert reply.says("utter_partner", other)
    assert reply.custom["partner"] == "rhein_kreis_neuss"


def test_suggestions_are_made_again(chat: Chat, language: str) -> None:
    chat.say(GREETING[language])
    chat.press(get_wording().responses["utter_greet"].buttons[0].title[language])
    area = knowledge().areas[0]
    chat.press(area.title[language])
    other = NEXT[language]
    assert chat.say(IN_LANGUAGE[other]).says("utter_area", other, area=area.title[other])
