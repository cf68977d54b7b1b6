"""Following a conversation event by event comes to what going through it from the beginning does."""

import random
from collections.abc import Callable

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    EntitiesAdded,
    Event,
    FollowupAction,
    LoopInterrupted,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from bot.histories import History, applied_events, copy_tracker, follow_histories

DOMAIN = Domain.from_dict(
    {
        "intents": ["greet", "ask"],
        "entities": ["place"],
        "slots": {
            "place": {"type": "text", "influence_conversation": True, "mappings": [{"type": "custom"}]},
            "asked": {"type": "bool", "influence_conversation": True, "mappings": [{"type": "custom"}]},
        },
        "forms": {"form": {"required_slots": []}, "survey": {"required_slots": []}},
        "actions": ["action_answer"],
    }
)
COMMON: list[Callable[[random.Random], Event]] = [
    lambda dice: UserUttered("text", {"name": dice.choice(["greet", "ask"]), "confidence": 1.0}),
    lambda dice: BotUttered("answer"),
    lambda dice: ActionExecuted(dice.choice(["action_listen", "action_answer"])),
    lambda dice: SlotSet("place", dice.choice([None, "Neuss"])),
    lambda dice: SlotSet("asked", dice.choice([None, True, False])),
]
RARE: list[Callable[[random.Random], Event]] = [
    lambda dice: ActionExecuted(dice.choice(["form", "survey"])),
    lambda dice: ActiveLoop(dice.choice([None, "form", "survey"])),
    lambda dice: LoopInterrupted(dice.choice([True, False])),
    lambda dice: ActionExecutionRejected(dice.choice(["form", "survey"])),
    lambda dice: EntitiesAdded([{"entity": "place", "value": "Neuss"}]),
    lambda dice: FollowupAction("action_answer"),
    lambda dice: ActionReverted(),
    lambda dice: UserUtteranceReverted(),
    lambda dice: AllSlotsReset(),
    lambda dice: Restarted(),
    lambda dice: SessionStarted(),
]


@pytest.fixture(autouse=True)
def rasas_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("applied_events", "copy"):
        monkeypatch.setattr(DialogueStateTracker, name, getattr(DialogueStateTracker, name))


def walk(seed: int, rare: float) -> list[Event]:
    dice = random.Random(seed)
    events: list[Event] = [ActionExecuted("action_listen")]
    for _ in range(60):
        kinds = RARE if dice.random() < rare else COMMON
        events.append(dice.choice(kinds)(dice))
        before, last = events[-2:]
        # it may only follow what was said after listening
        listened = isinstance(before, ActionExecuted) and before.action_name == "action_listen"
        if isinstance(last, UserUttered) and listened:
            events.append(DefinePrevUserUtteredFeaturization(dice.choice([True, False])))
    return events


def fresh() -> DialogueStateTracker:
    return DialogueStateTracker("chat", DOMAIN.slots)


@pytest.mark.parametrize("rare", [0.0, 0.15, 0.6])
@pytest.mark.parametrize("seed", range(15))
def test_applied_events_and_states_are_the_same_at_each_step(seed: int, rare: float) -> None:
    tracker, rasas = fresh(), fresh()
    whole = DialogueStateTracker.applied_events
    for event in walk(seed, rare):
        for each in (tracker, rasas):
            each.update(event, DOMAIN)
        expected = whole(rasas)
        assert [id(each) for each in applied_events(tracker)] == [id(each) for each in expected]
        assert History.of(tracker, DOMAIN, 3).states() == DOMAIN.states_for_tracker_history(rasas)[-3:]


@pytest.mark.parametrize("rare", [0.0, 0.15])
@pytest.mark.parametrize("seed", range(10))
def test_a_copy_is_what_replaying_gives(seed: int, rare: float) -> None:
    tracker = fresh()
    for event in walk(seed, rare):
        tracker.update(event, DOMAIN)
        applied_events(tracker)
        twin, rasas = copy_tracker(tracker), tracker.copy()
        assert twin.current_state(EventVerbosity.ALL) == rasas.current_state(EventVerbosity.ALL)
        assert (twin.active_loop, twin.followup_action) == (rasas.active_loop, rasas.followup_action)
        assert {name: slot.value for name, slot in twin.slots.items()} == rasas.current_slot_values()


def test_a_copy_goes_its_own_way() -> None:
    tracker = fresh()
    for event in walk(1, 0.0):
        tracker.update(event, DOMAIN)
    before = tracker.current_state(EventVerbosity.ALL)
    applied = applied_events(tracker)
    twin = copy_tracker(tracker)
    for event in (SlotSet("place", "Essen"), ActiveLoop("form"), LoopInterrupted(True), ActionExecuted("form")):
        twin.update(event, DOMAIN)
    assert tracker.current_state(EventVerbosity.ALL) == before
    assert applied_events(tracker) == applied
    assert len(applied_events(twin)) == len(applied) + 4


def test_what_one_asks_for_is_not_what_the_next_one_gets() -> None:
    tracker = fresh()
    for event in walk(2, 0.0):
        tracker.update(event, DOMAIN)
    applied_events(tracker).clear()
    for state in History.of(tracker, DOMAIN, 3).states():
        state.clear()
    assert applied_events(tracker) == DialogueStateTracker.applied_events(tracker)
    assert History.of(tracker, DOMAIN, 3).states() == DOMAIN.states_for_tracker_history(tracker)[-3:]


def test_takes_their_place() -> None:
    follow_histories()
    assert DialogueStateTracker.applied_events is applied_events
    assert DialogueStateTracker.copy is copy_tracker
