"""Conversations are kept for a while and given to one only."""

import asyncio

from rasa.shared.core.trackers import DialogueStateTracker

from bot.kept import KeptConversations


def tracker(name: str) -> DialogueStateTracker:
    return DialogueStateTracker(name, [])


async def test_whoever_takes_one_has_it_alone() -> None:
    kept, one = KeptConversations(), tracker("one")
    kept.put(one, (7, 1000.0))
    assert kept.take("other") is None
    found = kept.take("one")
    assert found is not None
    assert found[0] is one
    assert found[1] == (7, 1000.0)
    assert kept.take("one") is None


async def test_those_not_used_for_longest_go_first() -> None:
    kept = KeptConversations(most=2)
    for name in ("one", "two"):
        kept.put(tracker(name), (1, 1.0))
    again = kept.take("one")
    assert again is not None
    kept.put(*again)
    kept.put(tracker("three"), (1, 1.0))
    assert kept.take("two") is None
    assert kept.take("one") is not None
    assert kept.take("three") is not None


async def test_none_lies_in_memory_for_long() -> None:
    kept = KeptConversations(seconds=0.0)
    kept.put(tracker("one"), (1, 1.0))
    await asyncio.sleep(0.05)
    assert kept.take("one") is None


async def test_the_time_counts_from_the_latest_turn() -> None:
    kept = KeptConversations(seconds=0.0)
    kept.put(tracker("one"), (1, 1.0))
    # used before its time was up: what was to forget it finds another one
    kept.take("one")
    later = KeptConversations(seconds=60.0)
    later._kept = kept._kept
    later.put(tracker("one"), (2, 2.0))
    await asyncio.sleep(0.05)
    assert later.take("one") is not None
