"""Cases that nobody takes: reminders and escalation, in office hours only, once each."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.directory import Directory
from cases.models import Case
from cases.store import CaseStore
from staff.office_hours import office_time
from staff.watch import Watch
from tests.cases.conftest import Clock
from tests.staff.conftest import submit

BERLIN = ZoneInfo("Europe/Berlin")
PICKUP = timedelta(minutes=60)


@pytest.fixture
def watch(store: CaseStore, directory: Directory) -> Watch:
    return Watch(store, directory, PICKUP)


def kinds(store: CaseStore, number: str, direction: str) -> list[str]:
    return [entry.kind for entry in store.case_file(number).outbox if entry.direction == direction]


def test_reminder_then_escalation_then_the_last_word(store: CaseStore, watch: Watch, clock: Clock) -> None:
    number = submit(store).number
    assert watch.look() == 0
    clock.forward(minutes=31)
    assert [watch.look(), watch.look()] == [1, 0]
    clock.forward(minutes=30)
    assert [watch.look(), watch.look()] == [1, 0]
    case = store.case(number)
    assert (case.owner, case.state) == ("nrw_global_business", "waiting")
    assert kinds(store, number, "to_user") == ["nobody_yet"]
    clock.forward(minutes=61)
    # there is nobody else: the user is told so once, and staff are reminded
    assert [watch.look(), watch.look()] == [1, 0]
    assert store.case(number).owner == "nrw_global_business"
    assert kinds(store, number, "to_user") == ["nobody_yet", "nobody_yet"]
    assert kinds(store, number, "to_staff")[-1] == "reminder"


def test_the_second_contact_comes_before_another_partner(store: CaseStore, directory: Directory, clock: Clock) -> None:
    watch = Watch(store, directory, PICKUP, {"rhein_kreis_neuss.second"})
    number = submit(store).number
    for entry in store.claim_due("test", 10):
        store.mark_delivered(entry, "$card")
    steps = []
    for minutes in (61, 31, 30, 61):
        clock.forward(minutes=minutes)
        while watch.look():
            case = store.case(number)
            steps.append((case.owner, case.desk, kinds(store, number, "to_user")[-1:]))
    assert steps == [
        ("rhein_kreis_neuss", "rhein_kreis_neuss.second", ["nobody_yet"]),
        # reminded there, too
        ("rhein_kreis_neuss", "rhein_kreis_neuss.second", ["nobody_yet"]),
        ("nrw_global_business", "nrw_global_business", ["nobody_yet"]),
        ("nrw_global_business", "nrw_global_business", ["nobody_yet"]),
    ]
    outbox = store.case_file(number).outbox
    told = [
        (entry.kind, entry.partner, entry.cancelled_at is None) for entry in outbox if entry.direction == "to_staff"
    ]
    assert told == [
        ("notice", "rhein_kreis_neuss", True),
        ("notice", "rhein_kreis_neuss.second", False),
        ("transferred", "rhein_kreis_neuss", True),
        ("reminder", "rhein_kreis_neuss.second", False),
        ("notice", "nrw_global_business", True),
        ("reminder", "nrw_global_business", True),
    ]
    payloads = [entry.payload for entry in outbox if entry.kind == "nobody_yet"]
    assert [(each["old_partner"], each["new_partner"], each["second"]) for each in payloads] == [
        ("rhein_kreis_neuss", "rhein_kreis_neuss", True),
        ("rhein_kreis_neuss", "nrw_global_business", False),
        ("nrw_global_business", "nrw_global_business", False),
    ]


def test_a_case_that_cannot_be_looked_after_holds_up_no_other(store: CaseStore, watch: Watch, clock: Clock) -> None:
    broken, number = submit(store, "a").number, submit(store, "b").number
    with store.write() as session:
        session.execute(Case.__table__.update().where(Case.number == broken).values(owner="gone"))
    clock.forward(minutes=31)
    assert watch.look() == 1
    assert kinds(store, number, "to_staff") == ["notice", "reminder"]


def test_somebody_who_takes_it_in_time_is_left_alone(store: CaseStore, watch: Watch, clock: Clock) -> None:
    number = submit(store).number
    clock.forward(minutes=20)
    store.pick_up(number, by="staff:x")
    clock.forward(days=3)
    assert watch.look() == 0


def test_two_watches_take_each_step_once(store: CaseStore, watch: Watch, clock: Clock) -> None:
    submit(store)
    clock.forward(minutes=61)
    (waiting,) = store.waiting()
    assert store.escalate(waiting, "nrw_global_business")
    assert not store.escalate(waiting, "nrw_global_business")
    assert not store.remind_owner(waiting)


@pytest.mark.parametrize(
    ("since", "now", "minutes"),
    [
        ("2026-11-23T10:00", "2026-11-23T10:30", 30),
        # Friday evening to Monday morning
        ("2026-11-20T18:00", "2026-11-23T09:10", 10),
        # All Saints' Day 2027 is a Monday and a holiday in NRW
        ("2027-10-29T15:50", "2027-11-02T09:05", 15),
        ("2026-11-21T10:00", "2026-11-22T20:00", 0),
        ("2026-11-02T09:00", "2026-11-23T10:30", 600),
    ],
)
def test_only_office_hours_count(directory: Directory, since: str, now: str, minutes: int) -> None:
    hours = directory.partner("koeln").office_hours
    start, end = (datetime.fromisoformat(text).replace(tzinfo=BERLIN) for text in (since, now))
    assert office_time(hours, start, end, most=timedelta(minutes=600)) == timedelta(minutes=minutes)
