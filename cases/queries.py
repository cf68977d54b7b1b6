"""Reading the case log: one case with all that belongs to it, and lists for people and exports."""

from dataclasses import dataclass

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from cases.database import Database
from cases.models import Case, CaseEvent, Message, OutboxEntry, Turn
from cases.numbers import normalise_number
from cases.records import CaseFilter
from cases.states import CaseNotFound, CaseState


@dataclass(frozen=True)
class CaseFile:
    """A case with everything that belongs to it, each in the order of its happening."""

    case: Case
    turns: list[Turn]
    messages: list[Message]
    events: list[CaseEvent]
    outbox: list[OutboxEntry]


class Queries(Database):
    """Reading only; what is returned is detached from the database."""

    def open_case(self, conversation_id: str) -> Case | None:
        """The conversation's open case."""
        with self.read() as session:
            query = select(Case).where(Case.conversation_id == conversation_id, Case.state != CaseState.CLOSED)
            case: Case | None = session.execute(query).scalar_one_or_none()
            return case

    def latest_case(self, conversation_id: str) -> Case | None:
        """The conversation's open case, or else its latest closed one."""
        with self.read() as session:
            query = select(Case).where(Case.conversation_id == conversation_id).order_by(Case.id.desc()).limit(1)
            case: Case | None = session.execute(query).scalar_one_or_none()
            return case

    def bot_silent(self, conversation_id: str) -> bool:
        """Whether a person has the conversation's case, so that the bot must not answer."""
        case = self.open_case(conversation_id)
        return case is not None and case.bot_silent

    def case(self, number: str) -> Case:
        """The case of this number, however it is spelled. Raises ``CaseNotFound``."""
        with self.read() as session:
            return _case(session, number)

    def case_by_id(self, case_id: int) -> Case | None:
        """The case of this internal id, for outbox entries."""
        with self.read() as session:
            case: Case | None = session.get(Case, case_id)
            return case

    def case_file(self, number: str) -> CaseFile:
        """The case of this number with turns, messages, events and outbox. Raises ``CaseNotFound``."""
        with self.read() as session:
            case = _case(session, number)

            def rows(table: type, order: str) -> list[object]:
                query = select(table).where(table.case_id == case.id).order_by(getattr(table, order))  # type: ignore[attr-defined]
                return list(session.execute(query).scalars())

            return CaseFile(
                case,
                rows(Turn, "id"),  # type: ignore[arg-type]
                rows(Message, "seq"),  # type: ignore[arg-type]
                rows(CaseEvent, "id"),  # type: ignore[arg-type]
                rows(OutboxEntry, "id"),  # type: ignore[arg-type]
            )

    def messages(self, conversation_id: str, *, after_seq: int = 0) -> list[Message]:
        """What was said in the conversation's latest case from after ``after_seq`` on, without staff's notes."""
        case = self.latest_case(conversation_id)
        if case is None:
            return []
        with self.read() as session:
            query = (
                select(Message)
                .where(Message.case_id == case.id, Message.seq > after_seq, Message.author != "note")
                .order_by(Message.seq)
            )
            return list(session.execute(query).scalars())

    def query(self, wanted: CaseFilter | None = None) -> list[Case]:
        """Cases that meet all of the filter, newest first. ``topic`` may name a whole area: ``company``."""
        wanted = wanted or CaseFilter()
        query = select(Case).order_by(Case.id.desc())
        if wanted.partner is not None:
            query = query.where(Case.owner == wanted.partner)
        if wanted.state is not None:
            query = query.where(Case.state == wanted.state)
        if wanted.since is not None:
            query = query.where(Case.created_at >= wanted.since)
        if wanted.until is not None:
            query = query.where(Case.created_at < wanted.until)
        if wanted.topic is not None:
            same = (Turn.topic == wanted.topic) | Turn.topic.startswith(f"{wanted.topic}/", autoescape=True)
            query = query.where(exists(select(Turn.id).where(Turn.case_id == Case.id, same)))
        if wanted.limit is not None:
            query = query.limit(wanted.limit)
        with self.read() as session:
            return list(session.execute(query).scalars())

    def topics(self, case_ids: list[int]) -> dict[int, list[str]]:
        """The topics of these cases, each once, in the order of asking."""
        with self.read() as session:
            query = (
                select(Turn.case_id, Turn.topic)
                .where(Turn.case_id.in_(case_ids), Turn.topic.is_not(None))
                .order_by(Turn.id)
            )
            found: dict[int, list[str]] = {case_id: [] for case_id in case_ids}
            for case_id, topic in session.execute(query):
                if topic not in found[case_id]:
                    found[case_id].append(topic)
            return found


def _case(session: Session, number: str) -> Case:
    query = select(Case).where(Case.number == (normalise_number(number) or number))
    case: Case | None = session.execute(query).scalar_one_or_none()
    if case is None:
        raise CaseNotFound(f"There is no case {number}.")
    return case
