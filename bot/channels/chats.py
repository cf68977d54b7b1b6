"""The chats of this worker: messages strictly in order, turns one after another, replies stored and then sent."""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from rasa.core.channels.channel import UserMessage
from socketio import AsyncServer
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.incoming import apologise, prepare
from bot.channels.output import CHANNEL, TurnOutput, message_of, user_message
from bot.channels.replay import Accepted, AsyncMessageStore, MessageStore
from bot.conversations import erase_conversation
from bot.knowledge.wording import text as wording_text
from cases.store import open_store

logger = logging.getLogger(__name__)

MOST_WAITING = 20  # messages of one chat
FORM = "handoff_form"
# a message that another worker took so long ago without ending its turn was lost with that worker
LOST_AFTER_SECONDS = 60.0
END_OF_TURN_SECONDS = 30.0
# turns of all chats; more would not be answered sooner, but hold up acknowledgements and the sign of life of every
# connection, and let calls of the action server run into their time limit
TURNS_AT_ONCE = 4

Body = dict[str, Any]
OnNewMessage = Callable[[UserMessage], Awaitable[Any]]


@dataclass
class Chat:
    """One conversation while it is open in this worker. ``lock`` guards the order of what is stored and sent."""

    id: str
    language: str = "en"
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    turns: deque[tuple[int | None, Body]] = field(default_factory=deque)
    worker: "asyncio.Task[None] | None" = None
    # ids of messages that wait here or have their turn
    taken: set[int] = field(default_factory=set)
    browsers: set[str] = field(default_factory=set)
    last_id: int = 0
    ended: bool = False


