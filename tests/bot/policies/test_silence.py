"""While a person has the case the program says nothing, except what nobody else can say."""

from typing import Any

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.policies.silence import ERASE_ACTION, FORWARD_ACTION, SilencePolicy

DOMAIN = Domain.from_dict(
    {
        "version": "3.1",
        "intents": ["greet", "withdraw", "delete_data", "staff_event", "too_long", "unreadable", "to_person"],
        "slots": {
            "case_state": {"type": "text", "mappings": [{"type": "custom"}]},
            "pending": {"type": "text", "mappings": [{"type": "custom"}]},
        },
        "actions": [FORWARD_ACTION, ERASE_ACTION],
    }
)


@pytest.fixture
def policy() -> SilencePolicy:
    context = ExecutionContext(GraphSchema({}), "test")
    return SilencePolicy(SilencePolicy.get_default_config(), None, Resource("silence"), context)


def predicted(policy: SilencePolicy, intent: str, state: str | None, *actions: str, text: str = "text") -> str | None:
    tracker = DialogueStateTracker.from_events("test", [], slots=DOMAIN.slots, domain=DOMAIN)
    events: list[Any] = [SlotSet("case_state", state), ActionExecuted("action_listen")]
    events.append(UserUttered(text, {"name": intent, "confidence": 1.0}))
    for event in [*events, *map(ActionExecuted, actions)]:
        tracker.update(event, DOMAIN)
    prediction = policy.predict_action_probabilities(tracker, DOMAIN)
    best = max(prediction.probabilities)
    return DOMAIN.action_names_or_texts[prediction.probabilities.index(best)] if best > 0 else None


@pytest.mark.parametrize("intent", ["greet", "to_person"])
def test_everything_is_forwarded_once(policy: SilencePolicy, intent: str) -> None:
    assert predicted(policy, intent, "with_person") == FORWARD_ACTION
    assert predicted(policy, intent, "with_person", FORWARD_ACTION) == "action_listen"


@pytest.mark.parametrize("state", [None, "waiting", "closed"])
def test_otherwise_the_program_speaks(policy: SilencePolicy, state: str | None) -> None:
    assert predicted(policy, "greet", state) is None


@pytest.mark.parametrize("intent", ["staff_event", "too_long", "unreadable"])
def test_what_does_not_wait_for_anybody(policy: SilencePolicy, intent: str) -> None:
    assert predicted(policy, intent, "with_person") is None


@pytest.mark.parametrize("intent", ["withdraw", "delete_data"])
def test_the_users_rights_by_button_do_not_wait_either(policy: SilencePolicy, intent: str) -> None:
    assert predicted(policy, intent, "with_person", text=f"/{intent}") is None


def test_a_sentence_that_sounds_like_withdrawing_goes_to_the_person(policy: SilencePolicy) -> None:
    text = "先日送った申請を取り下げました。"
    assert predicted(policy, "withdraw", "with_person", text=text) == FORWARD_ACTION
    assert predicted(policy, "withdraw", "with_person", FORWARD_ACTION, text=text) == "action_listen"


def test_a_typed_wish_for_erasure_is_forwarded_and_then_asked_about(policy: SilencePolicy) -> None:
    steps = [(), (FORWARD_ACTION,), (FORWARD_ACTION, ERASE_ACTION)]
    found = [predicted(policy, "delete_data", "with_person", *done) for done in steps]
    assert found == [FORWARD_ACTION, ERASE_ACTION, "action_listen"]
