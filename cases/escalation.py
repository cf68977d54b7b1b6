"""Cases that nobody takes: which wait, reminding their owner, and giving them to somebody else."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.models import Case, CaseEvent
from cases.notice import DESK, OWNER
from cases.records import WaitingCase
from cases.staff_side import StaffSide
from cases.states import CaseState, Direction, OutboxKind

REMINDED, NOBODY_YET = "reminded", "nobody_yet"


class Escalation(StaffSide):
    """Each step is taken at most once for each time a case began to wait, however many relays look after it."""

    def waiting(self) -> list[WaitingCase]:
        """Cases that wait for a person, oldest first."""
        with self.read() as session:
            query = select(Case).where(Case.state == CaseState.WAITING.value).order_by(Case.id)
            return [_waiting(session, case) for case in session.execute(query).scalars()]

    def remind_owner(self, waiting: WaitingCase) -> bool:
        """Remind the owner's staff that a case waits. False when things have changed meanwhile."""
        with self.write() as session:
            case = self._still(session, waiting)
            if case is None:
                return False
            event = self._event(session, case, REMINDED, None, case.owner, by="system")
            self._enqueue(
                session,
                case,
                Direction.TO_STAFF,
                OutboxKind.REMINDER,
                event.id,
                {"why": "waiting", "since": waiting.since.isoformat()},
            )
            return True

    def escalate(self, waiting: WaitingCase, to: str | None) -> bool:
        """Tell the user that nobody has taken the case yet, and give it to the desk ``to`` (None: it stays).

        The user hears of both in one message. False when things have changed meanwhile.
        """
        with self.write() as session:
            case = self._still(session, waiting)
            if case is None:
                return False
            event = self._event(session, case, NOBODY_YET, None, case.owner, by="system")
            moved = (
                to is not None and self._transfer(session, case, to, by="system", reason="nobody took it") is not None
            )
            told = {"old_partner": waiting.owner, "new_partner": case.owner, "second": moved and case.second_contact}
            self._tell_user(session, case, OutboxKind.NOBODY_YET, event.id, told)
            if not moved:
                why = {"why": "escalated", "since": waiting.since.isoformat()}
                self._enqueue(session, case, Direction.TO_STAFF, OutboxKind.REMINDER, event.id, why)
            return True

    def _still(self, session: Session, waiting: WaitingCase) -> Case | None:
        case = self._numbered_case(session, waiting.number)
        if case.state != CaseState.WAITING or _waiting(session, case) != waiting:
            return None
        return case


def _waiting(session: Session, case: Case) -> WaitingCase:
    query = select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
    since: datetime = case.submitted_at or case.created_at
    reminders, escalated = 0, False
    for event in session.execute(query).scalars():
        if event.kind in (OWNER, DESK) or (event.kind == "state" and event.new == CaseState.WAITING):
            since, reminders, escalated = event.at, 0, False
        elif event.kind == REMINDED:
            reminders += 1
        elif event.kind == NOBODY_YET:
            escalated = True
    return WaitingCase(case.number, case.owner, case.second_contact, since, reminders, escalated)
