"""What callers hand to the case log: contact data, transcript lines, filters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

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
class Receipt:
    """A message of staff that asks for a change, and what to tell them once it is made.

    ``external_id`` is unique in ``channel``: the change is made, and ``reply`` told, once for each. ``partner`` is
    the desk whose staff wrote: only those of the desk where the case lies may act. ``reply`` names a text
    ``staff_<reply>`` with its ``values``; None: silence.
    """

    channel: str
    external_id: str
    partner: str
    reply: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StaffFile:
    """A file that staff send. ``media_type`` is what the content was found to be, not what the sender says."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class WaitingCase:
    """A case that nobody has taken. ``since`` it waits where it lies now; ``reminders`` were sent since then.

    ``second``: it lies with the owner's second contact.
    """

    number: str
    owner: str
    second: bool
    since: datetime
    reminders: int
    escalated: bool


@dataclass(frozen=True)
class CaseFilter:
    """Which cases to list. ``since`` (inclusive) and ``until`` (exclusive) compare with the time of opening."""

    partner: str | None = None
    state: str | None = None
    topic: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int | None = None