class Chats:
    """All chats of this worker."""

    def __init__(
        self,
        sio: AsyncServer,
        store: AsyncMessageStore,
        on_new_message: OnNewMessage,
        agent: Callable[[], Any],
        several_workers: bool,
    ) -> None:
        self._sio, self._store, self._on_new_message, self._agent = sio, store, on_new_message, agent
        self._lost_after = LOST_AFTER_SECONDS if several_workers else 0.0
        self._chats: dict[str, Chat] = {}
        # serves in order of asking
        self._places = asyncio.Semaphore(TURNS_AT_ONCE)

    def chat(self, conversation_id: str) -> Chat:
        """The chat of this id, made when it is not open here."""
        return self._chats.setdefault(conversation_id, Chat(conversation_id))

    async def join(self, conversation_id: str, sid: str, last_id: int | None, confirm: Body) -> bool:
        """Let a browser take part: confirm, then replay what it missed. Returns whether anything was ever said."""
        chat = self.chat(conversation_id)
        chat.language = confirm["language"]
        async with chat.lock:
            chat.browsers.add(sid)
            await self._sio.enter_room(sid, conversation_id)
            said = await self._store.call(MessageStore.since, conversation_id, None)
            chat.last_id = max([chat.last_id, *(body["id"] for body in said[-1:])])
            confirm["last_id"] = chat.last_id
            await self._sio.emit("session_confirm", confirm, room=sid)
            for body in said:
                if last_id is None or body["id"] > last_id:
                    await self._sio.emit("bot_uttered", body, room=sid)
            if chat.worker is not None:
                await self._sio.emit("typing", {"from": "bot", "on": True}, room=sid)
            await self._take_lost(chat)
        self._start(chat)
        return bool(said or chat.turns or chat.worker)

    async def leave(self, conversation_id: str, sid: str) -> None:
        """A browser has gone."""
        chat = self._chats.get(conversation_id)
        if chat is not None:
            chat.browsers.discard(sid)
            self._forget(chat)

    def greet(self, conversation_id: str, language: str, metadata: Body) -> None:
        """Let the assistant speak first."""
        chat = self.chat(conversation_id)
        chat.turns.append((None, {"kind": "greet", "language": language, "metadata": metadata}))
        self._start(chat)

    def is_full(self, conversation_id: str) -> bool:
        """Whether so many messages wait that no further one is taken."""
        return len(self.chat(conversation_id).turns) >= MOST_WAITING

    async def accept(self, conversation_id: str, sid: str, text: str, content: Body, client_id: str | None) -> Accepted:
        """Store a user's message, show it in the other tabs, and line it up for its turn.

        ``text`` is what is shown; ``content`` what Rasa gets. Raises ``ConversationEnded``.
        """
        chat = self.chat(conversation_id)
        body = user_message(text, chat.language, client_id)
        # nothing is awaited before the lock, which serves in order of asking: messages stay in the order of arrival
        async with chat.lock:
            accepted = await self._store.call(MessageStore.accept, conversation_id, body, content, client_id)
            if accepted.duplicate:
                await self._take_lost(chat)
            else:
                chat.last_id = accepted.id
                chat.taken.add(accepted.id)
                chat.turns.append((accepted.id, content))
                message = {**body, "id": accepted.id}
                await self._sio.emit("bot_uttered", message, room=conversation_id, skip_sid=sid)
        self._start(chat)
        return accepted

    async def deliver(self, conversation_id: str, utterances: list[Body], handled: int | None = None) -> None:
        """Store what is said to the user and send it to every browser of the conversation."""
        chat = self.chat(conversation_id)
        bodies = []
        for utterance in utterances:
            custom = utterance["custom"]
            chat.language = custom.get("language") or chat.language
        for utterance in utterances:
            if utterance["custom"].get("type") == "typing":
                event = {"from": utterance["custom"].get("from", "person"), "on": bool(utterance["custom"].get("on"))}
                await self._sio.emit("typing", event, room=conversation_id)
            else:
                bodies.append(message_of(utterance, chat.language))
        erased = any(body["custom"].get("erased") for body in bodies)
        async with chat.lock:
            bodies = await self._unsaid(chat, bodies)
            numbers = await self._numbers(chat, bodies, handled, keep=not erased and not chat.ended)
            for number, body in zip(numbers, bodies, strict=True):
                await self._sio.emit("bot_uttered", {**body, "id": number}, room=conversation_id)
        if erased:
            await self._close(chat, "erased")
        self._forget(chat)

    async def end(self, conversation_id: str, sid: str, erase: bool) -> bool:
        """End a conversation at the user's wish; with ``erase`` nothing of it nor of its cases is kept.

        Returns False when the databases did not let it be erased: then it has not ended either.
        """
        chat = self.chat(conversation_id)
        chat.turns.clear()
        if chat.worker is not None:
            await asyncio.wait({chat.worker}, timeout=END_OF_TURN_SECONDS)
        if erase:
            try:
                await asyncio.to_thread(_erase_cases, conversation_id)
                # opens the store, if nothing has done so
                await self._store.call(MessageStore.has_ended, conversation_id)
                async with self._agent().lock_store.lock(conversation_id):
                    await asyncio.to_thread(erase_conversation, self._store.engine, conversation_id)
                    # finds nothing, and lets go of what was kept in memory
                    await self._agent().tracker_store.retrieve(conversation_id)
            except Exception as error:
                logger.error("A conversation could not be erased at its user's wish: %s.", type(error).__name__)
                return False
        await self._close(chat, "erased" if erase else "ended", skip_sid=sid)
        return True

    async def _close(self, chat: Chat, reason: str, skip_sid: str | None = None) -> None:
        chat.ended = True
        await self._store.call(MessageStore.end, chat.id)
        await self._sio.emit("session_closed", {"reason": reason}, room=chat.id, skip_sid=skip_sid)
        await self._sio.close_room(chat.id)
        chat.browsers.clear()
        self._forget(chat)

    async def _unsaid(self, chat: Chat, bodies: list[Body]) -> list[Body]:
        """What has not been said yet; everything while the database is away."""
        if not any(body["custom"].get("key") for body in bodies):
            return bodies
        try:
            return await self._store.call(MessageStore.unsaid, chat.id, bodies)
        except SQLAlchemyError as error:
            logger.error("It is not known whether a message was said before: %s.", type(error).__name__)
            return bodies

    async def _numbers(self, chat: Chat, bodies: list[Body], handled: int | None, keep: bool) -> list[int]:
        """Ids for messages, which are stored unless they are not to be kept or the database is away."""
        numbers: list[int] | None = None
        if keep:
            try:
                numbers = await self._store.call(MessageStore.add, chat.id, bodies, handled)
            except SQLAlchemyError as error:
                logger.error("Replies could not be stored and were only sent: %s.", type(error).__name__)
        if numbers is None:
            first = max(chat.last_id + 1, int(time.time() * 1000))
            numbers = list(range(first, first + len(bodies)))
        chat.last_id = max([chat.last_id, *numbers])
        return numbers

    async def _take_lost(self, chat: Chat) -> None:
        """Line up messages that were stored and then lost with their worker before their turn."""
        for lost in await self._store.call(MessageStore.waiting, chat.id):
            if lost.id not in chat.taken and time.time() - lost.at >= self._lost_after:
                chat.taken.add(lost.id)
                chat.turns.append((lost.id, lost.content))

    def _start(self, chat: Chat) -> None:
        if chat.worker is None and chat.turns:
            chat.worker = asyncio.create_task(self._work(chat))

    async def _work(self, chat: Chat) -> None:
        try:
            while chat.turns:
                number, content = chat.turns.popleft()
                try:
                    await self._turn(chat, number, content)
                except Exception as error:
                    # without the text: logs hold nothing that a user wrote
                    logger.error("A turn of the web chat failed: %s.", type(error).__name__)
                finally:
                    if number is not None:
                        chat.taken.discard(number)
        finally:
            chat.worker = None
            self._forget(chat)

    async def _turn(self, chat: Chat, number: int | None, content: Body) -> None:
        await self._sio.emit("typing", {"from": "bot", "on": True}, room=chat.id)
        async with self._places:
            output = await self._reply(chat, number, content)
        try:
            await self.deliver(chat.id, output.utterances, handled=number)
        finally:
            # after the last message, so that a client knows by it that the reply is complete
            await self._sio.emit("typing", {"from": "bot", "on": False}, room=chat.id)

    async def _reply(self, chat: Chat, number: int | None, content: Body) -> TurnOutput:
        """What is said to a message; an apology when nothing is."""
        output = TurnOutput()
        try:
            text = await self._text(chat, content, output)
            if text is not None:
                metadata = content.get("metadata") or {}
                # the same when the message comes again because this process died in the middle of its turn
                known = f"{chat.id}/{number}" if number is not None else None
                message = UserMessage(text, output, chat.id, input_channel=CHANNEL, message_id=known, metadata=metadata)
                await self._on_new_message(message)
        except Exception as error:
            logger.error("A message could not be handled: %s.", type(error).__name__)
        if not output.utterances:
            await apologise(output, chat.id, str(content.get("text") or ""), self._agent())
        return output

    async def _text(self, chat: Chat, content: Body, output: TurnOutput) -> str | None:
        """What Rasa gets for a message; None when there is nothing for it and ``output`` says why."""
        if content["kind"] == "greet":
            return f"/greet{json.dumps({'language': content['language']})}"
        if content["kind"] == "text":
            return prepare(content["text"], chat.id)
        tracker = await self._agent().tracker_store.retrieve(chat.id)
        if tracker is None or tracker.active_loop_name != FORM:
            words = wording_text("webchat_form_closed", chat.language)
            await output.send_response(chat.id, {"text": words, "custom": {"type": "notice", "from": "system"}})
            return None
        return f"/fill_form{json.dumps(content['values'], ensure_ascii=False)}"

    def _forget(self, chat: Chat) -> None:
        """Keep nothing of a chat that nobody looks at and that has nothing to do."""
        idle = chat.worker is None and not chat.turns and not chat.lock.locked()
        if idle and not chat.browsers and self._chats.get(chat.id) is chat:
            del self._chats[chat.id]


def _erase_cases(conversation_id: str) -> None:
    open_store().erase(conversation_id)
