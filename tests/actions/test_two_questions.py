"""What a message asked for beside the question that is answered is offered, said again, and taken by a plain yes."""

import pytest

from actions.answers import ActionAnswer
from actions.dialogue import ActionRepeat, ActionYesNo
from actions.turn import knowledge
from bot.directory import PLACE_TOPIC
from cases.store import CaseStore
from tests.actions.trio import Conversation

GMBH, SCHOOLS, VAT = "company/gmbh_formation", "living/schools", "tax/vat"
NEUSS = "05162024"

pytestmark = pytest.mark.usefixtures("cases")


def show(topic: str) -> str:
    return f'/show_topic{{"topic": "{topic}"}}'


def answered(conversation: Conversation) -> list[str]:
    return [name for name in conversation.responses if name.startswith("utter_") and "/" in name]


def offered(conversation: Conversation) -> list[str]:
    """The topics offered in the last message of the turn."""
    last = conversation.dispatcher.messages[-1]
    if last["response"] != "utter_further_question":
        return []
    topics = list(last["custom"]["topics"])
    assert last["custom"] == {"type": "suggestions", "language": conversation.language, "topics": topics}
    titles = [{"title": knowledge()[topic].title[conversation.language], "payload": show(topic)} for topic in topics]
    assert last["buttons"] == titles
    return topics


async def test_a_second_question_is_offered_behind_the_answer(conversation: Conversation, cases: CaseStore) -> None:
    await conversation.run(ActionAnswer(), "company", topic=GMBH, further=[SCHOOLS, "no/topic"])
    assert answered(conversation) == [f"utter_{GMBH}"]
    assert offered(conversation) == [SCHOOLS]
    assert conversation.slots["last_topic"] == GMBH
    assert conversation.slots["asked_topics"] == [GMBH, SCHOOLS]
    case = cases.latest_case(conversation.sender)
    assert case is not None
    assert [turn.topic for turn in cases.case_file(case.number).turns] == [GMBH]


async def test_a_related_topic_is_not_offered_twice(conversation: Conversation) -> None:
    related = knowledge()[GMBH].related[0]
    await conversation.run(ActionAnswer(), "company", topic=GMBH, further=[related])
    assert conversation.payloads.count(show(related)) == 1


async def test_one_question_offers_nothing_more(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "company", topic=GMBH)
    assert offered(conversation) == []
    assert conversation.slots["last_turn"] == {"kind": "answer", "topic": GMBH}


async def test_a_yes_takes_one_after_the_other(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "company", topic=GMBH, further=[SCHOOLS, VAT])
    await conversation.run(ActionYesNo(), "affirm")
    assert (answered(conversation), offered(conversation)) == ([f"utter_{SCHOOLS}"], [VAT])
    await conversation.run(ActionYesNo(), "affirm")
    assert (answered(conversation), offered(conversation)) == ([f"utter_{VAT}"], [])
    await conversation.run(ActionYesNo(), "affirm")
    assert conversation.responses == ["utter_what_now"]


async def test_a_no_takes_none(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "company", topic=GMBH, further=[SCHOOLS])
    await conversation.run(ActionYesNo(), "deny")
    assert conversation.responses == ["utter_what_now"]


async def test_a_repeated_answer_offers_again(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "company", topic=GMBH, further=[SCHOOLS])
    await conversation.run(ActionRepeat(), "repeat")
    assert (answered(conversation), offered(conversation)) == ([f"utter_{GMBH}"], [SCHOOLS])
    await conversation.run(ActionYesNo(), "affirm")
    assert answered(conversation) == [f"utter_{SCHOOLS}"]


async def test_behind_the_partner_of_a_place(conversation: Conversation) -> None:
    await conversation.run(ActionAnswer(), "network", topic=PLACE_TOPIC, further=[SCHOOLS], place=[NEUSS])
    assert conversation.responses[0] == "utter_partner"
    assert offered(conversation) == [SCHOOLS]
    await conversation.run(ActionRepeat(), "repeat")
    assert conversation.responses[0] == "utter_partner"
    assert offered(conversation) == [SCHOOLS]
    await conversation.run(ActionYesNo(), "affirm")
    assert answered(conversation) == [f"utter_{SCHOOLS}"]
