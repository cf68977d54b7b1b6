"""Staff channels: the ways a partner's staff are told of cases. One module each behind ``StaffChannel``.

A channel is small: a name, one promise (``deduplicates``) and one method (``deliver``). The relay does the rest: order,
leases, retries, timing. To add one, write a module beside this one and let ``staff.targets`` choose it.

The rules of ``deliver``:

- It returns only when the service has confirmed the notice, with the service's own id of it (or None).
- It raises ``Undeliverable`` when the service did not take it. Any other exception counts as a temporary failure.
- It may be called again with the same ``key``: the process died before the confirmation was noted, or the lease ran
  out. With ``deduplicates = True`` the channel promises that staff then still see the notice once, because it or the
  service remembers the key. Otherwise the relay marks such a notice ``repeated`` and its text says so.
- It must end within ``DELIVERY_SECONDS`` and never write contents to the log.

A channel that also brings replies back is a ``TwoWayChannel``. The rules of ``receive``:

- It gives what staff wrote in the order of writing, from ``position`` on. The relay acts on a batch and then keeps its
  position, so after a crash a message may come again; ``external_id`` is what it is known by.
- It gives only what members of the partner's own room (or mailbox) wrote, and never what the relay itself wrote.
- It never ends by itself; while the service is away it waits, and its next batch says ``recovered``.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.directory import Partner, desk_of
from cases.records import StaffFile

# shorter than the outbox lease, so that an attempt never outlives it
DELIVERY_SECONDS = 45.0

FileProblem = Literal["too_large", "wrong_type", "unreadable"]


@dataclass(frozen=True)
class OutgoingNotice:
    """What to tell a partner's staff. ``key`` names it for good; ``kind`` is that of the outbox entry.

    ``title`` and ``body`` are plain text in the partner's language, ready to send. ``repeated``: an earlier attempt
    ended in an unknown way, so it may have arrived before, and staff must be told so; ``attempted``: the same, as a
    hint for a channel that can look. ``thread``: the channel's id of the case's card, None for the card itself.
    ``answers``: the channel's id of the staff message this is about, if it is about one. ``second``: it goes to the
    partner's second contact.
    """

    key: str
    kind: str
    case_number: str
    partner: Partner
    title: str
    body: str
    created_at: datetime
    repeated: bool = False
    thread: str | None = None
    answers: str | None = None
    attempted: bool = False
    second: bool = False

    @property
    def desk(self) -> str:
        """Whom it goes to: what channels know their rooms and addresses by."""
        return desk_of(self.partner.id, second=self.second)


@dataclass(frozen=True)
class IncomingMessage:
    """What staff did. ``external_id`` is the service's id of it, unique in the channel; ``by`` who wrote it.

    ``partner`` is the desk whose staff; ``name`` how they call themselves. ``kind``: ``message``; ``edit`` and
    ``retraction`` are about the message ``target`` (its external id), and name no case. A message may bring a ``file``,
    with ``text`` as its caption, or tell why the file could not be taken (``file_problem``). ``about``: the message it
    replies to.
    """

    case_number: str | None
    text: str
    by: str
    external_id: str
    partner: str = ""
    name: str = ""
    kind: Literal["message", "edit", "retraction"] = "message"
    target: str | None = None
    about: str | None = None
    file: StaffFile | None = None
    file_problem: FileProblem | None = None


@dataclass(frozen=True)
class Batch:
    """Messages of staff in order, and the position after them. ``recovered``: the service had been away before."""

    messages: tuple[IncomingMessage, ...]
    position: str
    recovered: bool = False


class Undeliverable(Exception):
    """The service did not take a notice. The message is for operators and holds neither contents nor secrets.

    ``temporary``: it may work later without anybody's doing. ``uncertain``: it may have arrived all the same, as after
    a time-out.
    """

    def __init__(self, reason: str, *, temporary: bool = True, uncertain: bool = False) -> None:
        super().__init__(reason)
        self.temporary = temporary
        self.uncertain = uncertain


class StaffChannel(Protocol):
    """A way to tell a partner's staff something."""

    name: str
    deduplicates: bool

    async def deliver(self, notice: OutgoingNotice) -> str | None:
        """Hand the notice to the service; the rules stand at the head of this module."""
        ...


class TwoWayChannel(StaffChannel, Protocol):
    """A channel that also brings back what staff write. ``partners``: the desks that it serves."""

    partners: frozenset[str]

    def receive(self, position: str | None) -> AsyncIterator[Batch]:
        """What staff wrote after ``position`` (None: from the beginning), as it comes in; the rules stand above."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def is_two_way(channel: StaffChannel) -> bool:
    """Whether staff can answer in this channel."""
    return hasattr(channel, "receive")
