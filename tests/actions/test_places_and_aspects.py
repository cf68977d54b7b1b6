"""A place or an aspect asked for behind an answer: what it refers to, and what is not said twice."""

import pytest

from actions.answers import ActionAnswer, ActionAspect, ActionSuggest
from actions.places import ActionPlace
from actions.turn import knowledge
from bot.directory import PLACE_TOPIC
from tests.actions.trio import Conversation

MEERBUSCH, KOELN = "05162022", "05315000"
LOCAL, EVERYWHERE, SCHOOLS = "living/housing", "residence/visa_overview", "living/schools"

pytestmark = pytest.mark.usefixtures("cases")


async def test_behind_an_answer_only_what_holds_in_the_place(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "living", topic=LOCAL)
    await conversation.run(ActionPlace(), "inform_place", place=[MEERBUSCH])
    local = knowledge()[LOCAL].local_part("rhein_kreis_neuss", MEERBUSCH)
    assert local is not None
    (message,) = conversation.dispatcher.messages
    assert local.text[conversation.language] in message["text"]
    assert (message["custom"]["type"], message["custom"]["topic"]) == ("answer", LOCAL)
    # and again in full when something else was said in between
    conversation.slots["last_turn"] = {"kind": "menu"}
    await conversation.run(ActionPlace(), "inform_place", place=[KOELN])
    assert f"utter_{LOCAL}" in conversation.responses


async def test_what_holds_everywhere_is_said_to_do_so(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "residence", topic=EVERYWHERE)
    await conversation.run(ActionPlace(), "inform_place", place=[KOELN])
    assert conversation.responses == ["utter_same_everywhere", "utter_partner"]
    assert conversation.slots["last_topic"] == EVERYWHERE, "a question for the cost goes on with the topic"


async def test_a_place_without_a_topic_is_what_is_asked_about(conversation: Conversation) -> None:
    await conversation.run(ActionPlace(), "inform_place", place=[KOELN])
    assert conversation.responses == ["utter_partner"]
    assert conversation.slots["last_topic"] == PLACE_TOPIC


async def test_an_aspect_behind_suggestions_asks_of_what(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "living", topic=LOCAL)
    conversation.slots["last_turn"] = {"kind": "suggestions", "topics": [EVERYWHERE, SCHOOLS]}
    await conversation.run(ActionAspect(), "aspect_office")
    assert conversation.responses == ["utter_aspect_of_which"]
    assert conversation.custom["topics"] == [EVERYWHERE, SCHOOLS, LOCAL]


async def test_what_is_hardly_likely_is_not_suggested(conversation: Conversation) -> None:
    ranking = [
        {"name": name, "confidence": each} for name, each in ((SCHOOLS, 0.9), (LOCAL, 0.05), (EVERYWHERE, 0.001))
    ]
    await conversation.run(ActionSuggest(), "nlu_fallback", ranking=ranking)
    assert conversation.custom["topics"] == [SCHOOLS, LOCAL]
