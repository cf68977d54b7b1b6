"""A place or an aspect asked for behind an answer: what it refers to, and what is not said twice."""

import pytest

from actions.answers import ActionAnswer, ActionAspect, ActionSuggest
from actions.places import ActionPlace
from actions.turn import knowledge
from bot.directory import PLACE_TOPIC, get_directory
from tests.actions.trio import Conversation

MEERBUSCH, NEUSS, KOELN = "05162022", "05162024", "05315000"
LOCAL, EVERYWHERE, SCHOOLS = "living/housing", "residence/visa_overview", "living/schools"

pytestmark = pytest.mark.usefixtures("cases")


def name_of(ags: str, conversation: Conversation) -> str:
    return get_directory().municipality(ags).name[conversation.language]


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


async def test_what_holds_in_each_of_several_places(conversation: Conversation) -> None:
    named = [("place", [KOELN]), ("place", [MEERBUSCH]), ("region", "rhein_kreis_neuss")]
    await conversation.run(ActionAnswer(), "living", topic=LOCAL, named=named)
    answer = knowledge()[LOCAL]
    locals_ = [answer.local_part("koeln", KOELN), answer.local_part("rhein_kreis_neuss", MEERBUSCH)]
    texts = [message["text"] for message in conversation.dispatcher.messages if message.get("text")]
    assert len(texts) == 2, "the district of a town that is named is no place of its own"
    for text, local in zip(texts, locals_, strict=True):
        assert local is not None
        assert local.text[conversation.language] in text
    urls = [source["url"] for source in conversation.custom["sources"]]
    assert {source.url for local in locals_ if local for source in local.sources} <= set(urls)
    # the first one is what the conversation goes on about
    assert conversation.slots["place"] == {"ags": KOELN, "region": None}


async def test_behind_an_answer_what_holds_in_several_places(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "living", topic=LOCAL)
    await conversation.run(ActionPlace(), "inform_place", named=[("place", [KOELN]), ("place", [MEERBUSCH])])
    one, other = conversation.dispatcher.messages
    assert name_of(KOELN, conversation) in one["text"]
    assert name_of(MEERBUSCH, conversation) in other["text"]
    assert not one["buttons"]
    assert other["buttons"]


async def test_one_text_for_towns_of_one_district(conversation: Conversation) -> None:
    partner_alone = "tax/trade_tax"
    named = [("region", "rhein_kreis_neuss"), ("place", ["05162016"]), ("place", ["05162028"])]
    answer = knowledge()[partner_alone]
    found = {answer.local_part("rhein_kreis_neuss", ags) for ags in ("05162016", "05162028")}
    await conversation.run(ActionAnswer(), "tax", topic=partner_alone, named=named)
    texts = [message["text"] for message in conversation.dispatcher.messages if message.get("text")]
    assert len(texts) == len(found)


async def test_a_shared_name_beside_a_clear_one(conversation: Conversation) -> None:
    named = [("place", ["05370020", "05954024"]), ("place", [KOELN])]
    await conversation.run(ActionAnswer(), "living", topic=LOCAL, named=named)
    texts = [message["text"] for message in conversation.dispatcher.messages if message.get("text")]
    assert [name_of(KOELN, conversation) in text for text in texts] == [True]
    assert "place" not in conversation.slots, "what the conversation is about is still open"


async def test_partners_of_several_places(conversation: Conversation) -> None:
    named = [("place", [MEERBUSCH]), ("place", [NEUSS]), ("place", [KOELN])]
    await conversation.run(ActionPlace(), "inform_place", named=named)
    assert conversation.responses == ["utter_partner", "utter_partner"]
    one, other = conversation.dispatcher.messages
    assert one["custom"]["partner"] == "rhein_kreis_neuss"
    assert all(name_of(each, conversation) in one["place"] for each in (MEERBUSCH, NEUSS)), "towns of one partner"
    assert (other["custom"]["partner"], other["custom"]["municipality"]) == ("koeln", KOELN)
    assert not one["buttons"]
    assert other["buttons"]


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
