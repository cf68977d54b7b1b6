"""What was entered in a handoff form that was not sent: removed from Rasa's conversation and from the chat's messages.

The conversation itself goes on, so its events stay in number and order; only the words go. A form that was sent keeps
them: the user agreed to it.
"""

import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from bot.channels.replay import chat_messages
from bot.knowledge.wording import text as wording_text

FORM = "handoff_form"
ENTRIES = frozenset({"company", "contact_name", "email", "phone", "municipality", "concern"})
# of what understanding found in a message nothing is kept but its intent
_KEPT_OF_PARSING = ("intent", "message_id", "metadata")
_FORM_STATES = frozenset({"offered", "form"})

Event = dict[str, Any]


def discard_entries(engine: Engine, sender_id: str, events: sa.Table) -> None:
    """Remove the entries of forms that were not sent from a conversation; the turn under way is not touched."""
    with engine.begin() as connection:
        query = sa.select(events.c.id, events.c.data).where(events.c.sender_id == sender_id).order_by(events.c.id)
        rows = [(number, json.loads(data)) for number, data in connection.execute(query)]
        for number, event in _unsent(rows):
            statement = events.update().where(events.c.id == number)
            connection.execute(statement.values(data=json.dumps(_without_entry(event))))
        if sa.inspect(connection).has_table(chat_messages.name):
            _discard_messages(connection, sender_id)


def _unsent(rows: Iterable[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """The events of forms, without those of a form that was sent."""
    found: list[tuple[int, Event]] = []
    in_form = False
    for number, event in rows:
        kind, name = event.get("event"), event.get("name")
        if kind == "active_loop":
            in_form = name == FORM
        if kind == "slot" and name == "handoff_end" and event.get("value") == "confirmed":
            found.clear()
        elif in_form or (kind == "slot" and name in ENTRIES):
            found.append((number, event))
    return found


def _without_entry(event: Event) -> Event:
    kind = event.get("event")
    if kind == "slot" and event.get("name") in ENTRIES:
        return {**event, "value": None}
    if kind == "user":
        kept = {name: value for name, value in (event.get("parse_data") or {}).items() if name in _KEPT_OF_PARSING}
        return {**event, "text": "", "parse_data": {**kept, "text": "", "entities": []}}
    if kind == "entities":
        return {**event, "entities": []}
    if kind == "bot":
        # a response's values stand in its metadata as well
        metadata = {name: value for name, value in (event.get("metadata") or {}).items() if name == "utter_action"}
        data = dict(event.get("data") or {})
        if data.get("custom"):
            data["custom"] = {name: value for name, value in data["custom"].items() if name != "values"}
        return {**event, "text": "", "data": data, "metadata": metadata}
    return event


def _discard_messages(connection: Connection, conversation_id: str) -> None:
    columns = chat_messages.c
    query = (
        sa.select(columns.id, columns.body)
        # what waits for its turn, or has it now, is no entry of the form that just ended
        .where(columns.conversation_id == conversation_id, columns.waiting.is_(None))
        .order_by(columns.id)
    )
    rows = [(number, json.loads(body)) for number, body in connection.execute(query)]
    for number, body in _unsent_messages(rows):
        mine = (columns.conversation_id == conversation_id) & (columns.id == number)
        connection.execute(chat_messages.update().where(mine).values(body=json.dumps(body, separators=(",", ":"))))


def _unsent_messages(rows: Iterable[tuple[int, Event]]) -> list[tuple[int, Event]]:
    """Messages to be stored anew: the user's in a form that was not sent, and those that repeat what was entered."""
    found: list[tuple[int, Event]] = []
    in_form = False
    for number, body in rows:
        custom = body.get("custom") or {}
        if custom.get("type") == "handoff" and body["from"] != "user":
            in_form = custom.get("state") in _FORM_STATES
            if custom.get("state") == "submitted":
                found.clear()
        repeats = custom.get("field") == "confirm" or "values" in custom
        if in_form and (body["from"] == "user" or repeats):
            kept = {name: value for name, value in custom.items() if name != "values"}
            words = wording_text("webchat_entry_discarded", body["language"])
            found.append((number, {**body, "text": words, "custom": kept}))
    return found
