"""What staff are told of a case when it comes to them: its data, and all that was asked, said and noted so far."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from cases.models import Case, CaseEvent, Message, Turn
from cases.states import BUTTON_CHANNEL, Author

# kinds of audit: the case went to another partner, or to another desk of the same one
OWNER, DESK = "owner", "desk"


def whole_case(session: Session, case: Case) -> dict[str, Any]:
    """The payload of a notice (JSON values)."""
    turns = session.execute(select(Turn).where(Turn.case_id == case.id).order_by(Turn.id)).scalars().all()
    return {
        "company": case.company,
        "contact_name": case.contact_name,
        "email": case.email,
        "phone": case.phone,
        "email_replies": case.email_replies,
        "municipality": case.municipality,
        "site": case.site,
        "concern": case.concern,
        "checklist": case.checklist,
        "submitted_at": case.submitted_at.isoformat() if case.submitted_at else None,
        "turns": [{"topic": turn.topic, "outcome": turn.outcome} for turn in turns],
        "transcript": _transcript(session, case),
    }


def _transcript(session: Session, case: Case) -> list[dict[str, Any]]:
    """The messages and notes, in order. ``partner``, where staff wrote: at which desk the case lay then.

    ``pressed``: the user chose it by button.
    """
    # the user's own choice of a place comes before staff write anything
    moved = (CaseEvent.kind.in_([OWNER, DESK]), CaseEvent.by != "user")
    moves = select(CaseEvent).where(CaseEvent.case_id == case.id, *moved)
    changes = session.execute(moves.order_by(CaseEvent.id)).scalars().all()
    messages = select(Message).where(Message.case_id == case.id).order_by(Message.seq)
    lines = []
    for message in session.execute(messages).scalars():
        line: dict[str, Any] = {"at": message.at.isoformat(), "author": message.author, "text": message.text}
        if message.channel == BUTTON_CHANNEL:
            line["pressed"] = True
        if message.author in (Author.STAFF, Author.NOTE):
            # whom the next change took it from had it
            later = (change.old for change in changes if change.at >= message.at)
            line["partner"] = next(later, None) or case.desk
        lines.append(line)
    return lines
