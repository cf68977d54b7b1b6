"""Two questions in one message: the first is answered, the second is offered, and a press or a yes answers it."""

from typing import Any

import pytest
import yaml

from actions.turn import knowledge
from bot.nlu.text import fold
from bot.settings import PROJECT_ROOT
from tests.conversation.questions import IN_LANGUAGE, LANGUAGES, YES
from tests.running import Assistant, Chat, Reply

FILE = PROJECT_ROOT / "tests" / "conversation" / "two_questions.yml"
CONTENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
MESSAGES: list[dict[str, str]] = CONTENT["messages"]
NEXT = {"de": "en", "en": "ja", "ja": "de"}
AGAIN = {
    "de": "Können Sie das bitte wiederholen?",
    "en": "Could you repeat that, please?",
    "ja": "もう一度言ってください",
}
# clear in each language
TAX_AND_SCHOOL = {
    "de": "Wie hoch ist die Gewerbesteuer in Köln? Außerdem: Welche japanischen Schulen gibt es?",
    "en": "How much is trade tax in Cologne? And which Japanese schools are there?",
    "ja": "ケルンの営業税の税率はいくらですか。それから、日本人学校はありますか。",
}
TAX, SCHOOLS = "tax/trade_tax", "living/schools"


def answered_topic(reply: Reply) -> str | None:
    """The topic of the answer of a turn, whatever follows it."""
    return next((custom.get("topic") for custom in reply.customs if custom["type"] == "answer"), None)


def offered_topics(reply: Reply, language: str) -> list[str]:
    """The topics offered behind the answer; none where nothing was offered."""
    if not reply.says("utter_further_question", language):
        return []
    assert reply.custom["type"] == "suggestions"
    topics: list[str] = reply.custom["topics"]
    assert {knowledge()[topic].title[language] for topic in topics} <= set(reply.buttons)
    return topics


@pytest.mark.server
@pytest.mark.parametrize(
    "message",
    [
        pytest.param(
            each,
            id=f"{each['language']}-{number}",
            # strict: what is mended must leave the list
            marks=[pytest.mark.xfail(reason="known failure", strict=True)] if each["text"] in CONTENT["known"] else [],
        )
        for number, each in enumerate(MESSAGES)
    ],
)
def test_the_first_is_answered_and_the_second_offered(assistant: Assistant, message: dict[str, str]) -> None:
    language = message["language"]
    reply = Chat(assistant, page_language=language).say(message["text"])
    assert answered_topic(reply) == message["first"], reply.customs
    assert message["second"] in offered_topics(reply, language), reply.customs


@pytest.mark.server
def test_a_press_answers_the_second_question(chat: Chat, language: str) -> None:
    assert offered_topics(chat.say(TAX_AND_SCHOOL[language]), language) == [SCHOOLS]
    reply = chat.press(knowledge()[SCHOOLS].title[language])
    assert (reply.custom["topic"], reply.custom["type"]) == (SCHOOLS, "answer")


@pytest.mark.server
def test_a_plain_yes_answers_the_second_question(chat: Chat, language: str) -> None:
    chat.say(TAX_AND_SCHOOL[language])
    reply = chat.say(YES[language])
    assert (reply.custom["topic"], reply.custom["type"]) == (SCHOOLS, "answer")
    assert not reply.says("utter_further_question", language)


@pytest.mark.server
def test_both_are_said_again_also_in_another_language(chat: Chat, language: str) -> None:
    chat.say(TAX_AND_SCHOOL[language])
    reply = chat.say(AGAIN[language])
    assert (answered_topic(reply), offered_topics(reply, language)) == (TAX, [SCHOOLS])
    other = NEXT[language]
    reply = chat.say(IN_LANGUAGE[other])
    assert (answered_topic(reply), offered_topics(reply, other)) == (TAX, [SCHOOLS])
    assert chat.say(YES[other]).custom["topic"] == SCHOOLS


@pytest.mark.server
def test_both_are_known_as_the_concern(chat: Chat, language: str) -> None:
    chat.say(TAX_AND_SCHOOL[language])
    slots = chat.assistant.conversation_rows(chat.sender)
    asked = [row for kind, row in slots if kind == "slot" and '"asked_topics"' in row]
    assert TAX in asked[-1]
    assert SCHOOLS in asked[-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_there_are_enough_messages_and_none_is_a_phrase(language: str) -> None:
    texts = [each["text"] for each in MESSAGES if each["language"] == language]
    assert len(texts) >= 8
    phrases = set()
    for path in sorted((PROJECT_ROOT / "data/nlu" / language).glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            phrases |= {fold(line.removeprefix("- ")) for line in str(block.get("examples") or "").splitlines()}
    assert not {fold(text) for text in texts} & phrases
    assert {each["first"] for each in MESSAGES} | {each["second"] for each in MESSAGES} <= set(knowledge())


def test_known_failures_are_messages_of_the_list() -> None:
    assert set(CONTENT["known"]) <= {each["text"] for each in MESSAGES}
