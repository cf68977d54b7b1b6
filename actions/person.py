"""While a person has the case: what the user writes goes there, what staff do is said here."""

import logging
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import expectation
from actions.turn import Event, Turn, in_case_log, knowledge, slot_set, store
from bot.directory import Partner
from bot.nlu.text import is_command
from cases.models import Case, OutboxEntry
from cases.states import BUTTON_CHANNEL, CaseLogUnavailable, CaseNotFound, Direction, IllegalTransition

logger = logging.getLogger(__name__)

# keys of what staff did that a conversation remembers, so that nothing is said twice
REMEMBERED = 200


class ActionForwardToPerson(Action):
    """Puts the user's message into the case; the relay takes it to staff. The program itself says nothing."""

    def name(self) -> str:
        return "action_forward_to_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        custom = {"type": "handoff", "state": "with_person", "case": turn.slot("case_number")}
        text = own_words(turn)
        if text is None:
            # a button of an earlier turn has nothing for a person in it
            dispatcher.utter_message(json_message={"language": turn.language, **custom})
            return asked_no_more(turn)
        try:
            await pass_on(turn, text)
        except (CaseNotFound, IllegalTransition):
            # closed in the meantime: the program speaks again
            turn.say("utter_what_now", {"type": "handoff", "state": "closed"})
            return [slot_set("case_state", "closed")]
        except CaseLogUnavailable:
            logger.error("The case log is away: a message to staff was not taken, and the user was told so.")
            turn.say("utter_message_not_taken", custom)
            return []
        dispatcher.utter_message(json_message={"language": turn.language, **custom})
        return asked_no_more(turn)


class ActionTellPerson(Action):
    """While a case waits: what the user wrote goes to the case as well, with how the program has just met it."""

    def name(self) -> str:
        return "action_tell_person"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        text = own_words(turn)
        if text is None or turn.slot("erase"):
            return []
        try:
            await pass_on(turn, text, at=written(tracker), meanwhile=answered(tracker))
        except (CaseNotFound, IllegalTransition):
            # closed in the meantime, which the user is told by itself
            return [slot_set("case_state", "closed")]
        except CaseLogUnavailable:
            logger.error("The case log is away: a message to staff was not taken, and the user was told so.")
            turn.say("utter_not_passed_on", {"type": "fault"})
        return []


async def pass_on(turn: Turn, text: str, *, at: datetime | None = None, **extra: Any) -> None:
    """Put what the user wrote or pressed into the case; ``extra`` and ``at`` as in ``CaseStore.add_user_message``.

    Raises ``CaseNotFound``, ``IllegalTransition`` and ``CaseLogUnavailable``.
    """
    topic = pressed_topic(turn)
    await in_case_log(
        store().add_user_message,
        turn.conversation_id,
        text,
        language=turn.language,
        channel=BUTTON_CHANNEL if topic else "chat",
        external_id=turn.tracker.latest_message.get("message_id"),
        extra={**extra, "pressed": topic} if topic else extra,
        at=at,
    )


def own_words(turn: Turn) -> str | None:
    """What the user said, for people: typed text, or the title of the topic whose button was pressed.

    None for buttons that only lead through the chat, such as the menu.
    """
    if not is_command(turn.tracker.latest_message.get("text") or ""):
        return turn.text
    return knowledge()[turn.topic].title[turn.language] if turn.topic else None


def pressed_topic(turn: Turn) -> str | None:
    """The topic whose button was pressed: chosen, not written, and told to people as such. None for typed text."""
    return turn.topic if is_command(turn.tracker.latest_message.get("text") or "") else None


def asked_no_more(turn: Turn) -> list[Event]:
    """A yes that comes now is meant for the person, whatever the program had asked before."""
    return [slot_set("pending", None)] if turn.slot("pending") else []


def written(tracker: Tracker) -> datetime | None:
    """When the latest message was written: before the program met it; None when that is not known."""
    times = (event.get("timestamp") for event in reversed(tracker.events) if event.get("event") == "user")
    seconds = next(times, None)
    return datetime.fromtimestamp(seconds, timezone.utc) if seconds else None


def answered(tracker: Tracker) -> dict[str, Any]:
    """How the program met the latest message: ``outcome`` and the ``topics`` it told or offered."""
    topics: list[str] = []
    outcome = "other"
    for event in reversed(tracker.events):
        if event.get("event") == "user":
            break
        custom: dict[str, Any] = (event.get("data") or {}).get("custom") or {}
        kind = custom.get("type")
        if kind == "answer":
            return {"outcome": "answered", "topics": [custom["topic"]]}
        if kind == "suggestions" and custom.get("topics"):
            outcome, topics = "suggested", custom["topics"]
        elif kind == "out_of_scope":
            outcome = "not_understood"
    return {"outcome": outcome, "topics": topics}


