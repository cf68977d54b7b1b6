"""The tables of the case log.

Nullable columns carry no annotation: SQLAlchemy's mypy plugin reads ``<type> | None`` from them by itself.
"""

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeMeta, registry
from sqlalchemy.types import TypeDecorator

from bot.directory import desk_of
from cases.states import Author, CaseState, Direction, Feedback, TurnOutcome

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

mapper_registry = registry()
mapper_registry.metadata.naming_convention = NAMING


class Base(metaclass=DeclarativeMeta):
    """Base of all tables."""

    __abstract__ = True
    registry = mapper_registry
    metadata = mapper_registry.metadata


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Always aware and in UTC on both sides; refuses naive values, so that no local time slips in.

    SQLite keeps text without a zone, PostgreSQL ``timestamptz``: both give back the same value.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; the case log takes aware times only.")
        utc = value.astimezone(timezone.utc)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


def _one_of(column: str, words: Any, name: str) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(word)) for word in words)})", name=name)


class Case(Base):
    """One concern of one conversation, with exactly one owner.

    Contact data, ``concern`` and ``rating_comment`` are personal: they are written after consent (``consent_at``) and
    emptied by erasure (``erased_at``). ``conversation_id`` is replaced then, so that nothing leads back to a person.
    """

    __tablename__ = "cases"
    __table_args__ = (
        _one_of("state", CaseState, "state"),
        CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        Index(
            "uq_cases_open_conversation",
            "conversation_id",
            unique=True,
            sqlite_where=text("state != 'closed'"),
            postgresql_where=text("state != 'closed'"),
        ),
    )

    id: int = Column(Integer, primary_key=True)
    number: str = Column(String(20), nullable=False, unique=True)
    conversation_id: str = Column(String(255), nullable=False, index=True)
    state: str = Column(String(20), nullable=False, index=True)
    owner: str = Column(String(40), nullable=False, index=True)
    second_contact: bool = Column(Boolean, nullable=False, default=False, server_default=false())
    municipality = Column(String(8))
    language: str = Column(String(8), nullable=False)
    site = Column(String(255))
    page_language = Column(String(8))
    page_url = Column(Text)
    created_at: datetime = Column(UtcDateTime, nullable=False, index=True)
    updated_at: datetime = Column(UtcDateTime, nullable=False)
    offered_at = Column(UtcDateTime)
    submitted_at = Column(UtcDateTime)
    picked_up_at = Column(UtcDateTime)
    closed_at = Column(UtcDateTime)
    close_reason = Column(String(40))
    rating = Column(Integer)
    rating_comment = Column(Text)
    consent_at = Column(UtcDateTime)
    email_replies: bool = Column(Boolean, nullable=False, default=False)
    company = Column(Text)
    contact_name = Column(Text)
    email = Column(Text)
    phone = Column(Text)
    concern = Column(Text)
    checklist = Column(JSON(none_as_null=True))
    erased_at = Column(UtcDateTime)

    @property
    def desk(self) -> str:
        """Where the owner's staff follow the case: the owner's id, or that of its second contact."""
        return desk_of(self.owner, second=self.second_contact)

    @property
    def is_open(self) -> bool:
        """Whether the case still needs somebody's attention or the bot's."""
        return self.state != CaseState.CLOSED

    @property
    def bot_silent(self) -> bool:
        """Whether the bot must be silent: from the first pick-up until closing, transfers in between included."""
        return self.is_open and self.picked_up_at is not None


class Turn(Base):
    """One question of the user and how the bot met it, without its text: what statistics are made of."""

    __tablename__ = "turns"
    __table_args__ = (_one_of("outcome", TurnOutcome, "outcome"), _one_of("feedback", Feedback, "feedback"))

    id: int = Column(Integer, primary_key=True)
    case_id: int = Column(ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True)
    at: datetime = Column(UtcDateTime, nullable=False)
    topic = Column(String(120), index=True)
    outcome: str = Column(String(20), nullable=False)
    language: str = Column(String(8), nullable=False)
    feedback = Column(String(20))
    feedback_reason = Column(Text)


