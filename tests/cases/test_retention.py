import json
from pathlib import Path

import pytest
from sqlalchemy import text

from cases.records import TranscriptLine
from cases.retention import PERSONAL_FIELDS, RetentionCounts
from cases.states import Author, IllegalTransition
from cases.store import CaseStore
from tests.cases.conftest import CONTACT, Clock, kinds, submit


def full_case(store: CaseStore, conversation: str = "talk") -> str:
    """A case with something personal in every place that can hold it."""
    store.record_turn(
        conversation, topic="tax/vat", outcome="answered", language="ja", page_url="https://www.example.de/?me=SECRET"
    )
    store.record_feedback(conversation, "tax/vat", False, "SECRET")
    said = TranscriptLine(store.clock(), Author.USER, "SECRET", "ja", "chat", f"{conversation}-1")
    number = submit(store, conversation, transcript=[said]).number
    store.set_checklist(conversation, {"name": "SECRET"})
    store.add_user_message(conversation, "SECRET")
    store.add_staff_message(number, "SECRET", by="staff:SECRET")
    store.add_note(number, "SECRET", by="staff:SECRET")
    store.transfer(number, "koeln", by="staff:SECRET", reason="SECRET")
    store.rate(conversation, 2, "SECRET")
    return number


def whole_database(store: CaseStore) -> str:
    """Everything that stands in the tables, as one text."""
    tables = ("cases", "turns", "messages", "case_events", "outbox")
    with store.read() as session:
        rows = [dict(row) for table in tables for row in session.execute(text(f"SELECT * FROM {table}")).mappings()]
    return json.dumps(rows, default=str, ensure_ascii=False)


def test_erasure_leaves_a_bare_row(store: CaseStore, clock: Clock) -> None:
    number = full_case(store)
    before = whole_database(store)
    assert "SECRET" in before
    assert store.erase("talk") == 1
    after = whole_database(store)
    for personal in ("SECRET", CONTACT.company, CONTACT.name, CONTACT.email, CONTACT.phone, "倉庫", '"talk"'):
        assert personal is not None
        assert personal in before
        assert personal not in after
    file = store.case_file(number)
    assert (file.case.state, file.case.close_reason, file.case.erased_at) == ("closed", "erased", clock.now)
    assert [getattr(file.case, name) for name in PERSONAL_FIELDS] == [None] * len(PERSONAL_FIELDS)
    assert not file.case.email_replies
    # what statistics need is still there
    assert (file.case.owner, file.case.municipality, file.case.rating) == ("koeln", "05162024", 2)
    assert [(turn.topic, turn.feedback) for turn in file.turns] == [("tax/vat", "not_helpful")]
    assert store.latest_case("talk") is None
    assert store.erase("talk") == 0


def test_nothing_of_an_erased_case_lies_in_the_sqlite_file(tmp_path: Path, clock: Clock) -> None:
    from cases.migrate import upgrade

    path = tmp_path / "cases.db"
    upgrade(f"sqlite:///{path}")
    store = CaseStore(f"sqlite:///{path}", clock=clock)
    full_case(store)
    # as long as somebody is connected, SQLite keeps its write-ahead log
    with store.engine.connect():
        store.erase("talk")
        assert not (tmp_path / "cases.db-wal").read_bytes()
    store.dispose()
    assert CONTACT.email is not None
    assert all(CONTACT.email.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_erasure_covers_all_cases_of_the_conversation(store: CaseStore) -> None:
    first = full_case(store)
    store.close(first, "answered", by="staff:a")
    second = submit(store).number
    other = submit(store, "other").number
    assert store.erase("talk") == 2
    assert store.case(first).erased_at is not None
    assert store.case(second).erased_at is not None
    assert store.case(other).company == CONTACT.company


def test_only_staff_who_know_of_the_case_are_told(store: CaseStore) -> None:
    number = submit(store).number
    store.erase("talk")
    assert kinds(store, number, "to_staff") == []
    told = submit(store).number
    (entry,) = store.claim_due("w", 5)
    store.start_attempt(entry)
    store.mark_delivered(entry)
    store.transfer(told, "koeln", by="operator")
    store.erase("talk")
    pending = [entry for entry in store.case_file(told).outbox if not (entry.delivered_at or entry.cancelled_at)]
    assert [(entry.kind, entry.partner) for entry in pending] == [("erased", "rhein_kreis_neuss")]
    assert pending[0].payload == {"number": told, "language": "ja"}


def test_the_request_to_erase_comes_after_a_notice_under_way(store: CaseStore, clock: Clock) -> None:
    number = submit(store).number
    (entry,) = store.claim_due("w", 5)
    store.start_attempt(entry)
    store.erase("talk")
    assert kinds(store, number, "to_staff") == [("erased", "rhein_kreis_neuss")]
    assert store.claim_due("w2", 5) == []
    store.mark_delivered(entry)
    clock.forward(minutes=2)
    assert [later.kind for later in store.claim_due("w2", 5)] == ["erased"]


def test_nothing_can_be_added_after_erasure(store: CaseStore) -> None:
    number = submit(store).number
    store.erase_case(number)
    assert store.erase_case(number).erased_at is not None
    with pytest.raises(IllegalTransition):
        store.add_note(number, "back again", by="staff:a")
    with pytest.raises(IllegalTransition):
        store.add_staff_message(number, "back again", by="staff:a")
    assert [event.kind for event in store.case_file(number).events].count("erased") == 1


def test_retention_erases_by_the_days_after_closing(store: CaseStore, clock: Clock) -> None:
    old = submit(store).number
    store.close(old, "answered", by="staff:a")
    clock.forward(days=100)
    young = submit(store).number
    store.close(young, "referred", by="staff:a")
    waiting = submit(store).number
    clock.forward(days=266)
    assert store.retention(case_days=365, conversation_days=30) == RetentionCounts(closed_idle=0, erased=1)
    assert store.case(old).close_reason == "answered"
    assert store.case(old).company is None
    assert store.case(young).company == CONTACT.company
    assert store.retention(case_days=365, conversation_days=30) == RetentionCounts(0, 0)
    clock.forward(days=3650)
    store.retention(case_days=365, conversation_days=30)
    # somebody still owes an answer here
    assert store.case(waiting).company == CONTACT.company


def test_retention_closes_what_lies_idle(store: CaseStore, clock: Clock) -> None:
    number = store.record_turn("talk", topic="tax/vat", outcome="answered", language="de")
    clock.forward(days=29)
    assert store.retention(case_days=365, conversation_days=30).closed_idle == 0
    store.record_turn("talk", topic="tax/vat", outcome="answered", language="de")
    clock.forward(days=29)
    assert store.retention(case_days=365, conversation_days=30).closed_idle == 0
    clock.forward(days=2)
    assert store.retention(case_days=365, conversation_days=30) == RetentionCounts(1, 1)
    case = store.case(number)
    assert (case.state, case.close_reason) == ("closed", "idle")
    assert case.conversation_id != "talk"


def test_retention_takes_its_days_from_the_settings(store: CaseStore, clock: Clock) -> None:
    from bot.settings import get_settings

    number = submit(store).number
    store.close(number, "answered", by="staff:a")
    clock.forward(days=get_settings().retention_case_days, seconds=-1)
    assert store.retention().erased == 0
    clock.forward(seconds=2)
    assert store.retention().erased == 1
