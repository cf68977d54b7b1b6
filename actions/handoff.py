"""Handing a concern to a person: offer, end of the form, submission, withdrawal. The form itself: handoff_form."""

import logging
from datetime import datetime, timezone
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Event, Place, Turn, in_case_log, slot_set, store
from bot.directory import Partner
from bot.nlu.text import is_command, unshield
from cases.records import Contact, TranscriptLine
from cases.states import CaseLogUnavailable, CaseNotFound, CaseState, IllegalTransition
from staff.office_hours import next_opening, situation

logger = logging.getLogger(__name__)

ENTRIES = ("company", "contact_name", "email", "phone", "municipality", "concern")
PENDING_STATES = (CaseState.WAITING.value, CaseState.WITH_PERSON.value)


def forget_form() -> list[Event]:
    """Empties every slot of the form: nothing that was entered is kept in the conversation's state."""
    names = ("consent", *ENTRIES, "confirm", "handoff_end")
    return [slot_set(name, None) for name in names]


def chosen_place(turn: Turn) -> Place:
    """The place entered in the form, else the one the conversation is about: the case follows the same order."""
    entered = turn.slot("municipality")
    if entered:
        return Place(ags=entered) if entered in turn.directory.municipalities else Place(region=entered)
    return turn.kept_place


def expectation(turn: Turn, partner: Partner) -> str:
    """When a reply can be expected, by the partner's office hours and NRW's public holidays."""
    now = datetime.now(timezone.utc)
    state = situation(partner.office_hours, now)
    opening = next_opening(partner.office_hours, now).strftime(turn.words("opening_format"))
    days = partner.office_hours.answer_office_days
    return turn.words(f"expect_{state}", days=days, opening=opening)


async def told_waiting(turn: Turn) -> bool:
    """Say with whom a submitted case is and when to expect a reply; whether there is one.

    Raises ``CaseLogUnavailable``.
    """
    case = await in_case_log(store().open_case, turn.conversation_id)
    if case is None or case.state not in PENDING_STATES:
        return False
    partner = turn.directory.partner(case.owner)
    turn.say(
        "utter_already_waiting",
        {"type": "handoff", "state": "submitted", "case": case.number, "partner": partner.id},
        case=case.number,
        partner=partner.name[turn.language],
        expectation=expectation(turn, partner),
        buttons=[turn.button("withdraw_button", "/withdraw")],
    )
    return True


class ActionOfferPerson(Action):
    """Starts the form, or tells where an earlier concern stands."""

    def name(self) -> str:
        return "action_offer_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        try:
            if await told_waiting(turn):
                return []
            await in_case_log(store().offer, turn.conversation_id, language=turn.language, municipality=turn.place.ags)
        except CaseLogUnavailable:
            # the form can be filled all the same; submission tells the user if the log is still away then
            logger.error("The case log is away: an offer was not recorded.")
        return [
            slot_set("pending", None),
            slot_set("misses", 0),
            slot_set("confirm", None),
            slot_set("handoff_end", None),
            *turn.place_events(),
            {"event": "followup", "name": "handoff_form"},
        ]


class ActionCaseStatus(Action):
    """Says where the concern is, who answers it and when; without one, what would happen with it."""

    def name(self) -> str:
        return "action_case_status"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        try:
            if await told_waiting(turn):
                return []
        except CaseLogUnavailable:
            logger.error("The case log is away: where a case stands was not told.")
            away = chosen_place(turn).partner(turn.directory)
            text = turn.words("apology", partner=away.name[turn.language], contact=turn.contact(away))
            dispatcher.utter_message(text=text, json_message={"type": "fault", "language": turn.language})
            return []
        partner = chosen_place(turn).partner(turn.directory)
        turn.say(
            "utter_nothing_sent_yet",
            {"type": "handoff", "state": "offered", "partner": partner.id},
            partner=partner.name[turn.language],
            expectation=expectation(turn, partner),
            buttons=[] if tracker.active_loop_name else [turn.button("person_button", "/talk_to_person")],
        )
        return []


