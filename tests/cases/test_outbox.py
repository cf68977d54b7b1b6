import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from cases.models import OutboxEntry
from cases.states import Direction
from cases.store import CaseStore
from tests.cases.conftest import KOELN, Clock, submit

STAFF = [Direction.TO_STAFF]


def claim(store: CaseStore, worker: str = "w1", limit: int = 10) -> list[OutboxEntry]:
    return store.claim_due(worker, limit, directions=STAFF)


def test_a_claimed_entry_is_nobody_elses_until_the_lease_ends(store: CaseStore, clock: Clock) -> None:
    submit(store)
    (entry,) = claim(store)
    assert claim(store, "w2") == []
    clock.forward(minutes=3)
    (again,) = claim(store, "w2")
    assert again.key == entry.key
    # the first worker has lost it: it may neither begin nor fail it
    assert not store.start_attempt(entry)
    assert not store.mark_failed(entry, "late", clock.now)
    assert not store.release(entry)
    assert store.start_attempt(again)


def test_what_was_delivered_counts_even_after_the_lease(store: CaseStore, clock: Clock) -> None:
    submit(store)
    (entry,) = claim(store)
    assert store.start_attempt(entry)
    clock.forward(minutes=3)
    (again,) = claim(store, "w2")
    assert again.attempt_started_at is not None
    assert store.mark_delivered(entry, "id-1")
    assert not store.mark_delivered(again, "id-2")
    assert not store.start_attempt(again)
    (stored,) = store.case_file(store.query()[0].number).outbox
    assert (stored.external_id, stored.attempts, stored.attempt_started_at) == ("id-1", 1, None)


def test_entries_of_a_case_go_in_order(store: CaseStore) -> None:
    submit(store)
    store.add_user_message("talk", "one")
    store.add_user_message("talk", "two")
    seen = []
    for _ in range(3):
        (entry,) = claim(store)
        seen.append(entry.payload.get("text", "notice"))
        assert claim(store) == []
        store.start_attempt(entry)
        store.mark_delivered(entry)
    assert seen == ["notice", "one", "two"]


def test_a_failing_entry_holds_back_its_case_only(store: CaseStore, clock: Clock) -> None:
    number = submit(store).number
    store.add_user_message("talk", "one")
    submit(store, "other", KOELN)
    entries = claim(store)
    assert len(entries) == 2
    failing = next(entry for entry in entries if entry.key.startswith(number))
    store.start_attempt(failing)
    assert store.mark_failed(failing, "refused", clock.now + timedelta(seconds=30))
    assert claim(store) == []
    clock.forward(seconds=31)
    (again,) = claim(store)
    assert (again.key, again.attempts, again.last_error) == (failing.key, 1, "refused")
    assert again.attempt_started_at is None
    (shown,) = store.failing_entries()
    assert shown.key == failing.key


def test_an_uncertain_failure_keeps_its_mark(store: CaseStore, clock: Clock) -> None:
    submit(store)
    (entry,) = claim(store)
    store.start_attempt(entry)
    store.mark_failed(entry, "timed out", clock.now, uncertain=True)
    (again,) = claim(store)
    assert again.attempt_started_at == clock.now


def test_released_entries_are_free_at_once(store: CaseStore) -> None:
    submit(store)
    (entry,) = claim(store)
    assert store.release(entry)
    assert len(claim(store, "w2")) == 1


def test_directions_do_not_wait_for_each_other(store: CaseStore) -> None:
    number = submit(store).number
    store.add_staff_message(number, "Guten Tag", by="staff:a")
    (first,) = store.claim_due("w", 10, directions=[Direction.TO_USER])
    assert first.kind == "picked_up"
    (notice,) = claim(store)
    assert notice.kind == "notice"


def test_an_unreachable_partner_does_not_hold_back_the_next_one(store: CaseStore, clock: Clock) -> None:
    number = submit(store).number
    (entry,) = claim(store)
    store.start_attempt(entry)
    store.mark_failed(entry, "timed out", clock.now + timedelta(hours=1), uncertain=True)
    store.transfer(number, "nrw_global_business", by="operator", reason="nobody answers")
    kinds = {(entry.kind, entry.partner) for entry in claim(store)}
    assert kinds == {("notice", "nrw_global_business"), ("transferred", "rhein_kreis_neuss")}


def test_the_user_hears_everybody_in_order(store: CaseStore) -> None:
    number = submit(store).number
    store.pick_up(number, by="staff:a")
    store.transfer(number, "koeln", by="staff:a")
    (only,) = store.claim_due("w", 10, directions=[Direction.TO_USER])
    assert only.kind == "picked_up"


def test_limit_and_oldest_first(store: CaseStore, clock: Clock) -> None:
    numbers = []
    for conversation in range(4):
        numbers.append(submit(store, f"talk {conversation}").number)
        clock.forward(seconds=1)
    assert [entry.key.split("/")[0] for entry in claim(store, limit=3)] == numbers[:3]


def test_several_workers_never_take_the_same_entry(url: str) -> None:
    filling = CaseStore(url)
    for conversation in range(30):
        submit(filling, f"talk {conversation}")
    taken: Counter[str] = Counter()
    lock = threading.Lock()

    def work(name: str) -> None:
        store = CaseStore(url)
        while entries := claim(store, name, limit=3):
            with lock:
                taken.update(entry.key for entry in entries)
            for entry in entries:
                assert store.start_attempt(entry)
                assert store.mark_delivered(entry)
        store.dispose()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # a worker that saw only locked entries may end early; what is left is taken by one more
    work("last")
    assert len(taken) == 30
    assert set(taken.values()) == {1}
    filling.dispose()


def test_counts(store: CaseStore, clock: Clock) -> None:
    assert store.outbox_counts() == []
    number = submit(store).number
    store.pick_up(number, by="staff:a")
    (entry,) = claim(store)
    store.start_attempt(entry)
    store.mark_failed(entry, "refused", clock.now)
    counts = {count.direction: count for count in store.outbox_counts()}
    assert (counts["to_staff"].pending, counts["to_staff"].failing, counts["to_staff"].delivered) == (1, 1, 0)
    assert counts["to_user"].oldest_pending == clock.now


@pytest.mark.postgres
@pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)
def test_postgresql_skips_what_another_worker_is_just_taking(store: CaseStore, url: str) -> None:
    first = submit(store).number
    second = submit(store, "other").number
    impatient = CaseStore(f"{url}%20-clock_timeout%3D2000", clock=store.clock)
    with store.write() as session:
        session.execute(select(OutboxEntry).where(OutboxEntry.key.startswith(first)).with_for_update()).scalar_one()
        assert [entry.key.split("/")[0] for entry in claim(impatient)] == [second]
    impatient.dispose()
