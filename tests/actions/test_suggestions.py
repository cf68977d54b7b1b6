"""What follows on suggestions, and what a question names beside its topic."""

import pytest

from actions.answers import ActionAnswer, ActionAspect, ActionDecline, ActionSuggest
from actions.dialogue import ActionSetLanguage, ActionYesNo
from actions.turn import knowledge
from tests.actions.trio import Conversation

ONE, OTHER = "living/schools", "living/housing"
PAPERS = "residence/blue_card"

pytestmark = pytest.mark.usefixtures("cases")


async def suggest(conversation: Conversation, *topics: str) -> None:
    ranking = [{"name": topic, "confidence": 0.4} for topic in topics]
    await conversation.run(ActionSuggest(), "nlu_fallback", ranking=ranking)


async def test_a_yes_takes_the_only_topic(conversation: Conversation) -> None:
    await suggest(conversation, ONE)
    assert conversation.responses == ["utter_suggest_one"]
    await conversation.run(ActionYesNo(), "affirm", "yes")
    assert conversation.custom["topic"] == ONE


async def test_a_yes_to_several_asks_which(conversation: Conversation) -> None:
    await suggest(conversation, ONE, OTHER)
    assert conversation.responses == ["utter_suggest"]
    await conversation.run(ActionYesNo(), "affirm", "yes")
    assert conversation.custom["topics"] == [ONE, OTHER]


async def test_a_yes_later_on_takes_nothing(conversation: Conversation) -> None:
    await suggest(conversation, ONE)
    await conversation.run(ActionDecline(), "out_of_scope", "the weather")
    await conversation.run(ActionYesNo(), "affirm", "yes")
    assert conversation.responses == ["utter_what_now"]


@pytest.mark.parametrize(("typed", "topic"), [("1", ONE), ("2.", OTHER), ("２", OTHER), ("2番", OTHER)])
async def test_a_number_takes_the_topic_that_stands_there(conversation: Conversation, typed: str, topic: str) -> None:
    await suggest(conversation, ONE, OTHER)
    await conversation.run(ActionDecline(), "unreadable", typed)
    assert conversation.custom["topic"] == topic


@pytest.mark.parametrize("typed", ["0", "3", "12", "-1"])
async def test_a_number_that_stands_nowhere_takes_none(conversation: Conversation, typed: str) -> None:
    await suggest(conversation, ONE, OTHER)
    await conversation.run(ActionDecline(), "unreadable", typed)
    assert conversation.custom["type"] == "out_of_scope"


async def test_an_aspect_of_what_was_only_suggested(conversation: Conversation) -> None:
    await suggest(conversation, ONE)
    await conversation.run(ActionAspect(), "aspect_cost", "and the costs?")
    assert conversation.custom["topics"] == [ONE]


@pytest.mark.parametrize("typed", ["Was kostet die Blaue Karte?", "EUブルーカードの費用は？", "EU Blue Card fees"])
async def test_what_a_question_names_is_told_beside_the_answer(conversation: Conversation, typed: str) -> None:
    aspect = knowledge()[PAPERS].aspect("cost")
    assert aspect is not None
    assert aspect.text is not None
    await conversation.run(ActionAnswer(), "residence", typed, topic=PAPERS)
    texts = [message["text"] for message in conversation.dispatcher.messages if message.get("text")]
    assert texts == [aspect.text[conversation.language]]
    assert conversation.custom["aspects"] == ["cost"]
    await conversation.run(ActionAnswer(), "residence", "Blue Card", topic=PAPERS)
    assert "aspects" not in conversation.custom


@pytest.mark.parametrize(
    ("typed", "names", "written", "wanted"),
    [
        ("auf Englisch bitte", ["Englisch"], "de", "en"),
        ("I don't speak German", ["German"], "en", "en"),
        ("ドイツ語はできません", ["ドイツ語"], "ja", "ja"),
        ("Sorry, my German is bad, can we use English", ["German", "English"], "en", "en"),
        ("English please, not German", ["English", "German"], "en", "en"),
        ("日本語でお願いします。英語は苦手です", ["日本語", "英語"], "ja", "ja"),
        ("kein Deutsch", ["Deutsch"], "de", "en"),
    ],
)
async def test_a_language_that_is_refused_is_not_taken(
    conversation: Conversation, typed: str, names: list[str], written: str, wanted: str
) -> None:
    values = {
        "German": "de",
        "Deutsch": "de",
        "ドイツ語": "de",
        "English": "en",
        "Englisch": "en",
        "英語": "en",
        "日本語": "ja",
    }
    named = [("target_language", values[name], typed.index(name)) for name in names]
    done = await conversation.run(ActionSetLanguage(), "change_language", typed, named=named, language=written)
    assert [event["value"] for event in done if event.get("name") == "language_choice"] == [wanted]
