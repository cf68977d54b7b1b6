"""How many turns the chats of a server take at once, and what is left of one that its user erased."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.lock_store import InMemoryLockStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import SlotSet

import bot.channels.chats
from bot.channels.chats import TURNS_AT_ONCE, Chats
from bot.channels.replay import AsyncMessageStore
from bot.conversations import ConversationStore

DOMAIN = Domain.from_dict({"slots": {"place": {"type": "any", "mappings": [{"type": "custom"}]}}})


class Sockets:
    """Stands for the Socket.IO server; keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any, str]] = []
        self._came = asyncio.Condition()

    async def emit(self, event: str, data: Any, room: str, **_: Any) -> None:
        async with self._came:
            self.sent.append((event, data, room))
            self._came.notify_all()

    async def until(self, count: int, event: str, data: Any) -> None:
        """Wait until the same has been sent so many times."""
        async with self._came:
            await self._came.wait_for(lambda: [sent[:2] for sent in self.sent].count((event, data)) == count)


class Assistant:
    """Answers when it is let; keeps the order in which turns began, and how many there were at once."""

    def __init__(self) -> None:
        self.let, self.full = asyncio.Event(), asyncio.Event()
        self.began: list[str] = []
        self.running = self.most = 0

    async def handle(self, message: UserMessage) -> None:
        self.began.append(message.sender_id)
        self.running += 1
        self.most = max(self.most, self.running)
        if self.running == TURNS_AT_ONCE:
            self.full.set()
        await self.let.wait()
        await message.output_channel.send_response(message.sender_id, {"text": "answer", "custom": {"type": "answer"}})
        self.running -= 1


async def test_turns_wait_in_order_for_a_place_while_messages_are_taken_at_once(tmp_path: Path) -> None:
    sockets, assistant = Sockets(), Assistant()
    store = AsyncMessageStore(f"sqlite:///{tmp_path / 'conversations.db'}")
    chats = Chats(sockets, store, assistant.handle, lambda: None, several_workers=False)  # type: ignore[arg-type]
    names = [f"chat-{number}" for number in range(3 * TURNS_AT_ONCE)]
    for name in names:
        # comes back although the turns before it have not ended
        await chats.accept(name, "sid", "Hallo", {"kind": "text", "text": "Hallo"}, None)
    await assistant.full.wait()
    # everybody sees at once that the assistant is at it
    await sockets.until(len(names), "typing", {"from": "bot", "on": True})
    assert assistant.began == names[:TURNS_AT_ONCE]
    assistant.let.set()
    await sockets.until(len(names), "typing", {"from": "bot", "on": False})
    assert (assistant.began, assistant.most) == (names, TURNS_AT_ONCE)
    answered = [room for event, data, room in sockets.sent if event == "bot_uttered" and data["from"] == "bot"]
    assert sorted(answered) == sorted(names)


async def test_nothing_is_kept_of_a_chat_that_was_erased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bot.channels.chats, "_erase_cases", lambda conversation_id: None)
    database = tmp_path / "conversations.db"
    conversations = ConversationStore(DOMAIN, dialect="sqlite", db=str(database))
    agent = SimpleNamespace(tracker_store=conversations, lock_store=InMemoryLockStore())
    messages = AsyncMessageStore(f"sqlite:///{database}")
    chats = Chats(AsyncMock(), messages, AsyncMock(), lambda: agent, several_workers=False)
    tracker = await conversations.get_or_create_tracker("chat", append_action_listen=False)
    tracker.update(SlotSet("place", "Neuss"))
    await conversations.save(tracker)
    assert await chats.end("chat", "browser", erase=True)
    assert conversations._kept.take("chat") is None
    assert await conversations.retrieve_full_tracker("chat") is None
