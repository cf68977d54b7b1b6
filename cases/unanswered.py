"""Questions that were not answered at once, in the words of users who agreed that these are kept.

Before consent no words of a user are in the case log. After consent the conversation so far lies with the case, beside
the turns that say how each question was met; the two are brought together by their times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from bot.nlu.text import normalise
from bot.settings import get_settings
from cases.database import Database
from cases.models import Case, Message, Turn
from cases.personal import without_personal_data
from cases.states import BUTTON_CHANNEL, Author, TurnOutcome

NOT_ANSWERED = (TurnOutcome.SUGGESTED, TurnOutcome.NOT_UNDERSTOOD, TurnOutcome.OFF_TOPIC)


@dataclass(frozen=True)
class UnansweredQuestion:
    """One question, without the personal data that its case holds.

    ``case_id`` only tells whether two questions come from the same case. ``offered`` is the topic suggested first,
    ``chosen`` the one whose answer the user then took from the suggestions.
    """

    case_id: int
    text: str
    language: str
    outcome: TurnOutcome
    offered: str | None
    chosen: str | None


class Unanswered(Database):
    """Reading only."""

    def unanswered_questions(
        self, since: datetime | None = None, *, case_days: int | None = None
    ) -> list[UnansweredQuestion]:
        """Questions of cases with consent that were suggested, declined or not understood, oldest first.

        Erased cases have no texts any more; those that are due for erasure (``case_days`` after closing, from the
        setting ``retention_case_days``) are left out, whether the erasure has run or not. ``since``: cases opened then
        or later.
        """
        days = get_settings().retention_case_days if case_days is None else case_days
        query = select(Case).where(
            Case.consent_at.is_not(None),
            Case.erased_at.is_(None),
            or_(Case.closed_at.is_(None), Case.closed_at >= self.clock() - timedelta(days=days)),
        )
        if since is not None:
            query = query.where(Case.created_at >= since)
        found: list[UnansweredQuestion] = []
        with self.read() as session:
            for case in session.execute(query.order_by(Case.id)).scalars().all():
                turns = session.execute(select(Turn).where(Turn.case_id == case.id).order_by(Turn.id)).scalars().all()
                said = (
                    select(Message)
                    .where(Message.case_id == case.id, Message.author == Author.USER.value)
                    # what was chosen by button is nobody's wording
                    .where(or_(Message.channel.is_(None), Message.channel != BUTTON_CHANNEL))
                    .order_by(Message.at, Message.seq)
                )
                found += _of_case(case, turns, session.execute(said).scalars().all())
        return found


def _of_case(case: Case, turns: Sequence[Turn], messages: Sequence[Message]) -> list[UnansweredQuestion]:
    names = [normalise(value) for value in (case.company, case.contact_name, case.email, case.phone) if value]
    found = []
    for index, turn in enumerate(turns):
        if turn.outcome not in NOT_ANSWERED:
            continue
        # a turn without a message since the one before was a button's
        message = _asked(messages, turns[index - 1].at if index else None, turn.at)
        if message is None:
            continue
        text = without_personal_data(normalise(message.text), names)
        chosen = _chosen(turn, turns[index + 1 : index + 2], messages)
        found.append(UnansweredQuestion(case.id, text, turn.language, TurnOutcome(turn.outcome), turn.topic, chosen))
    return found


def _asked(messages: Sequence[Message], after: datetime | None, until: datetime) -> Message | None:
    """The last message of the user within (``after``, ``until``]."""
    within = [each for each in messages if (after is None or each.at > after) and each.at <= until]
    return within[-1] if within else None


def _chosen(turn: Turn, following: Sequence[Turn], messages: Sequence[Message]) -> str | None:
    """The topic answered next without another word of the user: that is, by one of the buttons offered."""
    for answered in following:
        if answered.outcome == TurnOutcome.ANSWERED and _asked(messages, turn.at, answered.at) is None:
            topic: str | None = answered.topic
            return topic
    return None
