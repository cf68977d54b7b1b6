"""The outbox: who delivers which entry, when, and in which order. Written by the other sides, emptied by the relay.

An entry is leased to one worker for a time. A later entry of the same case and direction (to staff: and partner)
waits until the earlier one has been delivered or cancelled; a reminder for later holds nothing up.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from cases.database import Database
from cases.models import OutboxEntry
from cases.states import Direction, OutboxKind

LEASE = timedelta(minutes=2)


@dataclass(frozen=True)
class OutboxCount:
    """How the outbox stands in one direction, without what has been cancelled."""

    direction: str
    delivered: int
    pending: int
    failing: int
    oldest_pending: datetime | None


class Outbox(Database):
    """Leases on outbox entries. ``worker`` names one process, differently after each start."""

    def claim_due(
        self,
        worker: str,
        limit: int,
        now: datetime | None = None,
        *,
        directions: Sequence[Direction] = (Direction.TO_STAFF, Direction.TO_USER),
        lease: timedelta = LEASE,
    ) -> list[OutboxEntry]:
        """Take up to ``limit`` entries that are due, in order; nobody else gets them until ``lease`` has passed.

        PostgreSQL skips rows that another worker is just taking; SQLite lets one writer in at a time.
        """
        now = now or self.clock()
        earlier = aliased(OutboxEntry)
        blocked = exists(
            select(earlier.id).where(
                earlier.case_id == OutboxEntry.case_id,
                earlier.direction == OutboxEntry.direction,
                # two partners' channels fail apart; the user has one channel, whoever speaks
                or_(earlier.direction != Direction.TO_STAFF, earlier.partner == OutboxEntry.partner),
                earlier.kind != OutboxKind.REMINDER.value,
                earlier.id < OutboxEntry.id,
                earlier.delivered_at.is_(None),
                earlier.cancelled_at.is_(None),
            )
        )
        free = or_(OutboxEntry.claimed_until.is_(None), OutboxEntry.claimed_until <= now)
        query = (
            select(OutboxEntry)
            .where(
                OutboxEntry.direction.in_([str(direction) for direction in directions]),
                OutboxEntry.delivered_at.is_(None),
                OutboxEntry.cancelled_at.is_(None),
                OutboxEntry.due_at <= now,
                free,
                ~blocked,
            )
            .order_by(OutboxEntry.due_at, OutboxEntry.id)
            .limit(limit)
        )
        with self.read() as session:
            # looking costs no lock; whoever polls often mostly finds nothing
            if session.execute(query.with_only_columns(OutboxEntry.id).limit(1)).first() is None:
                return []
        with self.write() as session:
            locked = query.with_for_update(skip_locked=True, of=OutboxEntry)
            entries: list[OutboxEntry] = list(session.execute(locked).scalars())
            for entry in entries:
                entry.claimed_by = worker
                entry.claimed_until = now + lease
            return entries

    def start_attempt(self, entry: OutboxEntry, now: datetime | None = None, *, lease: timedelta = LEASE) -> bool:
        """Note, just before sending, that an attempt begins; renews the lease. False: it is no longer this worker's.

        While this mark stands and nothing was marked after it, the outcome of the attempt is unknown.
        """
        now = now or self.clock()
        return self._update(
            entry,
            self._mine(entry),
            attempts=OutboxEntry.attempts + 1,
            attempt_started_at=now,
            claimed_until=now + lease,
        )

    def mark_delivered(self, entry: OutboxEntry, external_id: str | None = None, now: datetime | None = None) -> bool:
        """Note that the channel confirmed the entry. False when it was marked before.

        Counts even when the lease has run out meanwhile: what has arrived must not be sent again.
        """
        return self._update(
            entry,
            OutboxEntry.delivered_at.is_(None),
            delivered_at=now or self.clock(),
            external_id=external_id,
            attempt_started_at=None,
            last_error=None,
            claimed_by=None,
            claimed_until=None,
        )

    def mark_failed(self, entry: OutboxEntry, error: str, retry_at: datetime, *, uncertain: bool = False) -> bool:
        """Note that an attempt failed; it is due again at ``retry_at``. False: no longer this worker's.

        ``uncertain``: it may have arrived all the same; the mark of the attempt stands on. ``error`` is kept for
        operators and must hold no personal data.
        """
        values = {} if uncertain else {"attempt_started_at": None}
        return self._update(
            entry,
            self._mine(entry),
            last_error=error[:2000],
            due_at=retry_at,
            claimed_by=None,
            claimed_until=None,
            **values,
        )

    def release(self, entry: OutboxEntry) -> bool:
        """Give a claimed entry back untouched, at the end of a process."""
        return self._update(entry, self._mine(entry), claimed_by=None, claimed_until=None)

    def release_stray(self, worker: str, direction: Direction, under_way: Collection[int]) -> int:
        """Free what is leased to a worker that does not know of it, because the answer to its claim was lost.

        ``under_way``: ids of the entries it knows of.
        """
        statement = (
            update(OutboxEntry)
            .where(
                OutboxEntry.claimed_by == worker,
                OutboxEntry.direction == direction.value,
                OutboxEntry.id.not_in(list(under_way)),
                OutboxEntry.delivered_at.is_(None),
            )
            .values(claimed_by=None, claimed_until=None)
            .execution_options(synchronize_session=False)
        )
        with self.write() as session:
            result: Any = session.execute(statement)
            return int(result.rowcount)

    def hasten(self, direction: Direction, partners: Sequence[str] | None = None) -> int:
        """Make what failed due at once, because what failed is back. ``partners``: only entries of these."""
        statement = (
            update(OutboxEntry)
            .where(
                OutboxEntry.direction == direction.value,
                OutboxEntry.delivered_at.is_(None),
                OutboxEntry.cancelled_at.is_(None),
                OutboxEntry.last_error.is_not(None),
                OutboxEntry.claimed_by.is_(None),
                OutboxEntry.due_at > self.clock(),
            )
            .values(due_at=self.clock())
            .execution_options(synchronize_session=False)
        )
        if partners is not None:
            statement = statement.where(OutboxEntry.partner.in_(list(partners)))
        with self.write() as session:
            result: Any = session.execute(statement)
            return int(result.rowcount)

    def outbox_entry(self, key: str) -> OutboxEntry | None:
        """The entry of this key."""
        with self.read() as session:
            entry: OutboxEntry | None = session.execute(
                select(OutboxEntry).where(OutboxEntry.key == key)
            ).scalar_one_or_none()
            return entry

    def undelivered(self, direction: Direction) -> int:
        """How many entries of a direction are neither delivered nor cancelled."""
        query = select(func.count()).where(
            OutboxEntry.direction == direction.value,
            OutboxEntry.delivered_at.is_(None),
            OutboxEntry.cancelled_at.is_(None),
        )
        with self.read() as session:
            return int(session.execute(query).scalar_one())

    def outbox_counts(self) -> list[OutboxCount]:
        """How many entries are delivered, pending and failing (tried and not delivered), for each direction."""
        pending = and_(OutboxEntry.delivered_at.is_(None), OutboxEntry.cancelled_at.is_(None))
        query = (
            select(
                OutboxEntry.direction,
                func.count(OutboxEntry.delivered_at),
                func.count().filter(pending),
                func.count().filter(and_(pending, OutboxEntry.last_error.is_not(None))),
                func.min(OutboxEntry.created_at).filter(pending),
            )
            .group_by(OutboxEntry.direction)
            .order_by(OutboxEntry.direction)
        )
        with self.read() as session:
            return [OutboxCount(*row) for row in session.execute(query)]

    def failing_entries(self, limit: int = 20) -> list[OutboxEntry]:
        """Entries that could not be delivered so far, oldest first."""
        query = (
            select(OutboxEntry)
            .where(
                OutboxEntry.delivered_at.is_(None),
                OutboxEntry.cancelled_at.is_(None),
                OutboxEntry.last_error.is_not(None),
            )
            .order_by(OutboxEntry.created_at)
            .limit(limit)
        )
        with self.read() as session:
            return list(session.execute(query).scalars())

    @staticmethod
    def _mine(entry: OutboxEntry) -> Any:
        return and_(
            OutboxEntry.claimed_by == entry.claimed_by,
            OutboxEntry.delivered_at.is_(None),
            OutboxEntry.cancelled_at.is_(None),
        )

    def _update(self, entry: OutboxEntry, condition: Any, **values: Any) -> bool:
        statement = (
            update(OutboxEntry)
            .where(OutboxEntry.id == entry.id, condition)
            .values(**values)
            .execution_options(synchronize_session=False)
        )
        with self.write() as session:
            result: Any = session.execute(statement)
            return bool(result.rowcount)
