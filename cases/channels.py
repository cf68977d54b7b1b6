"""What two-way channels keep in the case log: replies to staff, how far they read, files, candidates, translations."""

import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from cases.models import Attachment, Candidate, Case, ChannelPosition, Message, OutboxEntry
from cases.records import Receipt, StaffFile
from cases.staff_side import StaffSide
from cases.states import Author, CaseNotFound, CaseState, Direction, IllegalTransition, OutboxKind


class ChannelSide(StaffSide):
    """The channels' side of the case log."""

    def answer_staff(self, number: str, receipt: Receipt) -> bool:
        """Tell staff something without changing the case, such as help or an error. False when it was told before."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            if not self._enter(session, receipt):
                return False
            self._reply(session, case, receipt)
            return True

    def set_language(self, number: str, language: str, *, by: str, receipt: Receipt | None = None) -> Case:
        """Note in which language the user wants to be written to."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            if self._first_time(session, case, receipt):
                self._event(session, case, "language", case.language, language, by=by)
                case.language = language
                self._reply(session, case, receipt)
            return case

    def remind_later(self, number: str, at: datetime, *, by: str, receipt: Receipt) -> Case:
        """Remind the owner's staff of an open case at ``at`` (aware), unless it is closed or handed over before."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            if self._first_time(session, case, receipt):
                if case.state not in (CaseState.WAITING, CaseState.WITH_PERSON):
                    raise IllegalTransition(case.number, case.state, "reminded of")
                event = self._event(session, case, "remind", None, at.isoformat(), by=by)
                self._enqueue(
                    session, case, Direction.TO_STAFF, OutboxKind.REMINDER, event.id, {"why": "asked"}, due_at=at
                )
                self._reply(session, case, receipt)
            return case

    def staff_message(self, channel: str, external_id: str) -> tuple[Case, Message] | None:
        """The case and the message that came in under this id of a channel."""
        with self.read() as session:
            query = select(Message).where(Message.channel == channel, Message.external_id == external_id)
            message: Message | None = session.execute(query).scalar_one_or_none()
            case = None if message is None else session.get(Case, message.case_id)
            return None if message is None or case is None else (case, message)

    def last_staff_message(self, number: str) -> Message | None:
        """What staff wrote last in a case."""
        with self.read() as session:
            query = (
                select(Message)
                .join(Case, Message.case_id == Case.id)
                .where(Case.number == number, Message.author == Author.STAFF.value)
                .order_by(Message.seq.desc())
                .limit(1)
            )
            message: Message | None = session.execute(query).scalar_one_or_none()
            return message

    def retract(self, channel: str, external_id: str, *, receipt: Receipt) -> bool:
        """Staff took a message back: it is not sent any more, or the user is told. False when it is not known."""
        with self.write() as session:
            message = self._seen(session, channel, external_id)
            case = None if message is None else session.get(Case, message.case_id)
            if message is None or case is None or case.erased_at is not None:
                return False
            keys = [f"{case.number}/{way}/{OutboxKind.MESSAGE}/{message.seq}" for way in ("to_user", "by_mail")]
            spoke = session.execute(select(OutboxEntry.partner).where(OutboxEntry.key == keys[0])).scalar()
            if self.directory.partner_of(receipt.partner).id != (spoke or case.owner):
                # each partner takes back its own words only, wherever the case is now
                return False
            if not self._enter(session, receipt):
                return True
            for file in session.execute(select(Attachment).where(Attachment.case_id == case.id)).scalars():
                if file.token in message.text:
                    session.delete(file)
            message.text = ""
            if message.author == Author.NOTE:
                return True
            unsent = (
                update(OutboxEntry)
                .where(
                    OutboxEntry.key.in_(keys),
                    OutboxEntry.delivered_at.is_(None),
                    OutboxEntry.attempt_started_at.is_(None),
                )
                .values(cancelled_at=self.clock(), last_error="taken back by staff", payload={})
                .execution_options(synchronize_session=False)
            )
            result: Any = session.execute(unsent)
            told = select(OutboxEntry).where(OutboxEntry.key == keys[0], OutboxEntry.cancelled_at.is_(None))
            if case.is_open and (not result.rowcount or session.execute(told).first() is not None):
                self._tell_user(session, case, OutboxKind.RETRACTED, message.seq, {})
            self._reply(session, case, receipt)
            return True

    def add_translation(self, key: str, text: str, service: str) -> bool:
        """Tell the same reader a machine's translation of the outbox entry ``key``. False when it was added before."""
        with self.write() as session:
            entry: OutboxEntry | None = session.execute(
                select(OutboxEntry).where(OutboxEntry.key == key)
            ).scalar_one_or_none()
            case = None if entry is None else session.get(Case, entry.case_id)
            if entry is None or case is None or not entry.payload:
                return False
            what = f"{entry.kind}-{key.rsplit('/', 1)[1]}"
            way = Direction(entry.direction)
            known = select(OutboxEntry.id).where(
                OutboxEntry.key == f"{case.number}/{way}/{OutboxKind.TRANSLATION}/{what}"
            )
            if session.execute(known).first() is not None:
                return False
            payload = {"text": text, "original": entry.payload.get("text", ""), "service": service}
            self._enqueue(session, case, way, OutboxKind.TRANSLATION, what, payload, partner=entry.partner)
            return True

    def position(self, channel: str) -> str | None:
        """How far a channel has been read; None at the very beginning."""
        with self.read() as session:
            row = session.get(ChannelPosition, channel)
            return None if row is None else row.position

    def set_position(self, channel: str, position: str) -> None:
        """Note how far a channel has been read."""
        with self.write() as session:
            noted = update(ChannelPosition).where(ChannelPosition.channel == channel).values(position=position)
            result: Any = session.execute(noted.execution_options(synchronize_session=False))
            if not result.rowcount:
                # a second relay may note it first at the same moment: then its note is as good
                with suppress(IntegrityError), session.begin_nested():
                    session.add(ChannelPosition(channel=channel, position=position))

    def thread(self, number: str, desk: str) -> str | None:
        """The channel's id of the card under which a desk's staff follow a case; None before it was delivered."""
        with self.read() as session:
            query = (
                select(OutboxEntry.external_id)
                .join(Case, OutboxEntry.case_id == Case.id)
                .where(
                    Case.number == number,
                    OutboxEntry.partner == desk,
                    OutboxEntry.direction == Direction.TO_STAFF.value,
                    OutboxEntry.kind == OutboxKind.NOTICE.value,
                    OutboxEntry.external_id.is_not(None),
                )
                .order_by(OutboxEntry.id.desc())
                .limit(1)
            )
            external_id: str | None = session.execute(query).scalar_one_or_none()
            return external_id

    def keep_file(self, number: str, file: StaffFile) -> str:
        """Keep a file of staff for the user; returns the token that opens it."""
        token = secrets.token_urlsafe(32)
        with self.write() as session:
            case = self._numbered_case(session, number)
            if not case.is_open:
                raise IllegalTransition(case.number, case.state, "sent a file")
            session.add(
                Attachment(
                    token=token,
                    case_id=case.id,
                    at=self.clock(),
                    name=file.name,
                    media_type=file.media_type,
                    content=file.content,
                )
            )
        return token

    def file(self, token: str) -> StaffFile | None:
        """The file that a token opens; None when there is none, or none any more."""
        with self.read() as session:
            row = session.get(Attachment, token)
            return None if row is None else StaffFile(row.name, row.media_type, row.content)

    def propose(self, number: str, text: str, topic: str | None, *, by: str, receipt: Receipt) -> bool:
        """Propose an answer of staff for the knowledge base; ``text`` must hold no personal data any more."""
        with self.write() as session:
            case = self._numbered_case(session, number)
            if not self._first_time(session, case, receipt):
                return False
            # the day is enough, and does not lead back to a case
            day = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
            session.add(Candidate(at=day, partner=case.owner, topic=topic, language=case.language, text=text))
            self._event(session, case, "suggest", None, topic, by=by)
            self._reply(session, case, receipt)
            return True

    def candidates(self) -> list[Candidate]:
        """Answers that staff proposed for the knowledge base, newest first."""
        with self.read() as session:
            return list(session.execute(select(Candidate).order_by(Candidate.id.desc())).scalars())

    def drop_candidate(self, candidate_id: int) -> None:
        """Remove a proposal that an editor has dealt with. Raises ``CaseNotFound`` when there is none of this id."""
        with self.write() as session:
            found = session.get(Candidate, candidate_id)
            if found is None:
                raise CaseNotFound(f"There is no candidate {candidate_id}.")
            session.delete(found)

    def delivery_seconds(self, direction: Direction, since: timedelta) -> list[float]:
        """How long deliveries of the last time took, in seconds from writing to confirmation, ascending."""
        with self.read() as session:
            query = select(OutboxEntry.created_at, OutboxEntry.delivered_at).where(
                OutboxEntry.direction == direction.value,
                OutboxEntry.delivered_at.is_not(None),
                OutboxEntry.created_at > self.clock() - since,
            )
            return sorted((end - start).total_seconds() for start, end in session.execute(query))
