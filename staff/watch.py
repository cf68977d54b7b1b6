"""Looks after cases that nobody takes: in office hours staff are reminded, then the case goes to somebody else.

Only office hours count (``staff.office_hours``): a case of Friday evening is not late on Saturday. Half of the time set
(``pickup_minutes``) passes before the reminder, all of it before the user is told and the case goes to the partner's
second contact, where there is one. After the same time there, or without one, it goes to the partner's ``escalation``;
where that has none, it stays, and the user is told whom to call.
"""

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from bot.directory import Directory, desk_of
from cases.records import WaitingCase
from cases.states import CaseLogUnavailable
from cases.store import CaseStore
from staff.office_hours import office_time

logger = logging.getLogger(__name__)


class Watch:
    """``pickup``: how much office time may pass until somebody takes a case; ``second_contacts``: their desks."""

    def __init__(
        self, store: CaseStore, directory: Directory, pickup: timedelta, second_contacts: Collection[str] = ()
    ) -> None:
        self._store, self._directory, self._pickup = store, directory, pickup
        self._second_contacts = second_contacts

    def look(self, now: datetime | None = None) -> int:
        """Take every step that is due; returns how many were taken. Raises ``CaseLogUnavailable``."""
        now = now or self._store.clock()
        return sum(self._looked_after(waiting, now) for waiting in self._store.waiting())

    def _looked_after(self, waiting: WaitingCase, now: datetime) -> bool:
        try:
            return self._step(waiting, now)
        except CaseLogUnavailable:
            raise
        except Exception as error:
            # such as an owner that is no partner any more: the others must not wait for it
            logger.error("Case %s, which waits, cannot be looked after: %s.", waiting.number, type(error).__name__)
            return False

    def _step(self, waiting: WaitingCase, now: datetime) -> bool:
        partner = self._directory.partner(waiting.owner)
        passed = office_time(partner.office_hours, waiting.since, now, most=self._pickup)
        if passed >= self._pickup and not waiting.escalated:
            second = desk_of(partner.id, second=True)
            deputy = not waiting.second and second in self._second_contacts
            return self._store.escalate(waiting, second if deputy else partner.escalation)
        if passed >= self._pickup / 2 and not waiting.reminders and not waiting.escalated:
            return self._store.remind_owner(waiting)
        return False
