"""What every change of a case shares: finding and locking it, its audit, its messages, its outbox entries."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.directory import STATEWIDE_PARTNER, Directory, get_directory, is_second_contact
from bot.settings import get_settings
from cases.database import Clock, Database, utc_now
from cases.models import Case, CaseEvent, Message, OutboxEntry
from cases.notice import DESK, OWNER, whole_case
from cases.numbers import new_number, normalise_number
from cases.states import Author, CaseNotFound, CaseState, CloseReason, Direction, OutboxKind, check_transition


class Ledger(Database):
    """Ground of the store. Its methods work inside a write session of the caller and never commit."""

    def __init__(
        self,
        url: str,
        *,
        directory: Directory | None = None,
        clock: Clock = utc_now,
        mails_users: bool | None = None,
    ) -> None:
        super().__init__(url, clock=clock)
        self._directory = directory
        self._mails_users = mails_users

    @property
    def mails_users(self) -> bool:
        """Whether the project can send mail, so that users who agreed get replies by mail too."""
        if self._mails_users is None:
            self._mails_users = bool(get_settings().mail_address)
        return self._mails_users

    @property
    def directory(self) -> Directory:
        """The partners and municipalities that owners follow."""
        if self._directory is None:
            self._directory = get_directory()
        return self._directory

    def _open_case(self, session: Session, conversation_id: str) -> Case | None:
        """The conversation's open case, locked until the end of the transaction."""
        query = select(Case).where(Case.conversation_id == conversation_id, Case.state != CaseState.CLOSED)
        case: Case | None = session.execute(query.with_for_update()).scalar_one_or_none()
        return case

    def _required_open_case(self, session: Session, conversation_id: str) -> Case:
        case = self._open_case(session, conversation_id)
        if case is None:
            raise CaseNotFound("The conversation has no open case.")
        return case

    def _last_case(self, session: Session, conversation_id: str) -> Case | None:
        """The conversation's open case, or else its latest."""
        query = select(Case).where(Case.conversation_id == conversation_id).order_by(Case.id.desc()).limit(1)
        case: Case | None = session.execute(query.with_for_update()).scalar_one_or_none()
        return case

    def _numbered_case(self, session: Session, number: str) -> Case:
        query = select(Case).where(Case.number == (normalise_number(number) or number)).with_for_update()
        case: Case | None = session.execute(query).scalar_one_or_none()
        if case is None:
            raise CaseNotFound(f"There is no case {number}.")
        return case

    def _open_or_new(self, session: Session, conversation_id: str, *, language: str) -> Case:
        """The conversation's open case; opened when there is none, once even when two callers ask at the same time."""
        case = self._open_case(session, conversation_id)
        if case is not None:
            return case
        now = self.clock()
        case = Case(
            number=new_number(),
            conversation_id=conversation_id,
            state=CaseState.BOT.value,
            owner=STATEWIDE_PARTNER,
            language=language,
            created_at=now,
            updated_at=now,
            email_replies=False,
        )
        try:
            with session.begin_nested():
                session.add(case)
        except IntegrityError:
            # somebody else opened it between our look and our insert
            return self._required_open_case(session, conversation_id)
        self._event(session, case, "opened", None, CaseState.BOT, by="bot")
        return case

    def _move(self, session: Session, case: Case, state: CaseState, *, by: str, reason: str | None = None) -> CaseEvent:
        """Change the state, with its audit. Raises ``IllegalTransition``."""
        check_transition(case.number, case.state, state)
        old, case.state = case.state, state.value
        return self._event(session, case, "state", old, state, by=by, reason=reason)

    def _close(self, session: Session, case: Case, reason: CloseReason, *, by: str) -> CaseEvent:
        event = self._move(session, case, CaseState.CLOSED, by=by, reason=reason.value)
        case.closed_at, case.close_reason = event.at, reason.value
        return event

    def _pick_up(self, session: Session, case: Case, *, by: str) -> None:
        """A person takes the case, unless one has it already; the user is told."""
        if case.state == CaseState.WITH_PERSON:
            return
        event = self._move(session, case, CaseState.WITH_PERSON, by=by)
        case.picked_up_at = case.picked_up_at or event.at
        self._enqueue(session, case, Direction.TO_USER, OutboxKind.PICKED_UP, event.id, {})

    def _assign(
        self, session: Session, case: Case, desk: str, *, by: str, reason: str | None = None
    ) -> CaseEvent | None:
        """Give the case to a partner, or to its second contact, with its audit; None when it lies there already."""
        if case.desk == desk:
            return None
        old, partner = case.desk, self.directory.partner_of(desk).id
        kind = DESK if case.owner == partner else OWNER
        case.owner, case.second_contact = partner, is_second_contact(desk)
        return self._event(session, case, kind, old, desk, by=by, reason=reason)

    def _place(self, session: Session, case: Case, ags: str, *, by: str) -> None:
        """Set the municipality. The owner follows, and is told when the case waits; not once a person has taken it."""
        partner = self.directory.responsible_partner(ags)
        if case.municipality == ags:
            return
        self._event(session, case, "municipality", case.municipality, ags, by=by)
        case.municipality = ags
        if case.picked_up_at is not None or case.owner == partner.id:
            return
        change = self._assign(session, case, partner.id, by=by, reason="municipality")
        if change is not None and case.state == CaseState.WAITING:
            self._hand_over(session, case, change)

    def _hand_over(self, session: Session, case: Case, change: CaseEvent) -> None:
        """Tell the new owner everything; take back what the former one was not told yet, else tell them it moved."""
        former, new = change.old or STATEWIDE_PARTNER, case.desk
        # what still waits for those who had it before them stays: that it has left them
        self._cancel_pending(session, case, f"handed over to {new}", direction=Direction.TO_STAFF, desk=former)
        self._enqueue_notice(session, case, change.id)
        if former in self._told_partners(session, case):
            moved = {"new_partner": new}
            self._enqueue(session, case, Direction.TO_STAFF, OutboxKind.TRANSFERRED, change.id, moved, partner=former)

    def _told_partners(self, session: Session, case: Case) -> list[str]:
        """Desks whose staff have seen the case, or may have: an attempt that ended in an unknown way counts too."""
        query = (
            select(OutboxEntry.partner)
            .where(
                OutboxEntry.case_id == case.id,
                OutboxEntry.direction == Direction.TO_STAFF,
                OutboxEntry.delivered_at.is_not(None) | OutboxEntry.attempt_started_at.is_not(None),
            )
            .distinct()
            .order_by(OutboxEntry.partner)
        )
        return list(session.execute(query).scalars())

    def _event(
        self,
        session: Session,
        case: Case,
        kind: str,
        old: str | None,
        new: str | None,
        *,
        by: str,
        reason: str | None = None,
    ) -> CaseEvent:
        case.updated_at = self.clock()
        event = CaseEvent(
            case_id=case.id,
            at=case.updated_at,
            kind=kind,
            old=None if old is None else str(old),
            new=None if new is None else str(new),
            by=by,
            reason=reason,
        )
        session.add(event)
        session.flush()
        return event

    def _message(
        self,
        session: Session,
        case: Case,
        author: Author,
        text: str,
        *,
        at: datetime | None = None,
        language: str | None = None,
        channel: str | None = None,
        external_id: str | None = None,
    ) -> Message:
        last = session.execute(select(func.max(Message.seq)).where(Message.case_id == case.id)).scalar_one()
        message = Message(
            case_id=case.id,
            seq=(last or 0) + 1,
            at=at or self.clock(),
            author=author.value,
            text=text,
            language=language,
            channel=channel,
            external_id=external_id,
        )
        session.add(message)
        session.flush()
        case.updated_at = self.clock()
        return message

    def _seen(self, session: Session, channel: str | None, external_id: str | None) -> Message | None:
        """The message that came in under this id of its channel before, if any."""
        if channel is None or external_id is None:
            return None
        query = select(Message).where(Message.channel == channel, Message.external_id == external_id)
        message: Message | None = session.execute(query).scalar_one_or_none()
        return message

    def _enqueue(
        self,
        session: Session,
        case: Case,
        direction: Direction,
        kind: OutboxKind,
        what: object,
        payload: dict[str, Any],
        *,
        partner: str | None = None,
        due_at: datetime | None = None,
    ) -> OutboxEntry:
        """Note that somebody must be told; ``what`` sets entries of one kind apart (a sequence or event number)."""
        now = self.clock()
        entry = OutboxEntry(
            key=f"{case.number}/{direction}/{kind}/{what}",
            case_id=case.id,
            partner=partner or (case.desk if direction == Direction.TO_STAFF else case.owner),
            direction=direction.value,
            kind=kind.value,
            payload={"number": case.number, "language": case.language, **payload},
            created_at=now,
            due_at=due_at or now,
            attempts=0,
        )
        session.add(entry)
        session.flush()
        return entry

    def _enqueue_notice(self, session: Session, case: Case, what: object) -> OutboxEntry:
        """Tell the owner of the whole case as it stands: on submission, and again after each transfer."""
        payload = whole_case(session, case)
        return self._enqueue(session, case, Direction.TO_STAFF, OutboxKind.NOTICE, what, payload)

    def _cancel_reminders(self, session: Session, case: Case) -> None:
        """Nobody needs to be reminded of what is closed, or of what others have."""
        statement = (
            update(OutboxEntry)
            .where(
                OutboxEntry.case_id == case.id,
                OutboxEntry.kind == OutboxKind.REMINDER.value,
                OutboxEntry.delivered_at.is_(None),
                OutboxEntry.cancelled_at.is_(None),
            )
            .values(cancelled_at=self.clock(), last_error="no longer needed")
            .execution_options(synchronize_session=False)
        )
        session.execute(statement)

    def _cancel_pending(
        self,
        session: Session,
        case: Case,
        reason: str,
        *,
        direction: Direction | None = None,
        desk: str | None = None,
    ) -> datetime | None:
        """Take back what has not been delivered, in one direction or to one desk only where they are named.

        Returns until when an attempt may be under way, if one is.
        """
        query = select(OutboxEntry).where(
            OutboxEntry.case_id == case.id, OutboxEntry.delivered_at.is_(None), OutboxEntry.cancelled_at.is_(None)
        )
        if direction is not None:
            query = query.where(OutboxEntry.direction == direction)
        if desk is not None:
            query = query.where(OutboxEntry.partner == desk)
        entries = session.execute(query.with_for_update()).scalars().all()
        for entry in entries:
            entry.cancelled_at = self.clock()
            entry.last_error = reason
        under_way = [entry.claimed_until for entry in entries if entry.attempt_started_at and entry.claimed_until]
        return max(under_way, default=None)
