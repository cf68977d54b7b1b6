"""What the user does, through the bot: ask, rate an answer, name a place, ask for a person, write, withdraw, erase."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from cases.ledger import Ledger
from cases.models import Case, Message, Turn
from cases.records import Contact, TranscriptLine
from cases.states import (
    STAFF_CLOSE_REASONS,
    Author,
    CaseState,
    CloseReason,
    Direction,
    Feedback,
    IllegalTransition,
    OutboxKind,
    TurnOutcome,
)

# a question in a conversation that has its case: nearly every turn, so without the object-relational mapping, which
# takes two thirds of the time; made once, because what a statement comes to is worked out anew for each new object
_CASES = Case.__table__.c
_OPEN_CASE = (
    select(_CASES.id, _CASES.number, _CASES.municipality)
    .where(_CASES.conversation_id == bindparam("conversation"), _CASES.state != CaseState.CLOSED.value)
    .with_for_update()
)
_KEPT_FROM_THE_FIRST = ("site", "page_language", "page_url")
_NOTE_ON_CASE = (
    Case.__table__.update()
    .where(_CASES.id == bindparam("case"))
    .values(
        language=bindparam("spoken"),
        updated_at=bindparam("now"),
        **{name: func.coalesce(_CASES[name], bindparam(f"first_{name}")) for name in _KEPT_FROM_THE_FIRST},
    )
)
_ADD_TURN = Turn.__table__.insert()


class UserSide(Ledger):
    """Changes by conversation. ``conversation_id`` is Rasa's sender id; a conversation has one open case at most."""

    def record_turn(
        self,
        conversation_id: str,
        *,
        topic: str | None,
        outcome: TurnOutcome | str,
        language: str,
        site: str | None = None,
        page_language: str | None = None,
        page_url: str | None = None,
        municipality: str | None = None,
    ) -> str:
        """Note a question and how the bot met it; opens the case at the first one. Returns the case number.

        Not for small talk: a greeting alone makes no case. ``site`` and the page are kept from the first turn on.
        """
        now = self.clock()
        turn = {"at": now, "topic": topic, "outcome": TurnOutcome(outcome).value, "language": language}
        page = {"site": site, "page_language": page_language, "page_url": page_url}
        with self.write() as session:
            connection = session.connection()
            case: Any = connection.execute(_OPEN_CASE, {"conversation": conversation_id}).first()
            if case is None or municipality not in (None, case.municipality):
                case = self._opened_and_placed(session, conversation_id, language, municipality)
                session.flush()
            first = {f"first_{name}": value for name, value in page.items()}
            connection.execute(_NOTE_ON_CASE, {"case": case.id, "spoken": language, "now": now, **first})
            connection.execute(_ADD_TURN, {**turn, "case_id": case.id})
            return str(case.number)

    def _opened_and_placed(
        self, session: Session, conversation_id: str, language: str, municipality: str | None
    ) -> Case:
        case = self._open_or_new(session, conversation_id, language=language)
        if municipality is not None:
            self._place(session, case, municipality, by="user")
        return case

    def record_feedback(self, conversation_id: str, topic: str, helpful: bool, reason: str | None = None) -> bool:
        """Note whether the latest answer on ``topic`` helped. False when this conversation never asked about it."""
        with self.write() as session:
            query = (
                select(Turn)
                .join(Case, Turn.case_id == Case.id)
                .where(Case.conversation_id == conversation_id, Turn.topic == topic)
                .order_by(Turn.id.desc())
                .limit(1)
            )
            turn: Turn | None = session.execute(query).scalar_one_or_none()
            if turn is None:
                return False
            turn.feedback = (Feedback.HELPFUL if helpful else Feedback.NOT_HELPFUL).value
            turn.feedback_reason = reason
            return True

    def set_place(self, conversation_id: str, ags: str) -> str | None:
        """Set the municipality of the open case; the responsible partner becomes its owner. Returns the owner.

        A waiting case is handed over with a notice. Once a person has taken the case the owner stays: staff transfer
        it themselves. None without an open case. Raises ``KeyError`` for a key that is no municipality of NRW.
        """
        self.directory.municipality(ags)
        with self.write() as session:
            case = self._open_case(session, conversation_id)
            if case is None:
                return None
            self._place(session, case, ags, by="user")
            return case.owner

    def set_checklist(self, conversation_id: str, checklist: dict[str, Any] | None) -> None:
        """Keep the user's checklist with the open case; staff of a case that waits get it, too.

        Raises ``CaseNotFound`` without a case.
        """
        with self.write() as session:
            case = self._required_open_case(session, conversation_id)
            case.checklist = checklist
            case.updated_at = self.clock()
            if case.state == CaseState.WAITING and checklist:
                event = self._event(session, case, "checklist", None, None, by="user")
                payload = {"checklist": checklist}
                self._enqueue(session, case, Direction.TO_STAFF, OutboxKind.CHECKLIST, event.id, payload)

    def offer(self, conversation_id: str, *, language: str, municipality: str | None = None) -> Case:
        """Note that the bot offered a person; opens the case when there is none. Offering again changes nothing."""
        with self.write() as session:
            case = self._opened_and_placed(session, conversation_id, language, municipality)
            if case.state == CaseState.BOT:
                self._move(session, case, CaseState.OFFERED, by="bot")
                case.offered_at = self.clock()
            return case

    def decline(self, conversation_id: str) -> Case | None:
        """Note that the user does not want the offered person: the case goes back to the bot."""
        with self.write() as session:
            case = self._open_case(session, conversation_id)
            if case is not None and case.state == CaseState.OFFERED:
                self._move(session, case, CaseState.BOT, by="user", reason="declined")
            return case

    def submit(
        self,
        conversation_id: str,
        contact: Contact,
        concern: str,
        *,
        language: str,
        consent_at: datetime,
        municipality: str | None = None,
        transcript: Sequence[TranscriptLine] = (),
    ) -> Case:
        """Hand the case to a person: contact data, concern, transcript and the notice to staff in one transaction.

        ``consent_at`` is when the user agreed to it (aware). Submitting a case that waits or is with a person already
        changes nothing and sends no second notice.
        """
        with self.write() as session:
            case = self._open_or_new(session, conversation_id, language=language)
            if case.state in (CaseState.WAITING, CaseState.WITH_PERSON):
                return case
            case.language = language
            if municipality is not None:
                self._place(session, case, municipality, by="user")
            event = self._move(session, case, CaseState.WAITING, by="user")
            case.submitted_at = event.at
            case.consent_at = consent_at
            case.company, case.contact_name = contact.company, contact.name
            case.email, case.phone, case.email_replies = contact.email, contact.phone, contact.email_replies
            case.concern = concern
            for line in transcript:
                if self._seen(session, line.channel, line.external_id) is None:
                    self._message(
                        session,
                        case,
                        Author(line.author),
                        line.text,
                        at=line.at,
                        language=line.language,
                        channel=line.channel,
                        external_id=line.external_id,
                    )
            self._message(session, case, Author.USER, concern, language=language)
            self._enqueue_notice(session, case, event.id)
            return case

    def add_user_message(
        self,
        conversation_id: str,
        text: str,
        *,
        language: str | None = None,
        channel: str | None = None,
        external_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
        at: datetime | None = None,
    ) -> Message:
        """Pass on what the user writes to a waiting case or to the person who has it.

        ``extra`` joins the payload of the outbox entry (JSON values): ``meanwhile``, how the bot met it, while the case
        waits; ``pressed``, the topic whose button was pressed, with ``BUTTON_CHANNEL`` as channel. ``at``: when it was
        written (aware), where that is not now. A message whose ``external_id`` came in before (same channel) is
        returned as it is and not sent again. Raises ``CaseNotFound`` without an open case,
        ``IllegalTransition`` before it was submitted (no consent yet).
        """
        with self.write() as session:
            known = self._seen(session, channel, external_id)
            if known is not None:
                return known
            case = self._required_open_case(session, conversation_id)
            if case.state not in (CaseState.WAITING, CaseState.WITH_PERSON):
                raise IllegalTransition(case.number, case.state, "written to")
            message = self._message(
                session, case, Author.USER, text, at=at, language=language, channel=channel, external_id=external_id
            )
            payload = {"text": text, "message_language": language, "at": message.at.isoformat(), **(extra or {})}
            self._enqueue(session, case, Direction.TO_STAFF, OutboxKind.MESSAGE, message.seq, payload)
            return message

    def withdraw(self, conversation_id: str) -> Case:
        """The user takes the concern back: the case closes; staff who know of it are told. ``CaseNotFound`` without."""
        with self.write() as session:
            case = self._required_open_case(session, conversation_id)
            self._close(session, case, CloseReason.WITHDRAWN, by="user")
            reason = "withdrawn by the user"
            self._cancel_pending(session, case, reason, direction=Direction.TO_STAFF, desk=case.desk)
            if case.desk in self._told_partners(session, case):
                self._enqueue(session, case, Direction.TO_STAFF, OutboxKind.WITHDRAWN, case.id, {})
            return case

    def rate(self, conversation_id: str, rating: int, comment: str | None = None) -> Case | None:
        """Keep the user's rating (1 to 5) of the open or else the latest case; None when there is no case at all.

        Raises ``ValueError`` for another number.
        """
        if not 1 <= rating <= 5:
            raise ValueError(f"A rating is a number from 1 to 5, not {rating}.")
        with self.write() as session:
            case = self._last_case(session, conversation_id)
            if case is not None:
                case.rating, case.rating_comment = rating, comment
                case.updated_at = self.clock()
            return case

    def rate_closed(self, conversation_id: str, rating: int, comment: str | None = None) -> Case | None:
        """Keep the rating of the latest case that staff closed; None without one. A comment stays until the next one.

        Raises ``ValueError`` for a number that is not from 1 to 5.
        """
        if not 1 <= rating <= 5:
            raise ValueError(f"A rating is a number from 1 to 5, not {rating}.")
        with self.write() as session:
            query = (
                select(Case)
                .where(
                    Case.conversation_id == conversation_id,
                    Case.state == CaseState.CLOSED.value,
                    Case.submitted_at.is_not(None),
                    Case.close_reason.in_([str(reason) for reason in STAFF_CLOSE_REASONS]),
                )
                .order_by(Case.id.desc())
                .limit(1)
            )
            case: Case | None = session.execute(query.with_for_update()).scalar_one_or_none()
            if case is not None:
                case.rating, case.rating_comment = rating, comment or case.rating_comment
                case.updated_at = self.clock()
            return case
