"""After closing: how the user found the advice, 1 to 5 and a word."""

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Event, Turn, in_case_log, slot_set, store
from cases.models import Case
from cases.states import CaseLogUnavailable

logger = logging.getLogger(__name__)

FORM = "rating_form"
SLOT = "rating_comment"
LONGEST = 1000
# what ends the question for a word without one
NO_WORD = frozenset({"skip", "cancel", "deny"})
# what is heard although the form asks for a word
ELSEWHERE = {
    "rate_case": "action_rate_case",
    "show_topic": "action_answer",
    "show_area": "action_show_area",
    "menu": "action_menu",
    "talk_to_person": "action_offer_person",
    "privacy": "action_privacy",
    "delete_data": "action_delete_data",
}


class ActionRateCase(Action):
    """Stores the number and asks for a word."""

    def name(self) -> str:
        return "action_rate_case"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        given = str(turn.entity("rating") or "")
        if given not in ("1", "2", "3", "4", "5"):
            turn.say("utter_what_now", {"type": "suggestions", "topics": []})
            return []
        try:
            case = await _rate(turn.conversation_id, int(given), None)
        except CaseLogUnavailable:
            logger.error("The case log is away: a rating was not taken, and the user was told so.")
            turn.say("utter_message_not_taken", {"type": "fault"})
            return []
        if case is None:
            turn.say("utter_rating_no_case", {"type": "feedback"})
            return []
        turn.say("utter_rating_thanks", {"type": "feedback", "rating": int(given)}, rating=given)
        return [slot_set("rating", int(given)), slot_set(SLOT, None), {"event": "followup", "name": FORM}]


class ValidateRatingForm(Action):
    """Takes the word while the form asks for it; whatever is not an answer is heard as usual."""

    def name(self) -> str:
        return f"validate_{FORM}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        if turn.slot("requested_slot") != SLOT or tracker.latest_action_name == "action_rate_case":
            return []
        if turn.intent in NO_WORD or turn.intent in ELSEWHERE or turn.topic is not None:
            return [slot_set(SLOT, "")]
        return [slot_set(SLOT, turn.text[:LONGEST])]


class ActionEndRating(Action):
    """Stores the word, if one was said."""

    def name(self) -> str:
        return "action_end_rating"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        rating, word = turn.slot("rating"), turn.slot(SLOT)
        forget = [slot_set("rating", None), slot_set(SLOT, None)]
        if not word or not rating:
            # the message that ended the form may have been about something else
            elsewhere = "action_answer" if turn.topic is not None else ELSEWHERE.get(turn.intent)
            if elsewhere is not None:
                return [*forget, {"event": "followup", "name": elsewhere}]
            turn.say("utter_what_now", {"type": "suggestions", "topics": []})
            return forget
        try:
            await _rate(turn.conversation_id, int(rating), str(word))
        except CaseLogUnavailable:
            logger.error("The case log is away: the word to a rating was not taken, and the user was told so.")
            turn.say("utter_message_not_taken", {"type": "fault"})
            return forget
        turn.say("utter_rating_done", {"type": "feedback"})
        return forget


async def _rate(conversation_id: str, rating: int, comment: str | None) -> Case | None:
    """Rate the conversation's latest case that staff closed; None when there is none."""
    return await in_case_log(store().rate_closed, conversation_id, rating, comment)
