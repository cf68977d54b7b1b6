"""What staff and operators do with a case, by its number: pick up, answer, note, transfer, close."""

from cases.ledger import Ledger
from cases.models import Case, Message
from cases.states import (
    Author,
    CaseState,
    CloseReason,
    Direction,
    IllegalTransition,
    OutboxKind,
)


class StaffSide(Ledger):
    """Changes by case number. ``by`` is ``staff:<who>`` or ``operator``; it stays in the audit until erasure."""

    def pick_up(self, number: str, *, by: str) -> Case:
        """A person takes a waiting case; the user is told. Taking it again changes nothing."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            self._pick_up(session, case, by=by)
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
    ) -> Message:
        """Send the user what staff wrote. Answering a waiting case picks it up.

        A message whose ``external_id`` came in before (same channel) is returned as it is and not sent again.
        Raises ``IllegalTransition`` unless the case waits or is with a person.
        """
        with self.write() as session:
            known = self._seen(session, channel, external_id)
            if known is not None:
                return known
            case = self._numbered_case(session, number)
            self._pick_up(session, case, by=by)
            message = self._message(
                session, case, Author.STAFF, text, language=language, channel=channel, external_id=external_id
            )
            payload = {"text": text, "message_language": language, "at": message.at.isoformat()}
            self._enqueue(session, case, Direction.TO_USER, OutboxKind.MESSAGE, message.seq, payload)
            return message

    def add_note(
        self, number: str, text: str, *, by: str, channel: str | None = None, external_id: str | None = None
    ) -> Message:
        """Keep a note of staff with the case; the user never sees it. Once for each ``external_id`` of a channel."""
        with self.write() as session:
            known = self._seen(session, channel, external_id)
            if known is not None:
                return known
            case = self._numbered_case(session, number)
            if case.erased_at is not None or case.consent_at is None:
                raise IllegalTransition(case.number, case.state, "annotated")
            self._event(session, case, "note", None, None, by=by)
            return self._message(session, case, Author.NOTE, text, channel=channel, external_id=external_id)

    def transfer(self, number: str, partner: str, *, by: str, reason: str | None = None) -> Case:
        """Give a submitted case to another partner: it waits for a person there, with a new notice; the user is told.

        To the partner that has it already: nothing happens. Raises ``KeyError`` for an unknown partner,
        ``IllegalTransition`` before submission or after closing.
        """
        self.directory.partner(partner)
        with self.write() as session:
            case = self._numbered_case(session, number)
            if case.state not in (CaseState.WAITING, CaseState.WITH_PERSON):
                raise IllegalTransition(case.number, case.state, f"transferred to {partner}")
            change = self._assign(session, case, partner, by=by, reason=reason)
            if change is None:
                return case
            if case.state == CaseState.WITH_PERSON:
                self._move(session, case, CaseState.WAITING, by=by, reason="transferred")
            self._hand_over(session, case, change)
            self._enqueue(session, case, Direction.TO_USER, OutboxKind.TRANSFERRED, change.id, {"new_partner": partner})
            return case

    def close(self, number: str, reason: CloseReason | str, *, by: str) -> Case:
        """Close a case; the user is told when it had been submitted. Raises ``IllegalTransition`` when it is closed."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            event = self._close(session, case, CloseReason(reason), by=by)
            if case.submitted_at is not None:
                payload = {"reason": str(CloseReason(reason))}
                self._enqueue(session, case, Direction.TO_USER, OutboxKind.CLOSED, event.id, payload)
            return case
