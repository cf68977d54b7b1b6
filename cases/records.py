"""What callers hand to the case log: contact data, transcript lines, filters."""

from dataclasses import dataclass
from datetime import datetime

from cases.states import Author


@dataclass(frozen=True)
class Contact:
    """Whom to answer, given by the user with consent. ``email_replies``: the user agreed to get replies by e-mail."""

    company: str | None
    name: str | None
    email: str | None = None
    phone: str | None = None
    email_replies: bool = False


@dataclass(frozen=True)
class TranscriptLine:
    """A message exchanged before the case was submitted. ``at`` is aware; ``external_id`` is unique in ``channel``."""

    at: datetime
    author: Author
    text: str
    language: str | None = None
    channel: str | None = None
    external_id: str | None = None


@dataclass(frozen=True)
class CaseFilter:
    """Which cases to list. ``since`` (inclusive) and ``until`` (exclusive) compare with the time of opening."""

    partner: str | None = None
    state: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