class ActionStaffEvent(Action):
    """Says what staff did: wrote, took, passed on or closed the case.

    The event only names an entry of the outbox; what is said comes from the case log, and only in the conversation it
    belongs to. Without the slot ``staff_events`` holding its key afterwards, the relay tells it again.
    """

    def name(self) -> str:
        return "action_staff_event"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        key = turn.entity("key")
        said: list[str] = list(turn.slot("staff_events") or [])
        if not isinstance(key, str) or "/" not in key:
            logger.warning("A staff event without a key was ignored.")
            return []
        # the number is not kept: it is in the slot case_number, or was erased
        short = key.split("/", 1)[1]
        done = slot_set("staff_events", [*said, short][-REMEMBERED:])
        if short in said:
            return []
        entry, case = await _read(key)
        if entry is None or case is None or case.conversation_id != turn.conversation_id:
            logger.warning("A staff event that does not belong to its conversation was ignored.")
            return []
        if not entry.payload:
            # erased in the meantime
            return [done]
        tell: Callable[[Turn, OutboxEntry, Case], list[Event]] | None = TELLERS.get(entry.kind)
        if tell is None:
            logger.error("No words for a staff event of the kind %s.", entry.kind)
            return []
        return [done, slot_set("case_number", case.number), *asked_no_more(turn), *tell(turn, entry, case)]


async def _read(key: str) -> tuple[OutboxEntry | None, Case | None]:
    """The entry for the user and its case. Raises ``CaseLogUnavailable``: the relay then tells it again."""
    entry = await in_case_log(store().outbox_entry, key)
    if entry is None or entry.direction != Direction.TO_USER:
        return None, None
    return entry, await in_case_log(store().case_by_id, entry.case_id)


def _custom(turn: Turn, entry: OutboxEntry, case: Case, speaker: str, **values: Any) -> dict[str, Any]:
    # the key lets the chat drop what it has shown already
    return {
        "type": "handoff",
        "state": "with_person" if case.bot_silent else "submitted",
        "case": case.number,
        "partner": entry.partner,
        "from": speaker,
        "key": entry.key,
        **values,
    }


def _partner(turn: Turn, partner_id: str) -> Partner:
    return turn.directory.partner(partner_id)


def _message(turn: Turn, entry: OutboxEntry, case: Case) -> list[Event]:
    payload = entry.payload
    text = str(payload.get("text") or "")
    if payload.get("corrects"):
        text = turn.words("person_correction", text=text)
    if payload.get("name"):
        text = turn.words("person_named", name=payload["name"], text=text)
    custom = _custom(turn, entry, case, "person", language=payload.get("message_language") or turn.language)
    if payload.get("file"):
        custom["file"] = payload["file"]
    turn.dispatcher.utter_message(text=text, json_message=custom)
    return []


def _picked_up(turn: Turn, entry: OutboxEntry, case: Case) -> list[Event]:
    partner = _partner(turn, entry.partner)
    custom = _custom(turn, entry, case, "system", state="with_person")
    turn.say("utter_picked_up", custom, partner=partner.name[turn.language], case=case.number)
    return [slot_set("case_state", "with_person")]


def _transferred(turn: Turn, entry: OutboxEntry, case: Case) -> list[Event]:
    partner = _partner(turn, entry.payload["new_partner"])
    turn.say(
        "utter_transferred_within" if entry.payload.get("within") else "utter_transferred",
        {**_custom(turn, entry, case, "system"), "partner": partner.id},
        case=case.number,
        partner=partner.name[turn.language],
        expectation=expectation(turn, partner),
    )
    return []


def _nobody_yet(turn: Turn, entry: OutboxEntry, case: Case) -> list[Event]:
    old, new = _partner(turn, entry.payload["old_partner"]), _partner(turn, entry.payload["new_partner"])
    custom = {**_custom(turn, entry, case, "system"), "partner": new.id}
    names = {"case": case.number, "partner": new.name[turn.language]}
    withdraw = [] if case.bot_silent else [turn.button("withdraw_button", "/withdraw")]
    if old.id == new.id and not entry.payload.get("second"):
        turn.say("utter_nobody_yet", custom, contact=turn.contact(new), buttons=withdraw, **names)
        return []
    values = {"old_partner": old.name[turn.language], "expectation": expectation(turn, new)}
    response = "utter_nobody_yet_second" if entry.payload.get("second") else "utter_nobody_yet_moved"
    turn.say(response, custom, buttons=withdraw, **values, **names)
    return []


def _retracted(turn: Turn, entry: OutboxEntry, case: Case) -> list[Event]:
    partner = _partner(turn, entry.partner)
    turn.say("utter_retracted", _custom(turn, entry, case, "system"), partner=partner.name[turn.language])
    return []


def _translation(turn: Turn, entry: OutboxEntry, case: Case) -> list[Event]:
    values = {name: entry.payload[name] for name in ("service", "text", "original")}
    custom = _custom(turn, entry, case, "system", machine_made=True, language=turn.language)
    turn.dispatcher.utter_message(text=turn.words("person_translation", **values), json_message=custom)
    return []


def _closed(turn: Turn, entry: OutboxEntry, case: Case) -> list[Event]:
    partner = _partner(turn, entry.partner)
    turn.say(
        "utter_case_closed",
        _custom(turn, entry, case, "system", state="closed", reason=entry.payload["reason"]),
        case=case.number,
        partner=partner.name[turn.language],
        reason=turn.words(f"person_reason_{entry.payload['reason']}"),
        buttons=[{"title": str(number), "payload": f'/rate_case{{"rating": "{number}"}}'} for number in range(1, 6)],
    )
    return [slot_set("case_state", "closed")]


TELLERS: dict[str, Callable[[Turn, OutboxEntry, Case], list[Event]]] = {
    "message": _message,
    "picked_up": _picked_up,
    "transferred": _transferred,
    "nobody_yet": _nobody_yet,
    "retracted": _retracted,
    "translation": _translation,
    "closed": _closed,
}
