"""What is kept, and erasing it (Articles 13 and 17 GDPR)."""

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Event, Turn, in_case_log, slot_set, store
from bot.nlu.text import fold
from bot.settings import get_settings
from cases.states import CaseLogUnavailable

logger = logging.getLogger(__name__)


async def erase_everything(turn: Turn) -> list[Event]:
    """Erase the cases of a conversation and have the conversation itself erased when the turn ends."""
    try:
        await in_case_log(store().erase, turn.conversation_id)
    except CaseLogUnavailable:
        logger.error("The case log is away: an erasure was not carried out and the user was told so.")
        turn.say("utter_not_erased", {"type": "privacy"})
        return []
    turn.say("utter_erased", {"type": "privacy", "erased": True})
    return [slot_set("erase", True)]


class ActionPrivacy(Action):
    """Says what is stored, for how long, and who sees it."""

    def name(self) -> str:
        return "action_privacy"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        settings = get_settings()
        turn.say(
            "utter_privacy",
            {"type": "privacy"},
            conversation_days=settings.retention_conversation_days,
            case_days=settings.retention_case_days,
            buttons=[turn.button("erase_button", "/delete_data")],
        )
        return []


class ActionDeleteData(Action):
    """Asks before erasing; erases when the button that confirms it was pressed."""

    def name(self) -> str:
        return "action_delete_data"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        # who types what the button says means the button
        typed = turn.just_asked == "delete_data" and fold(turn.text) == fold(turn.words("erase_yes_button"))
        if turn.entity("confirmed") or typed:
            return await erase_everything(turn)
        buttons = [
            turn.button("erase_yes_button", '/delete_data{"confirmed": "yes"}'),
            turn.button("keep_button", "/deny"),
        ]
        turn.say("utter_confirm_erasure", {"type": "privacy", "confirm": True}, buttons=buttons)
        return [slot_set("pending", "delete_data")]
