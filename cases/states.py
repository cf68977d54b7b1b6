"""What a case may be and become: states and ways between them, outcomes, authors, reasons; errors of the case log."""

from enum import Enum


class _Word(str, Enum):
    """A fixed word: compares and prints as its text, and is stored as such."""

    def __str__(self) -> str:
        return str(self.value)


class CaseState(_Word):
    """Where a case stands: with the bot, offered to a person, waiting for one, with one, or closed."""

    BOT = "bot"
    OFFERED = "offered"
    WAITING = "waiting"
    WITH_PERSON = "with_person"
    CLOSED = "closed"


class TurnOutcome(_Word):
    """How the bot met one message of the user."""

    ANSWERED = "answered"
    SUGGESTED = "suggested"
    NOT_UNDERSTOOD = "not_understood"
    OFF_TOPIC = "off_topic"


class Feedback(_Word):
    """The user's word on an answer."""

    HELPFUL = "helpful"
    NOT_HELPFUL = "not_helpful"


class Author(_Word):
    """Who wrote a message of a case. A ``note`` is staff's own and never reaches the user."""

    USER = "user"
    STAFF = "staff"
    SYSTEM = "system"
    BOT = "bot"
    NOTE = "note"


# the channel of a message that the user chose and did not write: the title of a topic whose button was pressed
BUTTON_CHANNEL = "button"


class Direction(_Word):
    """Which way an outbox entry goes."""

    TO_STAFF = "to_staff"
    TO_USER = "to_user"
    # to the user's mailbox, beside the chat, when the user agreed to it
    BY_MAIL = "by_mail"


class OutboxKind(_Word):
    """What an outbox entry is about.

    To staff: ``notice`` (a new case, or one handed over), ``message``, ``transferred`` (it went to another partner),
    ``withdrawn``, ``erased``, ``reminder``, ``reply`` (what came of something staff wrote), ``translation``,
    ``checklist`` (the user made one while waiting). To the user: ``message``, ``picked_up``, ``transferred``,
    ``closed``, ``retracted`` (staff took a message back), ``nobody_yet`` (nobody has taken the case within the time
    set), ``translation``. By mail: ``message``.
    """

    NOTICE = "notice"
    MESSAGE = "message"
    WITHDRAWN = "withdrawn"
    ERASED = "erased"
    REMINDER = "reminder"
    REPLY = "reply"
    TRANSLATION = "translation"
    CHECKLIST = "checklist"
    RETRACTED = "retracted"
    NOBODY_YET = "nobody_yet"
    PICKED_UP = "picked_up"
    TRANSFERRED = "transferred"
    CLOSED = "closed"


class CloseReason(_Word):
    """Why a case was closed. The first five are staff's choice; the others set themselves."""

    ANSWERED = "answered"
    REFERRED = "referred"
    NO_REPLY = "no_reply"
    DUPLICATE = "duplicate"
    OUT_OF_SCOPE = "out_of_scope"
    WITHDRAWN = "withdrawn"
    IDLE = "idle"
    ERASED = "erased"


STAFF_CLOSE_REASONS = (
    CloseReason.ANSWERED,
    CloseReason.REFERRED,
    CloseReason.NO_REPLY,
    CloseReason.DUPLICATE,
    CloseReason.OUT_OF_SCOPE,
)

# A transferred case waits again, for a person of the new partner; it never goes back to the bot.
TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.BOT: frozenset({CaseState.OFFERED, CaseState.WAITING, CaseState.CLOSED}),
    CaseState.OFFERED: frozenset({CaseState.BOT, CaseState.WAITING, CaseState.CLOSED}),
    CaseState.WAITING: frozenset({CaseState.WITH_PERSON, CaseState.CLOSED}),
    CaseState.WITH_PERSON: frozenset({CaseState.WAITING, CaseState.CLOSED}),
    CaseState.CLOSED: frozenset(),
}


class CaseError(Exception):
    """Something about a case is not as the caller supposed. The message is for operators and staff, not for users."""


class CaseNotFound(CaseError):
    """No case has this number, or the conversation has no case that is open."""


class IllegalTransition(CaseError):
    """The case cannot go from the state it is in to the one asked for, or take the action there."""

    def __init__(self, number: str, current: str, wanted: str) -> None:
        super().__init__(f"Case {number} is '{current}' and cannot become '{wanted}'.")
        self.number, self.current, self.wanted = number, str(current), str(wanted)


class NotTheOwner(CaseError):
    """Staff tried to act on a case that lies elsewhere. ``desk``: where it lies (``Case.desk``)."""

    def __init__(self, number: str, desk: str) -> None:
        super().__init__(f"Case {number} is with {desk}.")
        self.number, self.desk = number, desk


class CaseLogUnavailable(CaseError):
    """The database of the case log cannot be reached or is not ready. Nothing of the action was stored."""


class Unstorable(CaseLogUnavailable):
    """The database is there but does not take what was to be stored, such as a text too long for its column."""


def check_transition(number: str, current: str, wanted: CaseState) -> None:
    """Raise ``IllegalTransition`` unless a case may go from ``current`` to ``wanted``."""
    if wanted not in TRANSITIONS[CaseState(current)]:
        raise IllegalTransition(number, current, wanted)
