"""What a message means, by its ranking and by the state of the conversation."""

from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet
from rasa.shared.core.slots import TextSlot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.decision import OutcomeDecider
from bot.nlu.text import shield

SLOTS = [TextSlot(name, mappings=[{"type": "custom"}]) for name in ("requested_slot", "case_state", "last_topic")]


def decided(
    text: str,
    best: str,
    outcome: str = "answer",
    slot: str | None = None,
    loop: bool = True,
    state: str | None = None,
    confidence: float = 0.9,
    last_topic: str | None = None,
    entity: str | None = None,
) -> str:
    tracker = DialogueStateTracker.from_dict("test", [], SLOTS)
    tracker.update(SlotSet("requested_slot", slot), Domain.empty())
    tracker.update(SlotSet("case_state", state), Domain.empty())
    tracker.update(SlotSet("last_topic", last_topic), Domain.empty())
    if slot and loop:
        tracker.update(ActiveLoop("handoff_form"), Domain.empty())
    data: dict[str, Any] = {
        "text": shield(text),
        "intent": {"name": best.split("/")[0], "confidence": confidence},
        "intent_ranking": [{"name": best, "confidence": confidence}],
        "outcome": outcome,
        "entities": [{"entity": entity, "value": ["05111000"], "start": 0, "end": 1}] if entity else [],
    }
    (message,) = OutcomeDecider().process([Message(data=data)], tracker)
    return str(message.get("intent")["name"])


TOPIC = "company/share_capital"
QUESTION = "How much is the share capital?"


def test_outcomes() -> None:
    assert decided(QUESTION, TOPIC) == "company"
    assert decided(QUESTION, TOPIC, "suggest") == "nlu_fallback"
    assert decided(QUESTION, TOPIC, "decline") == "out_of_scope"
    assert decided("Who is responsible?", "network/responsible_partner", "suggest") == "nlu_fallback"
    assert decided("hello", "greet", "decline", confidence=0.5) == "greet"
    assert decided("🙂", "greet") == "unreadable"
    assert decided("x" * 2001, TOPIC) == "too_long"


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Are there grants? We are a firm from Tokyo", "nlu_fallback"),
        ("Wir sind ein Unternehmen aus Tokio und suchen Zuschüsse", "nlu_fallback"),
        ("東京の会社ですが補助金はありますか", "nlu_fallback"),
        ("Which grants does Tokyo give to firms from Krefeld?", "tokyo"),
        ("東京に進出する会社への補助金", "tokyo"),
    ],
)
def test_who_comes_from_tokyo_hardly_asks_for_the_way_there(text: str, intent: str) -> None:
    assert decided(text, "tokyo/subsidies") == intent
    assert decided(text, "funding/overview") == "funding"


def test_a_likely_follow_up_needs_a_topic_to_follow() -> None:
    question = "Where would one have to hand that in?"
    assert decided(question, "aspect_office", "suggest", confidence=0.6) == "nlu_fallback"
    assert decided(question, "aspect_office", "suggest", confidence=0.6, last_topic=TOPIC) == "aspect_office"
    assert decided(question, "aspect_office", "suggest", confidence=0.3, last_topic=TOPIC) == "nlu_fallback"
    assert decided(QUESTION, TOPIC, "suggest", confidence=0.6, last_topic=TOPIC) == "nlu_fallback"


def test_a_likely_place_needs_one_that_is_named() -> None:
    question = "And once the three of us move over there?"
    assert decided(question, "inform_place", "suggest", last_topic=TOPIC, entity="place") == "inform_place"
    assert decided(question, "inform_place", "suggest", last_topic=TOPIC) == "nlu_fallback"


@pytest.mark.parametrize("slot", ["company", "contact_name", "email", "phone", "municipality", "consent", "confirm"])
def test_a_question_is_never_an_entry(slot: str) -> None:
    assert decided(QUESTION, TOPIC, slot=slot) == "company"
    assert decided(QUESTION, TOPIC, "suggest", slot=slot) == "nlu_fallback"
    assert decided("Who won the match?", TOPIC, "decline", slot=slot) == "out_of_scope"
    assert decided("How are you?", "greet", slot=slot) == "out_of_scope"


@pytest.mark.parametrize("slot", ["company", "contact_name"])
@pytest.mark.parametrize("name", ["Share Capital GmbH", "田中さやか", "Visa Tax"])
def test_a_name_that_resembles_a_topic_is_a_name(slot: str, name: str) -> None:
    assert decided(name, TOPIC, "suggest", slot=slot) == "form_input"
    if "か" not in name:
        assert decided(name, TOPIC, slot=slot) == "form_input"


def test_a_concern_is_whatever_is_written() -> None:
    assert decided(QUESTION, TOPIC, slot="concern") == "form_input"
    assert decided("we would like to cancel our rental contract in time", "cancel", slot="concern") == "form_input"
    assert decided("cancel", "cancel", slot="concern") == "cancel"


@pytest.mark.parametrize("intent", ["cancel", "case_status", "privacy", "delete_data", "change_language"])
@pytest.mark.parametrize("slot", ["company", "email", "confirm"])
def test_what_is_always_heard(slot: str, intent: str) -> None:
    assert decided("would you please now do that for me", intent, slot=slot) == intent


def test_a_form_that_ended_with_its_session_takes_no_entries() -> None:
    assert decided(QUESTION, TOPIC, "suggest", slot="company", loop=False) == "nlu_fallback"
    assert decided("hello", "greet", slot="company", loop=False) == "greet"


def test_everything_goes_to_the_person_who_has_the_case() -> None:
    for text, best in ((QUESTION, TOPIC), ("🙂", "greet"), ("cancel", "cancel")):
        assert decided(text, best, state="with_person") == "to_person"


def test_what_a_button_sent_is_left_alone() -> None:
    message = Message(data={"text": "/menu", "intent": {"name": "menu"}})
    OutcomeDecider().process([message])
    assert message.get("intent")["name"] == "menu"
