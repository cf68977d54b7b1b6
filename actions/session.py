"""The beginning of a conversation, and its going on after a long pause."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Event, slot_set
from bot.languages import LANGUAGES

# what belongs to the turn before the pause: a form that asked, a question that a yes would have answered
NOT_CARRIED = frozenset({"requested_slot", "pending", "session_started_metadata"})


class ActionSessionStart(Action):
    """Begins a session as Rasa does, and takes the page's language before the first message is answered.

    A button or a message without words as the first one names no language of its own.
    """

    def name(self) -> str:
        return "action_session_start"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        kept = {name: value for name, value in tracker.slots.items() if name not in NOT_CARRIED and value is not None}
        page = (tracker.get_slot("session_started_metadata") or {}).get("page_language")
        if page in LANGUAGES:
            kept.setdefault("language", page)
        return [
            {"event": "session_started"},
            *(slot_set(name, value) for name, value in kept.items()),
            {"event": "action", "name": "action_listen"},
        ]
