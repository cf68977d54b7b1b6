"""While a case waits each turn of the user ends with one step more, after whatever the rules answered."""

import random
from pathlib import Path
from typing import Any

import pytest
from rasa.core.policies.rule_policy import RULES
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import RULE_SNIPPET_ACTION_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, SlotSet, UserUttered
from rasa.shared.core.generator import TrackerWithCachedStates, TrainingDataGenerator
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.importers.importer import TrainingDataImporter

from bot.policies.waiting import TELL_ACTION, WaitingRulePolicy

LISTEN = "action_listen"
DOMAIN = Domain.from_dict(
    {
        "version": "3.1",
        "intents": ["greet", "change_language", "staff_event"],
        "slots": {
            "case_state": {"type": "text", "influence_conversation": False, "mappings": [{"type": "custom"}]},
            "entry": {"type": "text", "influence_conversation": False, "mappings": [{"type": "custom"}]},
        },
        "responses": {"utter_greet": [{"text": "Hello"}]},
        "forms": {"form": {"required_slots": ["entry"]}},
        "actions": [TELL_ACTION, "action_set_language", "action_repeat", "action_staff_event"],
    }
)
STEPS = {
    "greet": ["utter_greet"],
    "change_language": ["action_set_language", "action_repeat"],
    "staff_event": ["action_staff_event"],
}


@pytest.fixture(params=["trained", "loaded"])
def policy(request: pytest.FixtureRequest, tmp_path: Path) -> WaitingRulePolicy:
    context = ExecutionContext(GraphSchema({}), "test")
    storage = LocalModelStorage(tmp_path)
    config = WaitingRulePolicy.get_default_config()
    policy = WaitingRulePolicy(config, storage, Resource("rules"), context)
    policy.train([rule(intent, actions) for intent, actions in STEPS.items()], DOMAIN)
    if request.param == "trained":
        return policy
    return WaitingRulePolicy.load(config, storage, Resource("rules"), context)


def rule(intent: str, actions: list[str]) -> TrackerWithCachedStates:
    events: list[Any] = [ActionExecuted(RULE_SNIPPET_ACTION_NAME), ActionExecuted(LISTEN)]
    events += [UserUttered(intent={"name": intent}), *map(ActionExecuted, [*actions, LISTEN])]
    return TrackerWithCachedStates.from_events(intent, events, slots=DOMAIN.slots, domain=DOMAIN, is_rule_tracker=True)


def turn(policy: WaitingRulePolicy, intent: str, state: str | None, *, loop: str | None = None) -> list[str]:
    """The actions of a turn, up to the listening."""
    before: list[Any] = [SlotSet("case_state", state), ActiveLoop(loop), ActionExecuted(LISTEN)]
    tracker = DialogueStateTracker.from_events("test", [], slots=DOMAIN.slots, domain=DOMAIN)
    for event in [*before, UserUttered("text", {"name": intent, "confidence": 1.0})]:
        tracker.update(event, DOMAIN)
    actions: list[str] = []
    while actions[-1:] != [LISTEN]:
        assert len(actions) < 6, actions
        probabilities = policy.predict_action_probabilities(tracker, DOMAIN).probabilities
        actions.append(DOMAIN.action_names_or_texts[probabilities.index(max(probabilities))])
        tracker.update(ActionExecuted(actions[-1]), DOMAIN)
    return actions


@pytest.mark.parametrize("intent", ["greet", "change_language"])
def test_the_step_comes_after_all_that_is_answered(policy: WaitingRulePolicy, intent: str) -> None:
    assert turn(policy, intent, "waiting") == [*STEPS[intent], TELL_ACTION, LISTEN]


@pytest.mark.parametrize("state", [None, "with_person", "closed"])
def test_otherwise_the_rules_alone_decide(policy: WaitingRulePolicy, state: str | None) -> None:
    assert turn(policy, "change_language", state) == [*STEPS["change_language"], LISTEN]


def test_what_staff_do_is_not_told_to_staff(policy: WaitingRulePolicy) -> None:
    assert turn(policy, "staff_event", "waiting") == ["action_staff_event", LISTEN]


def test_a_form_goes_on_and_is_told_as_well(policy: WaitingRulePolicy) -> None:
    assert turn(policy, "greet", "waiting", loop="form") == ["form", TELL_ACTION, LISTEN]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> tuple[WaitingRulePolicy, Domain]:
    """The policy with the project's own rules, as the server loads it."""
    importer = TrainingDataImporter.load_from_config("config.yml", "domain.yml", ["data"])
    domain = importer.get_domain()
    trackers = TrainingDataGenerator(importer.get_stories(), domain, augmentation_factor=0).generate()
    config, resource = WaitingRulePolicy.get_default_config(), Resource("rules")
    storage, context = LocalModelStorage(tmp_path_factory.mktemp("rules")), ExecutionContext(GraphSchema({}), "test")
    WaitingRulePolicy(config, storage, resource, context).train(trackers, domain)
    return WaitingRulePolicy.load(config, storage, resource, context), domain


@pytest.mark.parametrize("seed", range(40))
def test_what_is_left_out_once_loaded_changes_no_prediction(
    project: tuple[WaitingRulePolicy, Domain], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    policy, domain = project
    indexes, dice = policy._indexes, random.Random(seed)
    assert indexes
    assert not indexes[RULES].reads_text
    tracker = DialogueStateTracker.from_events("test", [ActionExecuted(LISTEN)], slots=domain.slots, domain=domain)
    for _ in range(5):
        if dice.random() < 0.4:
            tracker.update(ActiveLoop(dice.choice([None, *domain.form_names])), domain)
        tracker.update(SlotSet("case_state", dice.choice([None, "waiting", "closed"])), domain)
        tracker.update(UserUttered("text", {"name": dice.choice(domain.intents), "confidence": 1.0}), domain)
        for _ in range(4):
            predicted = []
            for used in (indexes, None):
                monkeypatch.setattr(policy, "_indexes", used)
                prediction = policy.predict_action_probabilities(tracker, domain)
                predicted.append((prediction.probabilities, prediction.is_no_user_prediction, prediction.events))
            assert predicted[0] == predicted[1]
            tracker.update_with_events(predicted[0][2], domain)
            action = domain.action_names_or_texts[predicted[0][0].index(max(predicted[0][0]))]
            tracker.update(ActionExecuted(action), domain)
            if action == LISTEN:
                break
        else:
            tracker.update(ActionExecuted(LISTEN), domain)
