"""Conversations as they were last stored, kept for a short while: the next turn need not read and replay them."""

import asyncio
from collections import OrderedDict

from rasa.shared.core.trackers import DialogueStateTracker

MOST_KEPT = 100  # conversations; one of fifty turns takes about a megabyte
FORGOTTEN_AFTER_SECONDS = 300.0  # what was erased meanwhile is not read again, but must not lie in memory for long

# the last stored event of a conversation, by number and time: another one means that somebody else wrote, too
Mark = tuple[int, float]


class KeptConversations:
    """Trackers by conversation. Whoever takes one has it alone: a turn that fails leaves nothing half-done behind."""

    def __init__(self, most: int = MOST_KEPT, seconds: float = FORGOTTEN_AFTER_SECONDS) -> None:
        self._most, self._seconds = most, seconds
        self._kept: OrderedDict[str, tuple[DialogueStateTracker, Mark]] = OrderedDict()

    def put(self, tracker: DialogueStateTracker, mark: Mark) -> None:
        """Keep a tracker that equals what is stored up to ``mark``."""
        kept = self._kept[tracker.sender_id] = tracker, mark
        self._kept.move_to_end(tracker.sender_id)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        asyncio.get_running_loop().call_later(self._seconds, self._forget, tracker.sender_id, kept)

    def take(self, conversation_id: str) -> tuple[DialogueStateTracker, Mark] | None:
        """The tracker with its mark, which is no longer kept then; None where there is none."""
        return self._kept.pop(conversation_id, None)

    def _forget(self, conversation_id: str, kept: tuple[DialogueStateTracker, Mark]) -> None:
        if self._kept.get(conversation_id) is kept:
            del self._kept[conversation_id]
