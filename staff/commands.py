"""What staff may write in a case's thread: a command that begins with ``!``, or plain text for the user.

The words are the same in every language; what they do is told by ``!help`` in the partner's language, from
``data/responses/staff.yml`` (``staff_help_<command>``). docs/staff-guide.md lists the same commands.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from cases.states import STAFF_CLOSE_REASONS
from staff.office_hours import BERLIN

COMMANDS = ("take", "note", "close", "transfer", "topic", "phrase", "language", "remind", "suggest", "help")
CLOSE_REASONS = tuple(str(reason) for reason in STAFF_CLOSE_REASONS)
LONGEST_TEXT = 8000
LONGEST_REMINDER = timedelta(days=60)

_COMMAND = re.compile(r"^[!！]\s*([^\W\d_]\S*)(?:\s+(.*))?$", re.DOTALL)
_DELAY = re.compile(r"^(\d{1,4})(m|min|h|d)$")
_UNITS = {"m": timedelta(minutes=1), "min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_DATE = re.compile(r"^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d))?$")


@dataclass(frozen=True)
class Command:
    """``name`` is one of ``COMMANDS``, or what somebody took for one. ``rest`` is everything after it."""

    name: str
    rest: str

    @property
    def known(self) -> bool:
        """Whether there is such a command."""
        return self.name in COMMANDS

    @property
    def first(self) -> str:
        """The first word after the command."""
        return self.rest.split(maxsplit=1)[0] if self.rest.split() else ""

    @property
    def others(self) -> str:
        """What follows the first word."""
        parts = self.rest.split(maxsplit=1)
        return parts[1].strip() if len(parts) > 1 else ""


def parse(text: str) -> Command | None:
    """The command in a text of staff; None for plain text. Full-width letters and signs count as their usual forms.

    Whatever begins with ``!`` and a letter is meant as a command: a mistyped note must not reach the user.
    """
    match = _COMMAND.match(text.strip())
    if match is None:
        return None
    return Command(unicodedata.normalize("NFKC", match.group(1)).lower(), (match.group(2) or "").strip())


def reminder_time(text: str, now: datetime) -> datetime | None:
    """When a reminder is due: ``30m``, ``2h``, ``3d``, ``2026-12-01`` (9 o'clock) or ``2026-12-01 14:30`` (Berlin).

    None for anything else, for the past, and for more than 60 days ahead.
    """
    text = unicodedata.normalize("NFKC", text).strip().lower()
    delay, date = _DELAY.match(text), _DATE.match(text)
    try:
        if delay:
            at = now + int(delay.group(1)) * _UNITS[delay.group(2)]
        elif date:
            at = datetime.fromisoformat(f"{date.group(1)}T{date.group(2) or '09:00'}").replace(tzinfo=BERLIN)
        else:
            return None
    except ValueError:
        return None
    return at if now < at <= now + LONGEST_REMINDER else None
