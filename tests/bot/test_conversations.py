"""Conversations are read and written as Rasa's own store does it, and erased when they ask for it."""

from pathlib import Path

import pytest
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from bot.conversations import ConversationStore, erase_conversation

SLOTS = ("place", "erase", "forget_entries")
DOMAIN = Domain.from_dict(
    {
        "intents": ["greet"],
        "slots": {
            name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("place", "erase", "forget_entries")
        },
    }
)
FIRST = (ActionExecuted("action_session_start"), SessionStarted(), UserUttered("Moin", {"name": "greet"}))
SECOND = (SessionStarted(), UserUttered("Hallo", {"name": "greet"}), SlotSet("place", {"ags": "05114000"}))


def conversation(*events: Event) -> DialogueStateTracker:
    tracker = DialogueStateTracker("chat", DOMAIN.slots)
    for number, event in enumerate(events):
        event.timestamp = 1000.0 + number
        tracker.update(event)
    return tracker


@pytest.fixture
def stores(tmp_path: Path) -> tuple[ConversationStore, SQLTrackerStore]:
    database = str(tmp_path / "conversations.db")
    return ConversationStore(DOMAIN, dialect="sqlite", db=database), SQLTrackerStore(DOMAIN, db=database)


async def test_reads_and_writes_what_rasas_store_does(stores: tuple[ConversationStore, SQLTrackerStore]) -> None:
    for writes, reads in (stores, stores[::-1]):
        tracker = conversation(*FIRST)
        await writes.save(tracker)
        # what is stored is not stored again
        await writes.save(tracker)
        for full in (True, False):
            ours, rasas = [
                await (store.retrieve_full_tracker("chat") if full else store.retrieve("chat")) for store in stores
            ]
            assert ours is not None
            assert rasas is not None
            assert ours.current_state() == rasas.current_state()
            assert [event.as_dict() for event in ours.events] == [event.as_dict() for event in rasas.events]
        assert reads is not writes


async def test_a_conversation_is_that_of_its_latest_session(stores: tuple[ConversationStore, SQLTrackerStore]) -> None:
    ours, rasas = stores
    await rasas.save(conversation(*FIRST))
    kept = await ours.retrieve("chat")
    assert kept is not None
    for number, event in enumerate(SECOND):
        event.timestamp = 2000.0 + number
        kept.update(event)
    await ours.save(kept)
    latest, full = await ours.retrieve("chat"), await ours.retrieve_full_tracker("chat")
    theirs = await rasas.retrieve("chat")
    assert latest is not None
    assert full is not None
    assert theirs is not None
    assert [event.as_dict() for event in latest.events] == [event.as_dict() for event in theirs.events]
    assert len(latest.events) == len(SECOND)
    assert len(full.events) == len(FIRST) + len(SECOND)
    assert latest.get_slot("place") == {"ags": "05114000"}


async def test_erases_what_asks_for_it(stores: tuple[ConversationStore, SQLTrackerStore]) -> None:
    ours, rasas = stores
    tracker = conversation(*FIRST)
    await ours.save(tracker)
    tracker.update(SlotSet("erase", True))
    await ours.save(tracker)
    assert await rasas.retrieve_full_tracker("chat") is None
    assert await ours.retrieve("chat") is None


async def turn_of(store: ConversationStore, *events: Event) -> DialogueStateTracker:
    """A turn of the conversation ``chat`` that has begun before; returns its tracker."""
    tracker = await store.retrieve("chat")
    assert tracker is not None
    for event in events:
        tracker.update(event)
    await store.save(tracker)
    return tracker


async def test_nobody_else_wrote_so_it_is_not_read_again(stores: tuple[ConversationStore, SQLTrackerStore]) -> None:
    ours, rasas = stores
    await ours.save(conversation(*FIRST))
    first = await turn_of(ours, SlotSet("place", {"ags": "05114000"}))
    second = await turn_of(ours, UserUttered("Und Neuss?", {"name": "greet"}))
    assert second is first
    theirs = await rasas.retrieve("chat")
    assert theirs is not None
    assert second.current_state(EventVerbosity.ALL) == theirs.current_state(EventVerbosity.ALL)


async def test_what_another_server_wrote_is_read(stores: tuple[ConversationStore, SQLTrackerStore]) -> None:
    ours, rasas = stores
    await ours.save(conversation(*FIRST))
    first = await turn_of(ours, SlotSet("place", {"ags": "05114000"}))
    theirs = await rasas.retrieve("chat")
    assert theirs is not None
    theirs.update(SlotSet("place", {"ags": "05162024"}))
    await rasas.save(theirs)
    latest = await ours.retrieve("chat")
    assert latest is not None
    assert latest is not first
    assert latest.get_slot("place") == {"ags": "05162024"}


async def test_a_turn_that_failed_leaves_nothing_behind(stores: tuple[ConversationStore, SQLTrackerStore]) -> None:
    ours, _ = stores
    await ours.save(conversation(*FIRST))
    await turn_of(ours, SlotSet("place", {"ags": "05114000"}))
    broken = await ours.retrieve("chat")
    assert broken is not None
    # it is not stored, because the turn ends here
    broken.update(SlotSet("place", None))
    latest = await ours.retrieve("chat")
    assert latest is not None
    assert latest.get_slot("place") == {"ags": "05114000"}


async def test_a_session_that_begins_is_read(stores: tuple[ConversationStore, SQLTrackerStore]) -> None:
    ours, _ = stores
    await ours.save(conversation(*FIRST))
    before = await turn_of(ours, *SECOND)
    after = await turn_of(ours, UserUttered("Hallo", {"name": "greet"}))
    assert after is not before
    assert len(after.events) == len(SECOND) + 1


async def test_what_was_erased_or_forgotten_is_not_kept(stores: tuple[ConversationStore, SQLTrackerStore]) -> None:
    ours, _ = stores
    await ours.save(conversation(*FIRST))
    before = await turn_of(ours, SlotSet("place", {"ags": "05114000"}), SlotSet("forget_entries", True))
    after = await turn_of(ours, UserUttered("Hallo", {"name": "greet"}))
    assert after is not before
    erase_conversation(ours.engine, "chat")
    assert await ours.retrieve("chat") is None
    # reading it let go of what was kept in memory
    assert ours._kept.take("chat") is None
