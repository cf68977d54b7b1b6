from datetime import date, datetime, time, timezone

import pytest

from bot.directory import OfficeHours, get_directory
from staff.office_hours import BERLIN, answer_due, is_holiday, is_open, next_opening, situation

DEFAULT = get_directory().partners["koeln"].office_hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-23T09:00", "open"),
        ("2026-11-23T08:59", "closed"),
        ("2026-11-23T15:59", "open"),
        ("2026-11-23T16:00", "closed"),
        ("2026-11-21T10:00", "closed"),
        ("2026-12-25T10:00", "holiday"),
        ("2026-12-26T10:00", "closed"),
        ("2026-06-04T10:00", "holiday"),
        ("2026-11-01T10:00", "closed"),
        ("2028-11-01T10:00", "holiday"),
    ],
)
def test_situation(moment: str, expected: str) -> None:
    assert situation(DEFAULT, at(moment)) == expected
    assert is_open(DEFAULT, at(moment)) == (expected == "open")


def test_holidays_are_those_of_nrw() -> None:
    # Corpus Christi and All Saints are kept in NRW, Epiphany, Reformation Day and Assumption are not
    assert is_holiday(date(2026, 6, 4))
    assert is_holiday(date(2026, 11, 1))
    assert not is_holiday(date(2026, 1, 6))
    assert not is_holiday(date(2026, 10, 31))
    assert not is_holiday(date(2026, 8, 15))


def test_any_zone_will_do() -> None:
    # 08:30 in Berlin in winter, 09:30 in summer
    assert not is_open(DEFAULT, datetime(2026, 11, 23, 7, 30, tzinfo=timezone.utc))
    assert is_open(DEFAULT, datetime(2026, 7, 20, 7, 30, tzinfo=timezone.utc))


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:00"),
        ("2026-11-23T07:00", "2026-11-23T09:00"),
        ("2026-11-27T16:00", "2026-11-30T09:00"),
        ("2026-12-24T17:00", "2026-12-28T09:00"),
        ("2026-12-31T17:00", "2027-01-04T09:00"),
        ("2027-03-25T18:00", "2027-03-30T09:00"),
    ],
)
def test_next_opening(moment: str, opening: str) -> None:
    assert next_opening(DEFAULT, at(moment)) == at(opening)


def test_opening_keeps_the_hour_when_the_clocks_change() -> None:
    # summer time ends on 25 October 2026
    opening = next_opening(DEFAULT, at("2026-10-23T17:00"))
    assert opening.astimezone(timezone.utc) == datetime(2026, 10, 26, 8, 0, tzinfo=timezone.utc)


def test_midday_break() -> None:
    monday = ((time(9), time(12)), (time(13), time(16)))
    split = OfficeHours(confirmed=True, answer_office_days=1, days=(monday, (), (), (), (), (), ()))
    assert situation(split, at("2026-11-23T12:30")) == "closed"
    assert next_opening(split, at("2026-11-23T12:30")) == at("2026-11-23T13:00")
    assert next_opening(split, at("2026-11-23T16:30")) == at("2026-11-30T09:00")


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-11-23T10:00", "2026-11-25T16:00"),
        ("2026-11-23T20:00", "2026-11-26T16:00"),
        ("2026-11-27T10:00", "2026-12-01T16:00"),
        ("2026-12-23T10:00", "2026-12-28T16:00"),
        ("2026-12-25T10:00", "2026-12-30T16:00"),
    ],
)
def test_answers_are_due_in_office_days(since: str, due: str) -> None:
    assert answer_due(DEFAULT, at(since)) == at(due)
