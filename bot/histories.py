"""The history of a conversation followed event by event, where Rasa goes through it from the beginning each time."""

from collections import deque
from copy import copy
from itertools import islice
from typing import Any

from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    EntitiesAdded,
    Event,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

# events that are applied as they come; what others do to those before them is left to Rasa
_PLAIN = frozenset(
    {ActionExecuted, BotUttered, DefinePrevUserUtteredFeaturization, EntitiesAdded, SlotSet, UserUttered}
)
_APPLIED, _HISTORY = "_nrwbot_applied", "_nrwbot_history"

_applied_from_the_beginning = DialogueStateTracker.applied_events


class _Applied:
    """Which events of a tracker are applied, as far as it had come when they were last asked for."""

    def __init__(self, tracker: DialogueStateTracker) -> None:
        self._all: deque[Event] = tracker.events
        self._seen = len(self._all)
        self._last = self._all[-1] if self._all else None
        self._loops = {event.name for event in self._all if type(event) is ActiveLoop}
        self.events: list[Event] = _applied_from_the_beginning(tracker)

    def goes_on(self, tracker: DialogueStateTracker) -> bool:
        """Take up what came since; False where that changes what was before it."""
        events = tracker.events
        if events is not self._all or events.maxlen is not None or len(events) < self._seen:
            return False
        if self._last is not None and events[self._seen - 1] is not self._last:
            return False
        new = list(islice(events, self._seen, None))
        if not all(type(event) in _PLAIN and not self._runs_loop(event) for event in new):
            return False
        self.events += new
        self._seen += len(new)
        self._last = new[-1] if new else self._last
        return True

    def _runs_loop(self, event: Event) -> bool:
        return isinstance(event, ActionExecuted) and event.action_name in self._loops


def applied_events(tracker: DialogueStateTracker) -> list[Event]:
    """What ``DialogueStateTracker.applied_events`` gives."""
    known = tracker.__dict__.get(_APPLIED)
    if known is None or not known.goes_on(tracker):
        known = tracker.__dict__[_APPLIED] = _Applied(tracker)
    return list(known.events)


def copy_tracker(tracker: DialogueStateTracker) -> DialogueStateTracker:
    """What ``DialogueStateTracker.copy`` gives, without replaying the conversation."""
    twin: DialogueStateTracker = object.__new__(type(tracker))
    twin.__dict__.update({name: value for name, value in tracker.__dict__.items() if name not in (_APPLIED, _HISTORY)})
    twin.slots = {name: copy(slot) for name, slot in tracker.slots.items()}
    twin.events = copy(tracker.events)
    twin.active_loop = copy(tracker.active_loop)
    return twin


class History:
    """The states before the latest actions of a conversation, and its present one."""

    def __init__(self, tracker: DialogueStateTracker, domain: Domain, count: int) -> None:
        self._domain, self._count = domain, count
        self._replayed = tracker.init_copy()
        self._events: list[Event] = []
        self._before: deque[State] = deque(maxlen=count - 1)

    @classmethod
    def of(cls, tracker: DialogueStateTracker, domain: Domain, count: int) -> "History":
        """The history of a tracker, followed to its latest event; ``count``: how many states it remembers."""
        history: History | None = tracker.__dict__.get(_HISTORY)
        events = tracker.applied_events()
        if history is None or not history._leads_to(events, domain, count):
            history = tracker.__dict__[_HISTORY] = cls(tracker, domain, count)
        history._follow(events)
        return history

    def states(self) -> list[State]:
        """The last states of what ``Domain.states_for_tracker_history`` gives, oldest first."""
        return [*(_copied(state) for state in self._before), self._domain.get_active_state(self._replayed)]

    def _leads_to(self, events: list[Event], domain: Domain, count: int) -> bool:
        if domain is not self._domain or count != self._count or len(events) < len(self._events):
            return False
        if any(isinstance(event, EntitiesAdded) for event in islice(events, len(self._events), None)):
            # changes the user's message itself, and with it states that lie before
            return False
        return all(one is other for one, other in zip(self._events, events, strict=False))

    def _follow(self, events: list[Event]) -> None:
        for event in islice(events, len(self._events), None):
            if isinstance(event, ActionExecuted):
                self._before.append(self._domain.get_active_state(self._replayed))
            self._replayed.update(event)
        self._events = events


def _copied(state: State) -> State:
    # whoever asks for states may change them
    return {name: dict(part) for name, part in state.items()}


def follow_histories() -> None:
    """Replace Rasa's ways in this process."""
    tracker: Any = DialogueStateTracker
    tracker.applied_events, tracker.copy = applied_events, copy_tracker