class ActionEndHandoff(Action):
    """Does what the end of the form asks for: submit the case, or forget what was entered."""

    def name(self) -> str:
        return "action_end_handoff"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        if turn.slot("handoff_end") == "confirmed":
            return await self._submit(turn)
        return await self._abandon(turn)

    async def _abandon(self, turn: Turn) -> list[Event]:
        partner = chosen_place(turn).partner(turn.directory)
        try:
            await in_case_log(store().decline, turn.conversation_id)
        except CaseLogUnavailable:
            logger.error("The case log is away: a declined offer was not recorded.")
        declined = turn.slot("handoff_end") == "declined"
        contact = turn.contact(partner).replace("\n- ", " · ").removeprefix("- ")
        custom = {"type": "handoff", "state": "cancelled", "partner": partner.id}
        if declined:
            turn.say("utter_declined", custom, partner=partner.name[turn.language], contact=contact)
        else:
            turn.say("utter_cancelled", custom)
        return [*forget_form(), slot_set("forget_entries", True)]

    async def _submit(self, turn: Turn) -> list[Event]:
        place = chosen_place(turn)
        partner = place.partner(turn.directory)
        contact = Contact(
            company=turn.slot("company"),
            name=turn.slot("contact_name"),
            email=turn.slot("email") or None,
            phone=turn.slot("phone") or None,
            email_replies=bool(turn.slot("email")),
        )
        try:
            case = await in_case_log(
                store().submit,
                turn.conversation_id,
                contact,
                turn.slot("concern"),
                language=turn.language,
                consent_at=datetime.now(timezone.utc),
                municipality=place.ags or _first_of(turn, place),
                transcript=transcript(turn.tracker),
            )
        except CaseLogUnavailable:
            logger.error("The case log is away: a submission was not taken, its entries are kept in the conversation.")
            turn.say(
                "utter_case_log_away",
                {"type": "fault", "partner": partner.id},
                partner=partner.name[turn.language],
                contact=turn.contact(partner).replace("\n- ", " · ").removeprefix("- "),
            )
            return [slot_set("confirm", None), slot_set("handoff_end", None)]
        owner = turn.directory.partner(case.owner)
        turn.say(
            "utter_submitted",
            {"type": "handoff", "state": "submitted", "case": case.number, "partner": owner.id},
            case=case.number,
            partner=owner.name[turn.language],
            expectation=expectation(turn, owner),
            buttons=[turn.button("menu_button", "/menu"), turn.button("withdraw_button", "/withdraw")],
        )
        return [*forget_form(), slot_set("case_number", case.number), slot_set("case_state", case.state)]


class ActionLeaveForm(Action):
    """Stops asking for entries, because the next answer belongs to another question; what was entered stays."""

    def name(self) -> str:
        return "action_leave_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        return [{"event": "active_loop", "name": None}, slot_set("requested_slot", None)]


class ActionWithdraw(Action):
    """Takes a waiting concern back."""

    def name(self) -> str:
        return "action_withdraw"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        try:
            case = await in_case_log(store().withdraw, turn.conversation_id)
        except (CaseNotFound, IllegalTransition):
            turn.say("utter_nothing_to_withdraw", {"type": "handoff", "state": "closed"})
            return []
        except CaseLogUnavailable:
            logger.error("The case log is away: a withdrawal was not taken, and the user was told so.")
            turn.say("utter_message_not_taken", {"type": "fault"})
            return []
        turn.say("utter_withdrawn", {"type": "handoff", "state": "closed", "case": case.number}, case=case.number)
        return [slot_set("case_state", "closed"), slot_set("case_number", None)]


def transcript(tracker: Tracker) -> list[TranscriptLine]:
    """What was said so far, for the person who takes over; presses of buttons and the form's entries are left out."""
    lines, in_form = [], False
    for event in tracker.events:
        if event.get("event") == "active_loop":
            in_form = bool(event.get("name"))
        text = event.get("text")
        if in_form or not text or event.get("event") not in ("user", "bot"):
            continue
        if event["event"] == "user" and is_command(text):
            continue
        at = datetime.fromtimestamp(event.get("timestamp") or 0, timezone.utc)
        lines.append(TranscriptLine(at, event["event"], unshield(text)))
    return lines


def _first_of(turn: Turn, place: Place) -> str | None:
    """A municipality that stands for a region which was named as a whole, so that the case goes to its partner."""
    return min(turn.directory.partner(place.region).municipalities) if place.region else None
