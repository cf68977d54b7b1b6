"""Erasing what is personal: at the user's wish, and when its time is up.

What stays of a case is a bare row for statistics: number, state, times, owner, municipality, language, site, topics
with outcomes, rating. It leads back to no person: the conversation's id goes too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.settings import get_settings
from cases.ledger import Ledger
from cases.models import Attachment, Case, CaseEvent, Message, OutboxEntry, StaffInbox, Turn
from cases.states import CaseState, CloseReason, Direction, OutboxKind

PERSONAL_FIELDS = ("company", "contact_name", "email", "phone", "concern", "checklist", "rating_comment", "page_url")


@dataclass(frozen=True)
class RetentionCounts:
    """How many cases a run closed because nothing happened any more, and how many it erased."""

    closed_idle: int
    erased: int


class Retention(Ledger):
    """Erasure by conversation, by case number and by age."""

    def erase(self, conversation_id: str) -> int:
        """Erase all cases of a conversation at the user's wish; open ones close. Returns how many there were.

        Staff who have been told of a case are told, without personal data, to erase what they have.
        """
        with self.write() as session:
            query = select(Case).where(Case.conversation_id == conversation_id).order_by(Case.id).with_for_update()
            cases = session.execute(query).scalars().all()
            for case in cases:
                self._erase(session, case, by="user")
        if cases:
            self.drop_old_pages()
        return len(cases)

    def erase_case(self, number: str, *, by: str = "operator") -> Case:
        """Erase one case by its number, as ``erase`` does. Erasing again changes nothing."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            self._erase(session, case, by=by)
        self.drop_old_pages()
        return case

    def retention(
        self, now: datetime | None = None, *, case_days: int | None = None, conversation_days: int | None = None
    ) -> RetentionCounts:
        """Close what was never submitted and has been idle too long; erase what was closed too long ago.

        Days come from the settings ``retention_case_days`` and ``retention_conversation_days``. A case keeps the
        reason it was closed for. Cases that wait or are with a person are left alone, however old: somebody owes an
        answer. Staff who were told of an erased case are asked to erase what they have.
        """
        now = now or self.clock()
        if case_days is None or conversation_days is None:
            settings = get_settings()
            case_days = settings.retention_case_days if case_days is None else case_days
            conversation_days = settings.retention_conversation_days if conversation_days is None else conversation_days
        with self.write() as session:
            idle = (
                select(Case)
                .where(
                    Case.state.in_([CaseState.BOT.value, CaseState.OFFERED.value]),
                    Case.updated_at < now - timedelta(days=conversation_days),
                )
                .with_for_update()
            )
            idle_cases = session.execute(idle).scalars().all()
            for case in idle_cases:
                self._close(session, case, CloseReason.IDLE, by="system")
                # nothing personal was given, and the conversation itself is erased after the same time
                self._empty(session, case, by="system")
            old = (
                select(Case)
                .where(
                    Case.state == CaseState.CLOSED,
                    Case.erased_at.is_(None),
                    Case.closed_at < now - timedelta(days=case_days),
                )
                .with_for_update()
            )
            # ids of staff messages; no channel brings one back after so long
            session.execute(delete(StaffInbox).where(StaffInbox.at < now - timedelta(days=max(30, conversation_days))))
            old_cases = session.execute(old).scalars().all()
            for case in old_cases:
                self._empty(session, case, by="system")
        if idle_cases or old_cases:
            self.drop_old_pages()
        return RetentionCounts(len(idle_cases), len(idle_cases) + len(old_cases))

    def _erase(self, session: Session, case: Case, *, by: str) -> None:
        if case.erased_at is not None:
            return
        if case.is_open:
            self._close(session, case, CloseReason.ERASED, by=by)
        case.close_reason = CloseReason.ERASED.value
        self._empty(session, case, by=by)

    def _empty(self, session: Session, case: Case, *, by: str) -> None:
        """Remove all that is personal, and ask the partners who were told of the case to do the same."""
        told = self._told_partners(session, case)
        under_way = self._cancel_pending(session, case, "erased")
        for name in PERSONAL_FIELDS:
            setattr(case, name, None)
        case.email_replies = False
        case.conversation_id = f"erased-{case.number}"
        session.execute(delete(Message).where(Message.case_id == case.id))
        session.execute(delete(Attachment).where(Attachment.case_id == case.id))
        session.execute(update(Turn).where(Turn.case_id == case.id).values(feedback_reason=None))
        session.execute(update(OutboxEntry).where(OutboxEntry.case_id == case.id).values(payload={}))
        # who of staff did what, and remarks in free text, go; that it was staff stays
        query = select(CaseEvent).where(CaseEvent.case_id == case.id)
        for event in session.execute(query).scalars():
            event.by = event.by.split(":", 1)[0]
            if event.kind != "state":
                event.reason = None
        self._event(session, case, "erased", None, None, by=by.split(":", 1)[0])
        case.erased_at = case.updated_at
        for partner in told:
            # not before a notice that is being sent right now: the request to erase must come after it
            self._enqueue(
                session, case, Direction.TO_STAFF, OutboxKind.ERASED, partner, {}, partner=partner, due_at=under_way
            )
