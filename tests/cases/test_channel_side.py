"""What channels keep: how far they read, and values that do not fit."""

import threading

import pytest

from cases.models import Case
from cases.records import Receipt
from cases.states import CaseLogUnavailable, Unstorable
from cases.store import CaseStore
from tests.cases.conftest import submit


def test_two_relays_may_note_the_first_position_at_once(store: CaseStore) -> None:
    together, failed = threading.Barrier(6), []

    def note(number: int) -> None:
        together.wait()
        try:
            store.set_position("matrix", f"s{number}")
        except Exception as error:
            failed.append(error)

    workers = [threading.Thread(target=note, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failed == []
    store.set_position("matrix", "last")
    assert store.position("matrix") == "last"


def test_a_value_that_does_not_fit_is_not_a_lost_database(store: CaseStore) -> None:
    number = submit(store).number
    if store.is_sqlite:
        pytest.skip("SQLite takes texts of any length")
    receipt = Receipt("matrix", "$1", store.case(number).desk)
    with pytest.raises(Unstorable) as error:
        store.pick_up(number, by="staff:" + "x" * 300, receipt=receipt)
    assert isinstance(error.value, CaseLogUnavailable)
    assert "xxx" not in str(error.value)
    # nothing of it was stored, and the case goes on
    store.pick_up(number, by="staff:x", receipt=receipt)
    with store.read() as session:
        assert session.query(Case).filter(Case.number == number).one().picked_up_at is not None
