"""The action server is told the latest turns in full and of earlier ones what was said."""

from typing import Any

import rasa_sdk
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from actions.handoff import transcript
from bot.calls import call_format, told_events

DOMAIN = Domain.from_dict(
    {
        "intents": ["ask"],
        "slots": {"place": {"type": "any", "mappings": [{"type": "custom"}]}},
        "forms": {"handoff_form": {"required_slots": []}},
        "actions": ["action_answer"],
    }
)


def turn(text: str) -> list[Event]:
    parsed = {"intent": {"name": "ask"}, "text": text, "text_tokens": [[0, 3]] * 50}
    return [
        UserUttered(text, {"name": "ask"}, parse_data=parsed),
        ActionExecuted("action_answer"),
        BotUttered(f"answer to {text}", {"custom": {"type": "answer", "topic": "company/gmbh_formation"}}),
        SlotSet("place", text),
        ActionExecuted("action_listen"),
    ]


def conversation() -> DialogueStateTracker:
    events: list[Event] = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    for number in range(5):
        events += turn(f"question {number}")
        if number in (1, 2):
            events.append(ActiveLoop("handoff_form" if number == 1 else None))
    tracker = DialogueStateTracker("chat", DOMAIN.slots)
    for number, event in enumerate(events):
        event.timestamp = 1000.0 + number
        tracker.update(event, DOMAIN)
    return tracker


def test_the_last_two_turns_are_told_in_full() -> None:
    tracker = conversation()
    told, events = told_events(tracker), [event.as_dict() for event in tracker.events]
    begin = next(number for number, each in enumerate(told) if each.get("text") == "question 3")
    assert told[begin:] == events[-(len(told) - begin) :]
    assert any("parse_data" in each for each in told[begin:])
    assert not any("parse_data" in each or "data" in each for each in told[:begin])


def test_a_transcript_misses_nothing() -> None:
    tracker = conversation()
    state = tracker.current_state(EventVerbosity.ALL)
    short = {**state, "events": told_events(tracker)}
    lines, whole = (transcript(rasa_sdk.Tracker.from_dict(each)) for each in (short, state))
    assert lines == whole
    # what was said in the form is no part of it
    assert len(lines) == 8


def test_all_else_is_what_rasa_sends() -> None:
    tracker, action = conversation(), RemoteAction("action_answer", None)
    ours, rasas = call_format(action, tracker, DOMAIN), action._action_call_format(tracker, DOMAIN)
    without_events: list[dict[str, Any]] = []
    for call in (ours, rasas):
        call.pop("domain", None)
        without_events.append({**call, "tracker": {**call["tracker"], "events": None}})
    assert without_events[0] == without_events[1]


def test_a_conversation_that_has_just_begun() -> None:
    tracker = DialogueStateTracker("chat", DOMAIN.slots)
    assert told_events(tracker) == []
    tracker.update(UserUttered("hello", {"name": "ask"}), DOMAIN)
    assert [each["event"] for each in told_events(tracker)] == ["user"]
