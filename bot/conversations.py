"""Rasa's conversations in an SQL database, with what Rasa leaves out: erasing one, and forgetting old ones."""

import json
import logging
from functools import lru_cache
from typing import Any

import rasa.shared.utils.common
import sqlalchemy as sa
import sqlalchemy.orm
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.events import Event, SessionStarted, SlotSet
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT_NAME_KEY
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from bot.channels.replay import careful_sqlite, erase_leftovers, erase_messages
from bot.discarded import discard_entries
from bot.kept import KeptConversations

logger = logging.getLogger(__name__)

# Rasa looks through all classes of events, recursively, for each event that it reads; they do not change
rasa.shared.utils.common.all_subclasses = lru_cache(maxsize=32)(rasa.shared.utils.common.all_subclasses)

ERASE_SLOT = "erase"
# set when a form was cancelled or declined
FORGET_SLOT = "forget_entries"


_EVENTS = SQLTrackerStore.SQLEvent.__table__
_OF_ALL_SESSIONS = _EVENTS.c.sender_id == sa.bindparam("sender")
_SESSION_START = (
    sa.select(sa.func.max(_EVENTS.c.timestamp))
    .where(_OF_ALL_SESSIONS, _EVENTS.c.type_name == SessionStarted.type_name)
    .scalar_subquery()
)
# from the latest session's start on; everything where no session was started
_OF_LATEST_SESSION = sa.and_(_OF_ALL_SESSIONS, sa.or_(_EVENTS.c.timestamp >= _SESSION_START, _SESSION_START.is_(None)))
# made once: what a statement comes to is worked out anew for each new object
_READ_ALL = sa.select(_EVENTS.c.data).where(_OF_ALL_SESSIONS).order_by(_EVENTS.c.id)
_READ_LATEST = sa.select(_EVENTS.c.data).where(_OF_LATEST_SESSION).order_by(_EVENTS.c.id)
_COUNT_LATEST = sa.select(sa.func.count()).select_from(_EVENTS).where(_OF_LATEST_SESSION)
_LAST = sa.select(_EVENTS.c.id, _EVENTS.c.timestamp).where(_OF_ALL_SESSIONS).order_by(_EVENTS.c.id.desc()).limit(1)
_INSERT = _EVENTS.insert()


class ConversationStore(SQLTrackerStore):
    """Rasa's SQL tracker store, with two slots that it obeys.

    A conversation with the slot ``erase`` is deleted instead of saved; ``forget_entries`` removes what was entered in a
    form that was not sent. Reads and writes the same rows as Rasa does, without its object-relational mapping: that
    took a fifth of a turn. A conversation that nobody else wrote to since its last turn is not read again.
    """

    engine: Engine

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept = KeptConversations()
        if self.engine.dialect.name == "sqlite":
            # SQLAlchemy opens a SQLite file anew for each transaction, which takes longer than the transaction
            self.engine.dispose()
            self.engine = sa.create_engine(
                self.engine.url, poolclass=QueuePool, connect_args={"check_same_thread": False}
            )
            sa.event.listen(self.engine, "connect", careful_sqlite)
            self.sessionmaker = sa.orm.sessionmaker(bind=self.engine)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the new events, or erase all of them when the conversation asks for it."""
        forgotten = bool(tracker.get_slot(FORGET_SLOT))
        self._kept.take(tracker.sender_id)
        if tracker.get_slot(ERASE_SLOT):
            erase_conversation(self.engine, tracker.sender_id)
            return
        if forgotten:
            # before the turn is stored: if the process dies in between, the turn comes again and with it this
            discard_entries(self.engine, tracker.sender_id, _EVENTS)
            tracker.update(SlotSet(FORGET_SLOT, None))
        await self.stream_events(tracker)
        with self.engine.begin() as connection:
            count = connection.execute(_COUNT_LATEST, {"sender": tracker.sender_id}).scalar_one()
            events = list(tracker.events)
            rows = [_row(tracker.sender_id, event) for event in events[count:]]
            if rows:
                connection.execute(_INSERT, rows)
            last = connection.execute(_LAST, {"sender": tracker.sender_id}).first()
        # reading gives nothing from before a session's start, and what was forgotten still stands in the tracker
        one_session = not any(isinstance(event, SessionStarted) for event in events[1:])
        if last is not None and one_session and not forgotten:
            self._kept.put(tracker, (last.id, last.timestamp))

    async def _retrieve(self, sender_id: str, fetch_events_from_all_sessions: bool) -> DialogueStateTracker | None:
        query = _READ_ALL if fetch_events_from_all_sessions else _READ_LATEST
        kept = None if fetch_events_from_all_sessions else self._kept.take(sender_id)
        with self.engine.connect() as connection:
            if kept is not None:
                tracker, mark = kept
                last = connection.execute(_LAST, {"sender": sender_id}).first()
                if last is not None and mark == (last.id, last.timestamp):
                    return tracker
            events = [json.loads(data) for (data,) in connection.execute(query, {"sender": sender_id})]
        if not self.domain or not events:
            return None
        return DialogueStateTracker.from_dict(sender_id, events, self.domain.slots)


def _row(sender_id: str, event: Event) -> dict[str, Any]:
    """An event as Rasa stores it."""
    data = event.as_dict()
    return {
        "sender_id": sender_id,
        "type_name": event.type_name,
        "timestamp": data.get("timestamp"),
        "intent_name": data.get("parse_data", {}).get("intent", {}).get(INTENT_NAME_KEY),
        "action_name": data.get("name"),
        "data": json.dumps(data),
    }


def erase_conversation(engine: Engine, sender_id: str) -> int:
    """Delete every event of a conversation and what its web chat showed; returns how many events there were."""
    events = _EVENTS
    with engine.begin() as connection:
        result = connection.execute(events.delete().where(events.c.sender_id == sender_id))
        erase_messages(connection, sender_id)
    return int(result.rowcount)


def erase_conversations_before(engine: Engine, timestamp: float, keep: frozenset[str]) -> int:
    """Delete conversations whose last event is older than ``timestamp`` (seconds since 1970), except those in ``keep``.

    Returns the number of conversations deleted. A database without conversations counts as empty.
    """
    events = _EVENTS
    if not sa.inspect(engine).has_table(events.name):
        return 0
    last = (
        sa.select(events.c.sender_id).group_by(events.c.sender_id).having(sa.func.max(events.c.timestamp) < timestamp)
    )
    with engine.begin() as connection:
        old = [sender for (sender,) in connection.execute(last) if sender not in keep]
        for sender in old:
            connection.execute(events.delete().where(events.c.sender_id == sender))
            erase_messages(connection, sender)
        erase_leftovers(connection, timestamp, events)
    return len(old)
