"""What was said in a web chat, kept in the conversations' database so that a browser can fetch what it missed.

Ids rise within a conversation: the time in milliseconds, or one more than the last where that is greater. They go on
rising when the conversation was erased in between, without anything of it being kept.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import QueuePool

from bot.channels.sessions import digest

MOST_REPLAYED = 500  # messages; a chat of more shows its last ones
_TRIES = 8

metadata = sa.MetaData()
chat_messages = sa.Table(
    "chat_messages",
    metadata,
    sa.Column("conversation_id", sa.String(64), primary_key=True),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("client_id", sa.String(64), nullable=True),
    # the user's own words for Rasa, as JSON, until the turn has been handled; then NULL
    sa.Column("waiting", sa.Text, nullable=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.UniqueConstraint("conversation_id", "client_id"),
)
chat_ended = sa.Table(
    "chat_ended",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("at", sa.Float, nullable=False),
)

Body = dict[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True)
class Accepted:
    """A user's message as stored: its id, and whether it had been stored before under the same client id."""

    id: int
    duplicate: bool


class ConversationEnded(Exception):
    """The user has ended this conversation; nothing is taken for it any more."""


@dataclass(frozen=True)
class Waiting:
    """A user's message that was stored but whose turn has not ended: ``content`` is what Rasa is to get."""

    id: int
    content: Body
    at: float


class MessageStore:
    """The table ``chat_messages``. Its methods block; :class:`AsyncMessageStore` calls them beside the event loop."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        create_tables(self.engine)

    def accept(self, conversation_id: str, body: Body, content: Body, client_id: str | None) -> Accepted:
        """Store a user's message unless one of this client id is there already. Raises ``ConversationEnded``."""
        for attempt in range(_TRIES):
            try:
                with self.engine.begin() as connection:
                    if connection.execute(_ENDED, {"d": digest(conversation_id)}).first():
                        raise ConversationEnded
                    if client_id is not None:
                        known = connection.execute(_CLIENT_ID, {"c": conversation_id, "k": client_id}).scalar()
                        if known is not None:
                            return Accepted(int(known), duplicate=True)
                    number = _next_id(connection, conversation_id)
                    row = _row(conversation_id, number, body)
                    connection.execute(_INSERT, {**row, "client_id": client_id, "waiting": _dump(content)})
                    return Accepted(number, duplicate=False)
            except IntegrityError:
                # another worker was faster with this id
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def add(self, conversation_id: str, bodies: list[Body], handled: int | None = None) -> list[int]:
        """Store what was said to the user, and with it that the user's message ``handled`` has had its turn."""
        for attempt in range(_TRIES):
            try:
                with self.engine.begin() as connection:
                    if handled is not None:
                        connection.execute(_HANDLED, {"c": conversation_id, "i": handled})
                    if not bodies:
                        return []
                    first = _next_id(connection, conversation_id)
                    numbers = list(range(first, first + len(bodies)))
                    rows = [_row(conversation_id, *pair) for pair in zip(numbers, bodies, strict=True)]
                    ids = [_entry_id(body) for body in bodies]
                    connection.execute(
                        _INSERT,
                        [{**row, "client_id": entry, "waiting": None} for row, entry in zip(rows, ids, strict=True)],
                    )
                    return numbers
            except IntegrityError:
                if attempt == _TRIES - 1:
                    raise
        raise AssertionError("unreachable")

    def unsaid(self, conversation_id: str, bodies: list[Body]) -> list[Body]:
        """Those messages that have not been said: what staff do comes again when a server died before confirming it."""
        with self.engine.connect() as connection:
            return [
                body
                for body in bodies
                if (entry := _entry_id(body)) is None
                or connection.execute(_CLIENT_ID, {"c": conversation_id, "k": entry}).first() is None
            ]

    def since(self, conversation_id: str, last_id: int | None) -> list[Body]:
        """Messages after ``last_id`` (None: all), oldest first, each with its ``id``."""
        query = sa.select(chat_messages.c.id, chat_messages.c.body).where(
            chat_messages.c.conversation_id == conversation_id
        )
        if last_id is not None:
            query = query.where(chat_messages.c.id > last_id)
        query = query.order_by(chat_messages.c.id.desc()).limit(MOST_REPLAYED)
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        return [{**json.loads(body), "id": number} for number, body in reversed(rows)]

    def waiting(self, conversation_id: str) -> list[Waiting]:
        """The user's messages whose turn has not ended, oldest first."""
        columns = chat_messages.c
        query = (
            sa.select(columns.id, columns.waiting, columns.at)
            .where(columns.conversation_id == conversation_id, columns.waiting.is_not(None))
            .order_by(columns.id)
        )
        with self.engine.connect() as connection:
            return [Waiting(number, json.loads(text), at) for number, text, at in connection.execute(query)]

    def end(self, conversation_id: str) -> None:
        """Note that a conversation has ended; of its id only a digest is kept."""
        try:
            with self.engine.begin() as connection:
                connection.execute(chat_ended.insert().values(digest=digest(conversation_id), at=time.time()))
        except IntegrityError:
            return

    def has_ended(self, conversation_id: str) -> bool:
        """Whether the user ended this conversation."""
        with self.engine.connect() as connection:
            return connection.execute(_ENDED, {"d": digest(conversation_id)}).first() is not None


