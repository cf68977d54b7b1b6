"""While a person has the case: what the user writes goes there, what staff do is said here."""

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Event, Turn, in_case_log, slot_set, store
from cases.states import CaseLogUnavailable, CaseNotFound, IllegalTransition

logger = logging.getLogger(__name__)


class ActionForwardToPerson(Action):
    """Puts the user's message into the case; the relay takes it to staff. The program itself says nothing."""

    def name(self) -> str:
        return "action_forward_to_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        custom = {"type": "handoff", "state": "with_person", "case": turn.slot("case_number")}
        try:
            await in_case_log(
                store().add_user_message,
                turn.conversation_id,
                turn.text,
                language=turn.language,
                channel="chat",
                external_id=turn.tracker.latest_message.get("message_id"),
            )
        except (CaseNotFound, IllegalTransition):
            # closed in the meantime: the program speaks again
            turn.say("utter_what_now", {"type": "handoff", "state": "closed"})
            return [slot_set("case_state", "closed")]
        except CaseLogUnavailable:
            logger.error("The case log is away: a message to staff was not taken, and the user was told so.")
            turn.say("utter_message_not_taken", custom)
            return []
        dispatcher.utter_message(json_message={"language": turn.language, **custom})
        return []
