"""Conversations are read and written as Rasa's own store does it, and erased when they ask for it."""

from pathlib import Path

import pytest
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, Event, SessionStarted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.conversations import ConversationStore

DOMAIN = Domain.from_dict(
    {
        "intents": ["greet"],
        "slots": {name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("place", "erase")},
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
