"""When a partner's staff are there: Europe/Berlin, with the public holidays of North Rhine-Westphalia.

Holidays follow the state's law on Sundays and public holidays (Feiertagsgesetz NW), as the ``holidays`` library has it.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import holidays

from bot.directory import OfficeHours

BERLIN = ZoneInfo("Europe/Berlin")
Situation = Literal["open", "closed", "holiday"]


@lru_cache(maxsize=1)
def _nrw_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("DE", subdiv="NW")


def is_holiday(day: date) -> bool:
    """Whether this is a public holiday in all of North Rhine-Westphalia."""
    return day in _nrw_holidays()


def is_open(hours: OfficeHours, now: datetime) -> bool:
    """Whether staff are there at this moment (aware). A block includes its beginning and not its end."""
    local = now.astimezone(BERLIN)
    return any(start <= local.time() < end for start, end in _blocks(hours, local.date()))


def situation(hours: OfficeHours, now: datetime) -> Situation:
    """``open``, ``closed``, or ``holiday`` when staff would be there on such a day of the week but for a holiday."""
    if is_open(hours, now):
        return "open"
    today = now.astimezone(BERLIN).date()
    return "holiday" if is_holiday(today) and hours.days[today.weekday()] else "closed"


def next_opening(hours: OfficeHours, now: datetime) -> datetime:
    """When staff are there next, in Europe/Berlin; ``now`` itself while they are there."""
    if is_open(hours, now):
        return now.astimezone(BERLIN)
    local = now.astimezone(BERLIN)
    day = local.date()
    while True:
        for start, _ in _blocks(hours, day):
            opening = _moment(day, start)
            if opening > now:
                return opening
        day += timedelta(days=1)


def answer_due(hours: OfficeHours, since: datetime) -> datetime:
    """By when an answer to what came in at ``since`` is expected: the end of the n-th office day after, Europe/Berlin.

    n is the partner's ``answer_office_days``. What comes in outside office hours counts as come in at the next opening.
    """
    day = next_opening(hours, since).date()
    remaining = hours.answer_office_days
    while remaining:
        day += timedelta(days=1)
        remaining -= bool(_blocks(hours, day))
    return _moment(day, _blocks(hours, day)[-1][1])


def office_time(hours: OfficeHours, since: datetime, now: datetime, *, most: timedelta) -> timedelta:
    """How much office time passed between two moments (aware); stops counting at ``most``."""
    passed, day, last = timedelta(), since.astimezone(BERLIN).date(), now.astimezone(BERLIN).date()
    while day <= last and passed < most:
        for start, end in _blocks(hours, day):
            begin, finish = max(_moment(day, start), since), min(_moment(day, end), now)
            passed += max(finish - begin, timedelta())
        day += timedelta(days=1)
    return min(passed, most)


def _blocks(hours: OfficeHours, day: date) -> tuple[tuple[time, time], ...]:
    return () if is_holiday(day) else hours.days[day.weekday()]


def _moment(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=BERLIN)
