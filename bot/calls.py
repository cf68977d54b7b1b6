"""What the action server is told of a conversation: the latest turns in full, earlier ones by what was said."""

from typing import Any

import rasa
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, BotUttered, Event, SessionStarted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

FULL_TURNS = 2  # of the user; an action looks back to what was asked in the turn before


def call_format(action: RemoteAction, tracker: DialogueStateTracker, domain: Domain) -> dict[str, Any]:
    """What Rasa posts to the action server, without what understanding found in earlier turns.

    In a long conversation that was nearly all of the request. Texts, times, forms and sessions of earlier turns stay:
    of them a transcript is made. No action reads the domain.
    """
    state = tracker.current_state(EventVerbosity.NONE) | {"events": told_events(tracker)}
    return {
        "next_action": action.name(),
        "sender_id": tracker.sender_id,
        "tracker": state,
        "version": rasa.__version__,
    }


def told_events(tracker: DialogueStateTracker) -> list[dict[str, Any]]:
    """The events of a conversation as the action server gets them, oldest first."""
    events = list(tracker.events)
    begin, turns = len(events), 0
    while begin and turns < FULL_TURNS:
        begin -= 1
        turns += isinstance(events[begin], UserUttered)
    earlier = (_in_short(event) for event in events[:begin])
    return [*(event for event in earlier if event), *(event.as_dict() for event in events[begin:])]


def _in_short(event: Event) -> dict[str, Any] | None:
    if isinstance(event, (UserUttered, BotUttered)):
        return {"event": event.type_name, "timestamp": event.timestamp, "text": event.text}
    if isinstance(event, (ActiveLoop, SessionStarted)):
        return dict(event.as_dict())
    return None
