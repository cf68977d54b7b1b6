"""What a user thinks of an answer; it is stored with the case."""

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Event, Turn, in_case_log, knowledge, store
from cases.states import CaseLogUnavailable

logger = logging.getLogger(__name__)

REASONS = ("incomplete", "unclear", "outdated", "wrong_topic")


class ActionFeedback(Action):
    """Records helpful or not; for not helpful asks for the reason, by button, so that no free text is needed."""

    def name(self) -> str:
        return "action_feedback"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        topic = turn.entity("topic") or turn.slot("last_topic")
        if topic not in knowledge():
            turn.say("utter_feedback_which")
            return []
        told, reason = turn.entity("helpful"), turn.entity("reason")
        if told is None:
            self._ask(turn, topic)
            return []
        helpful = told == "true"
        try:
            known = reason if reason in REASONS else None
            await in_case_log(store().record_feedback, turn.conversation_id, topic, helpful, known)
        except CaseLogUnavailable:
            logger.error("The case log is away: feedback on %s was not recorded.", topic)
        if helpful or reason:
            turn.say("utter_feedback_thanks")
            return []
        buttons = [turn.button(f"reason_{name}_button", _payload(topic, "false", name)) for name in REASONS]
        buttons.append(turn.button("person_button", "/talk_to_person"))
        turn.say("utter_feedback_reason", {"type": "feedback", "topic": topic}, buttons=buttons)
        return []

    def _ask(self, turn: Turn, topic: str) -> None:
        buttons = [
            turn.button("helpful_button", _payload(topic, "true")),
            turn.button("not_helpful_button", _payload(topic, "false")),
        ]
        turn.say("utter_feedback_how", {"type": "feedback", "topic": topic}, buttons=buttons)


def _payload(topic: str, helpful: str, reason: str | None = None) -> str:
    extra = f', "reason": "{reason}"' if reason else ""
    return f'/feedback{{"topic": "{topic}", "helpful": "{helpful}"{extra}}}'
