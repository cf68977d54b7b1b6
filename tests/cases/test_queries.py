from datetime import timedelta

from cases.records import CaseFilter
from cases.store import CaseStore
from tests.cases.conftest import KOELN, Clock, submit


def ask(store: CaseStore, conversation: str, topic: str | None) -> str:
    return store.record_turn(conversation, topic=topic, outcome="answered", language="de")


def test_filters_and_order(store: CaseStore, clock: Clock) -> None:
    first = ask(store, "a", "tax/vat")
    start = clock.now
    clock.forward(days=1)
    second = submit(store, "b", KOELN).number
    clock.forward(days=1)
    third = ask(store, "c", "tax_free/shopping")
    ask(store, "c", "company/gmbh_formation")

    def numbers(**wanted: object) -> list[str]:
        return [case.number for case in store.query(CaseFilter(**wanted))]  # type: ignore[arg-type]

    assert numbers() == [third, second, first]
    assert numbers(partner="koeln") == [second]
    assert numbers(state="bot") == [third, first]
    assert numbers(topic="tax/vat") == [first]
    # an area, but no area whose name only begins alike
    assert numbers(topic="tax") == [first]
    assert numbers(topic="t_x") == []
    assert numbers(since=start + timedelta(days=1)) == [third, second]
    assert numbers(until=start + timedelta(days=1)) == [first]
    assert numbers(limit=1) == [third]
    assert numbers(partner="koeln", state="closed") == []


def test_topics_once_each_in_order(store: CaseStore) -> None:
    number = ask(store, "a", "tax/vat")
    for topic in ("company/gmbh_formation", None, "tax/vat"):
        ask(store, "a", topic)
    case = store.case(number)
    assert store.topics([case.id, 999]) == {case.id: ["tax/vat", "company/gmbh_formation"], 999: []}


def test_messages_of_a_conversation_without_case(store: CaseStore) -> None:
    assert store.messages("nobody") == []
    assert store.case_by_id(12345) is None
    assert not store.bot_silent("nobody")