class AsyncMessageStore:
    """Calls a :class:`MessageStore` from the event loop. Opened on first use: in the worker, not before a fork."""

    def __init__(self, url: str) -> None:
        self._url = url
        # a server of its own is asked beside the event loop; SQLite answers sooner than another thread would wake up,
        # and Rasa's conversations are written to the same file in the same way
        self._threads = None if url.startswith("sqlite") else ThreadPoolExecutor(4, thread_name_prefix="chat")
        self._store: MessageStore | None = None

    async def call(self, method: Callable[..., Result], *values: Any) -> Result:
        """``await call(MessageStore.since, id, None)``: a method's result. Raises what the method raises."""
        if self._threads is None:
            return self._call(method, values)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._call, method, values)

    def _call(self, method: Callable[..., Result], values: tuple[Any, ...]) -> Result:
        if self._store is None:
            self._store = MessageStore(self._url)
        return method(self._store, *values)

    @property
    def engine(self) -> Engine:
        """The engine, for what :mod:`bot.conversations` does with it; only after a first call."""
        assert self._store is not None
        return self._store.engine


def create_tables(engine: Engine) -> None:
    """Make the tables where they are missing; another worker may do the same at the same time."""
    try:
        metadata.create_all(engine)
    except (IntegrityError, OperationalError, ProgrammingError):
        metadata.create_all(engine)


def erase_messages(connection: Connection, conversation_id: str) -> int:
    """Delete everything that was said in a web chat; returns how many messages there were."""
    if not sa.inspect(connection).has_table(chat_messages.name):
        return 0
    found = connection.execute(chat_messages.delete().where(chat_messages.c.conversation_id == conversation_id))
    return int(found.rowcount)


def erase_leftovers(connection: Connection, timestamp: float, events: sa.Table) -> None:
    """Delete messages before ``timestamp`` whose conversation has no events any more, and old notes of ended chats."""
    if not sa.inspect(connection).has_table(chat_messages.name):
        return
    columns = chat_messages.c
    last = (
        sa.select(columns.conversation_id)
        .group_by(columns.conversation_id)
        .having(sa.func.max(columns.at) < timestamp)
        .where(columns.conversation_id.not_in(sa.select(events.c.sender_id)))
    )
    for conversation_id in connection.execute(last).scalars().all():
        erase_messages(connection, conversation_id)
    connection.execute(chat_ended.delete().where(chat_ended.c.at < timestamp))


_INSERT = chat_messages.insert()
_CLIENT_ID = sa.text("SELECT id FROM chat_messages WHERE conversation_id = :c AND client_id = :k")
_ENDED = sa.text("SELECT 1 FROM chat_ended WHERE digest = :d")
_LAST_ID = sa.text("SELECT MAX(id) FROM chat_messages WHERE conversation_id = :c")
# until the transaction ends; the first number sets these locks apart from any others in the database
_LOCK = sa.text("SELECT pg_advisory_xact_lock(20261, hashtext(:c))")
_HANDLED = sa.text("UPDATE chat_messages SET waiting = NULL WHERE conversation_id = :c AND id = :i")


def _next_id(connection: Connection, conversation_id: str) -> int:
    if connection.dialect.name == "postgresql":
        # other servers that write to the same conversation wait here, and find what this one wrote
        connection.execute(_LOCK, {"c": conversation_id})
    last = connection.execute(_LAST_ID, {"c": conversation_id}).scalar() or 0
    return max(int(last) + 1, int(time.time() * 1000))


def _row(conversation_id: str, number: int, body: Body) -> dict[str, Any]:
    return {"conversation_id": conversation_id, "id": number, "body": _dump(body), "at": time.time()}


def _entry_id(body: Body) -> str | None:
    """What tells a message of staff from all others for good: its outbox key; None for what the bot says."""
    custom = body.get("custom") or {}
    key = custom.get("key") if custom.get("type") == "handoff" else None
    return f"entry:{hashlib.sha256(str(key).encode()).hexdigest()[:48]}" if key else None


def _dump(value: Body) -> str:
    return json.dumps(value, separators=(",", ":"))


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, future=True, pool_pre_ping=True)
    # SQLAlchemy opens a SQLite file anew for each transaction, which takes longer than the transaction
    engine = sa.create_engine(url, future=True, poolclass=QueuePool, connect_args={"check_same_thread": False})
    sa.event.listen(engine, "connect", careful_sqlite)
    return engine


def careful_sqlite(connection: Any, _: Any) -> None:
    """Readers do not wait for writers, and a writer waits for another instead of failing."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA busy_timeout=5000")
    # what was erased is overwritten
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()
