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

A channel that also brings replies back is a ``TwoWayChannel``.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.directory import Partner

# shorter than the outbox lease, so that an attempt never outlives it
DELIVERY_SECONDS = 45.0


@dataclass(frozen=True)
class OutgoingNotice:
    """What to tell a partner's staff. ``key`` names it for good; ``kind`` is that of the outbox entry.

    ``title`` and ``body`` are plain text in the partner's language, ready to send. ``repeated``: an earlier attempt
    ended in an unknown way, so it may have arrived before.
    """

    key: str
    kind: str
    case_number: str
    partner: Partner
    title: str
    body: str
    created_at: datetime
    repeated: bool = False


@dataclass(frozen=True)
class IncomingMessage:
    """What staff wrote back. ``external_id`` is the service's id of it, unique in the channel; ``by`` who wrote it."""

    case_number: str
    text: str
    by: str
    external_id: str


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
    """A channel that also brings back what staff write."""

    def receive(self) -> AsyncIterator[IncomingMessage]:
        """Messages of staff as they come in, each at least once; the case log keeps each ``external_id`` once."""
        ...
