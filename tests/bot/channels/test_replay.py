"""What was said is kept, in order, once, and erased with the conversation; on SQLite and PostgreSQL."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from rasa.core.tracker_store import SQLTrackerStore

from bot.channels.replay import ConversationEnded, MessageStore, chat_ended, chat_messages
from bot.conversations import erase_conversation, erase_conversations_before

ANNA, BEN = "a" * 32, "b" * 32


@pytest.fixture
def store(conversations_url: str) -> MessageStore:
    made = MessageStore(conversations_url)
    SQLTrackerStore.Base.metadata.create_all(made.engine)
    return made


def say(text: str) -> dict[str, str]:
    return {"text": text}


def event(store: MessageStore, sender: str, timestamp: float) -> None:
    events = SQLTrackerStore.SQLEvent.__table__
    with store.engine.begin() as connection:
        connection.execute(
            events.insert().values(sender_id=sender, type_name="user", timestamp=timestamp, intent_name="x", data="{}")
        )


def count(store: MessageStore, table: sa.Table) -> int:
    with store.engine.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)


def test_ids_rise_and_what_was_missed_comes_in_order(store: MessageStore) -> None:
    first = store.accept(ANNA, say("1"), {}, "x").id
    later = store.add(ANNA, [say("2"), say("3")])
    assert first < later[0] < later[1]
    assert [body["text"] for body in store.since(ANNA, first)] == ["2", "3"]
    assert [body["id"] for body in store.since(ANNA, None)] == [first, *later]
    assert store.since(BEN, None) == []


def test_a_repetition_is_known_also_to_another_process(store: MessageStore, conversations_url: str) -> None:
    first = store.accept(ANNA, say("1"), {}, "x")
    again = MessageStore(conversations_url).accept(ANNA, say("1"), {}, "x")
    assert (again.id, first.duplicate, again.duplicate) == (first.id, False, True)
    assert not store.accept(BEN, say("1"), {}, "x").duplicate
    assert len(store.since(ANNA, None)) == 1


def test_without_a_client_id_nothing_is_a_repetition(store: MessageStore) -> None:
    assert not store.accept(ANNA, say("1"), {}, None).duplicate
    assert not store.accept(ANNA, say("1"), {}, None).duplicate


def test_a_message_waits_until_its_turn_has_ended(store: MessageStore) -> None:
    number = store.accept(ANNA, say("1"), {"kind": "text", "text": "1"}, "x").id
    assert [(each.id, each.content["text"]) for each in store.waiting(ANNA)] == [(number, "1")]
    store.add(ANNA, [], handled=number)
    assert store.waiting(ANNA) == []


def test_several_workers_give_every_message_its_own_id(store: MessageStore, conversations_url: str) -> None:
    others = [MessageStore(conversations_url) for _ in range(6)]
    with ThreadPoolExecutor(6) as workers:
        jobs = [workers.submit(others[n % 6].add, ANNA, [say(str(n))]) for n in range(120)]
        ids = [number for job in jobs for number in job.result()]
    assert len(set(ids)) == 120
    assert len(store.since(ANNA, None)) == 120


def test_an_ended_conversation_takes_nothing(store: MessageStore) -> None:
    store.end(ANNA)
    store.end(ANNA)
    assert store.has_ended(ANNA)
    assert not store.has_ended(BEN)
    with pytest.raises(ConversationEnded):
        store.accept(ANNA, say("1"), {}, "x")


def test_messages_are_erased_with_their_conversation(store: MessageStore) -> None:
    for sender in (ANNA, BEN):
        event(store, sender, time.time())
        store.add(sender, [say("1")])
    assert erase_conversation(store.engine, ANNA) == 1
    assert store.since(ANNA, None) == []
    assert len(store.since(BEN, None)) == 1


def test_ids_go_on_rising_after_an_erasure(store: MessageStore) -> None:
    before = store.add(ANNA, [say("1")])[0]
    erase_conversation(store.engine, ANNA)
    assert store.add(ANNA, [say("2")])[0] > before - 1


def test_old_conversations_are_erased_with_their_messages(store: MessageStore) -> None:
    now = time.time()
    event(store, ANNA, now - 1000)
    event(store, BEN, now)
    for sender in (ANNA, BEN):
        store.add(sender, [say("1")])
    assert erase_conversations_before(store.engine, now - 500, frozenset()) == 1
    assert store.since(ANNA, None) == []
    assert len(store.since(BEN, None)) == 1


def test_messages_left_without_a_conversation_and_old_endings_are_erased(store: MessageStore) -> None:
    store.add(ANNA, [say("1")])
    store.end(ANNA)
    erase_conversations_before(store.engine, time.time() - 500, frozenset())
    assert (count(store, chat_messages), count(store, chat_ended)) == (1, 1)
    erase_conversations_before(store.engine, time.time() + 500, frozenset())
    assert (count(store, chat_messages), count(store, chat_ended)) == (0, 0)


def test_erasing_works_where_no_chat_ever_was(conversations_url: str) -> None:
    engine = sa.create_engine(conversations_url, future=True)
    SQLTrackerStore.Base.metadata.create_all(engine)
    assert erase_conversation(engine, ANNA) == 0
    assert erase_conversations_before(engine, time.time(), frozenset()) == 0