class Message(Base):
    """What was said in a case. Written only after consent; ``seq`` counts from 1 within the case."""

    __tablename__ = "messages"
    __table_args__ = (
        _one_of("author", Author, "author"),
        UniqueConstraint("case_id", "seq"),
        UniqueConstraint("channel", "external_id"),
    )

    id: int = Column(Integer, primary_key=True)
    case_id: int = Column(ForeignKey("cases.id", ondelete="CASCADE"), nullable=False)
    seq: int = Column(Integer, nullable=False)
    at: datetime = Column(UtcDateTime, nullable=False)
    author: str = Column(String(20), nullable=False)
    text: str = Column(Text, nullable=False)
    language = Column(String(8))
    channel = Column(String(40))
    external_id = Column(String(255))


class CaseEvent(Base):
    """Audit of a case: every change of state and owner.

    ``by`` is ``user``, ``bot``, ``system``, ``operator`` or ``staff:<who>``.
    """

    __tablename__ = "case_events"

    id: int = Column(Integer, primary_key=True)
    case_id: int = Column(ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True)
    at: datetime = Column(UtcDateTime, nullable=False)
    kind: str = Column(String(40), nullable=False)
    old = Column(String(120))
    new = Column(String(120))
    by: str = Column(String(255), nullable=False)
    reason = Column(Text)


class OutboxEntry(Base):
    """One thing that somebody must be told, written in the transaction that made it true.

    ``key`` says what it is once and for all, whoever delivers it and however often it is tried. ``partner`` is the
    desk at the time of writing (to staff; see ``Case.desk``) or the owner who speaks (to the user).
    ``attempt_started_at`` stands while an attempt is under way or ended in an unknown way (the process died). A
    cancelled entry is never delivered.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        _one_of("direction", Direction, "direction"),
        Index("ix_outbox_pending", "direction", "due_at", "delivered_at", "cancelled_at"),
        Index("ix_outbox_order", "case_id", "direction", "id"),
    )

    id: int = Column(Integer, primary_key=True)
    key: str = Column(String(120), nullable=False, unique=True)
    case_id: int = Column(ForeignKey("cases.id", ondelete="CASCADE"), nullable=False)
    partner: str = Column(String(40), nullable=False)
    direction: str = Column(String(20), nullable=False)
    kind: str = Column(String(40), nullable=False)
    payload: dict[str, Any] = Column(JSON, nullable=False)
    created_at: datetime = Column(UtcDateTime, nullable=False)
    due_at: datetime = Column(UtcDateTime, nullable=False)
    attempts: int = Column(Integer, nullable=False, default=0)
    attempt_started_at = Column(UtcDateTime)
    last_error = Column(Text)
    claimed_by = Column(String(120))
    claimed_until = Column(UtcDateTime)
    delivered_at = Column(UtcDateTime)
    cancelled_at = Column(UtcDateTime)
    external_id = Column(String(255))


class StaffInbox(Base):
    """Messages of staff that have been acted on, so that each is acted on once however often a channel brings it."""

    __tablename__ = "staff_inbox"

    channel: str = Column(String(40), primary_key=True)
    external_id: str = Column(String(255), primary_key=True)
    at: datetime = Column(UtcDateTime, nullable=False, index=True)


class ChannelPosition(Base):
    """How far a staff channel has been read; what that means is the channel's own affair."""

    __tablename__ = "channel_positions"

    channel: str = Column(String(120), primary_key=True)
    position: str = Column(Text, nullable=False)


class Attachment(Base):
    """A file that staff sent the user. ``token`` is unguessable: who has it may open the file. Gone with the case."""

    __tablename__ = "attachments"

    token: str = Column(String(64), primary_key=True)
    case_id: int = Column(ForeignKey("cases.id", ondelete="CASCADE"), nullable=False, index=True)
    at: datetime = Column(UtcDateTime, nullable=False)
    name: str = Column(Text, nullable=False)
    media_type: str = Column(String(80), nullable=False)
    content: bytes = Column(LargeBinary, nullable=False)


class Candidate(Base):
    """An answer of staff proposed for the knowledge base, without personal data and without a way back to its case."""

    __tablename__ = "candidates"

    id: int = Column(Integer, primary_key=True)
    at: datetime = Column(UtcDateTime, nullable=False)
    partner: str = Column(String(40), nullable=False)
    topic = Column(String(120))
    language = Column(String(8))
    text: str = Column(Text, nullable=False)
