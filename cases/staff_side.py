"""What staff and operators do with a case, by its number: pick up, answer, note, transfer, close.

A call may carry the ``Receipt`` of the staff message that asked for it: then only the owner's staff may act
(``NotTheOwner`` otherwise), the change is made once for each such message, and what staff are told of it goes to the
outbox in the same transaction.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cases.ledger import Ledger
from cases.models import Case, CaseEvent, Message, StaffInbox
from cases.notice import DESK
from cases.records import Receipt
from cases.states import (
    Author,
    CaseState,
    CloseReason,
    Direction,
    IllegalTransition,
    NotTheOwner,
    OutboxKind,
)


class StaffSide(Ledger):
    """Changes by case number. ``by`` is ``staff:<who>`` or ``operator``; it stays in the audit until erasure."""

    def pick_up(self, number: str, *, by: str, receipt: Receipt | None = None) -> Case:
        """A person takes a waiting case; the user is told. Taking it again changes nothing."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            if self._first_time(session, case, receipt):
                self._pick_up(session, case, by=by)
                self._reply(session, case, receipt)
            return case

    def add_staff_message(
        self,
        number: str,
        text: str,
        *,
        by: str,
        language: str | None = None,
        channel: str | None = None,
        external_id: str | None = None,
        extra: Mapping[str, Any] | None = None,
        receipt: Receipt | None = None,
    ) -> Message | None:
        """Send the user what staff wrote. Answering a waiting case picks it up.

        A message whose ``external_id`` came in before (same channel) is returned as it is and not sent again; None when
        the receipt has been acted on in another way. ``extra`` joins the payload of the outbox entry (JSON values).
        Raises ``IllegalTransition`` unless the case waits or is with a person.
        """
        with self.write() as session:
            known = self._seen(session, channel, external_id)
            if known is not None:
                return known
            case = self._numbered_case(session, number)
            if not self._first_time(session, case, receipt):
                return None
            waited = case.state == CaseState.WAITING
            self._pick_up(session, case, by=by)
            message = self._message(
                session, case, Author.STAFF, text, language=language, channel=channel, external_id=external_id
            )
            payload = {"text": text, "message_language": language, "at": message.at.isoformat(), **(extra or {})}
            self._tell_user(session, case, OutboxKind.MESSAGE, message.seq, payload)
            if waited and receipt is not None and receipt.reply is None:
                self._reply(session, case, receipt, "taken")
            else:
                self._reply(session, case, receipt)
            return message

    def add_note(
        self,
        number: str,
        text: str,
        *,
        by: str,
        channel: str | None = None,
        external_id: str | None = None,
        receipt: Receipt | None = None,
    ) -> Message | None:
        """Keep a note of staff with the case; the user never sees it. Once for each ``external_id`` of a channel."""
        with self.write() as session:
            known = self._seen(session, channel, external_id)
            if known is not None:
                return known
            case = self._numbered_case(session, number)
            if case.erased_at is not None or case.consent_at is None:
                raise IllegalTransition(case.number, case.state, "annotated")
            if not self._first_time(session, case, receipt):
                return None
            self._event(session, case, "note", None, None, by=by)
            message = self._message(session, case, Author.NOTE, text, channel=channel, external_id=external_id)
            self._reply(session, case, receipt)
            return message

    def transfer(
        self, number: str, partner: str, *, by: str, reason: str | None = None, receipt: Receipt | None = None
    ) -> Case:
        """Give a submitted case to another partner: it waits for a person there, with a new notice; the user is told.

        From a partner's second contact it goes to the partner's first desk in the same way. Where it lies already
        nothing happens. Raises ``KeyError`` for an unknown partner, ``IllegalTransition`` before submission or after
        closing.
        """
        self.directory.partner(partner)
        with self.write() as session:
            case = self._numbered_case(session, number)
            if not self._first_time(session, case, receipt):
                return case
            if case.state not in (CaseState.WAITING, CaseState.WITH_PERSON):
                raise IllegalTransition(case.number, case.state, f"transferred to {partner}")
            change = self._transfer(session, case, partner, by=by, reason=reason)
            if change is None:
                self._reply(session, case, receipt)
            else:
                told = {"new_partner": partner, "within": change.kind == DESK}
                self._tell_user(session, case, OutboxKind.TRANSFERRED, change.id, told)
            return case

    def close(self, number: str, reason: CloseReason | str, *, by: str, receipt: Receipt | None = None) -> Case:
        """Close a case; the user is told when it had been submitted. Raises ``IllegalTransition`` when it is closed."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            if not self._first_time(session, case, receipt):
                return case
            event = self._close(session, case, CloseReason(reason), by=by)
            self._cancel_reminders(session, case)
            if case.submitted_at is not None:
                payload = {"reason": str(CloseReason(reason)), "event": event.id}
                self._tell_user(session, case, OutboxKind.CLOSED, event.id, payload)
            self._reply(session, case, receipt)
            return case

    def _transfer(self, session: Session, case: Case, desk: str, *, by: str, reason: str | None) -> CaseEvent | None:
        """Give the case to another desk; None when it lies there already. The user is not told here."""
        change = self._assign(session, case, desk, by=by, reason=reason)
        if change is None:
            return None
        if case.state == CaseState.WITH_PERSON:
            self._move(session, case, CaseState.WAITING, by=by, reason="transferred")
        self._cancel_reminders(session, case)
        self._hand_over(session, case, change)
        return change

    def _tell_user(
        self, session: Session, case: Case, kind: OutboxKind, what: object, payload: Mapping[str, Any]
    ) -> None:
        """Tell the user in the chat, and what staff wrote by mail too where that is wanted and possible."""
        self._enqueue(session, case, Direction.TO_USER, kind, what, dict(payload))
        if kind == OutboxKind.MESSAGE and case.email_replies and case.email and self.mails_users:
            self._enqueue(session, case, Direction.BY_MAIL, kind, what, dict(payload))

    def _first_time(self, session: Session, case: Case, receipt: Receipt | None) -> bool:
        """Whether this message of staff has not been acted on. Raises ``NotTheOwner``."""
        if receipt is None:
            return True
        if not self._enter(session, receipt):
            return False
        if case.desk != receipt.partner:
            raise NotTheOwner(case.number, case.desk)
        return True

    def _enter(self, session: Session, receipt: Receipt) -> bool:
        """Note that a message of staff is acted on now; False when it has been."""
        try:
            with session.begin_nested():
                session.add(StaffInbox(channel=receipt.channel, external_id=receipt.external_id[:255], at=self.clock()))
        except IntegrityError:
            return False
        return True

    def _reply(self, session: Session, case: Case, receipt: Receipt | None, reply: str | None = None) -> None:
        """Tell staff what came of their message: ``reply``, or what the receipt says."""
        reply = reply or (receipt.reply if receipt is not None else None)
        if receipt is None or reply is None:
            return
        payload = {"reply": reply, "values": dict(receipt.values), "to": receipt.external_id}
        mark = hashlib.sha256(f"{receipt.channel} {receipt.external_id}".encode()).hexdigest()[:24]
        self._enqueue(session, case, Direction.TO_STAFF, OutboxKind.REPLY, mark, payload, partner=receipt.partner)
