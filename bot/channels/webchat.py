"""The web chat: Rasa's Socket.IO channel with signed sessions, replay, allowed origins, limits and strict order.

The protocol is told in ``docs/embedding.md``. Any Socket.IO client of version 4 works; a browser must come from an
origin in ``data/directory/sites.yml``.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from rasa.core.channels.channel import OutputChannel, UserMessage
from rasa.core.channels.socketio import SocketBlueprint, SocketIOInput
from sanic import Blueprint, Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse
from socketio import AsyncRedisManager, AsyncServer

from bot.channels import events, pages, sessions
from bot.channels.buttons import TOKEN_PREFIX, redeem
from bot.channels.chats import Chats
from bot.channels.limits import TokenBuckets, network_address
from bot.channels.output import CHANNEL, DirectOutput
from bot.channels.replay import AsyncMessageStore, ConversationEnded, MessageStore
from bot.channels.sites import Site, get_sites, origin_of
from bot.directory import get_directory
from bot.knowledge.wording import text as wording_text
from bot.nlu.text import LONGEST
from bot.settings import get_settings

logger = logging.getLogger(__name__)

# bytes of one event: several times the longest message, so that one that is too long is told so
LARGEST_EVENT = 100_000
# events of any kind a connection may send: this many at once, then so many a second
EVENTS_AT_ONCE = 60
EVENTS_PER_SECOND = 10.0

Ack = dict[str, Any]
Handler = Callable[..., Awaitable[Ack]]


@dataclass
class Visitor:
    """A connected browser: where it comes from, and the conversation it takes part in."""

    site: Site
    address: str
    language: str
    page: events.Page = field(default_factory=lambda: events.Page(None, None))
    conversation_id: str | None = None

    @property
    def metadata(self) -> dict[str, Any]:
        """What a message of this browser tells Rasa and the case log."""
        return {"site": self.site.id, "page_language": self.page.language, "page_url": self.page.url}


class ChatBlueprint(SocketBlueprint):
    """Attaches Socket.IO and the pages to the server, outside of the channel's own path."""

    def register(self, app: Sanic, options: dict[str, Any]) -> None:
        self.ctx.app_holder.append(app)
        pages.register(app)
        super().register(app, options)


class WebChatInput(SocketIOInput):
    """The channel ``webchat``. Its settings are those of the project; ``credentials.yml`` only names it."""

    def __init__(self) -> None:
        super().__init__(session_persistence=True)
        settings = get_settings()
        self._apps: list[Sanic] = []
        self._visitors: dict[str, Visitor] = {}
        self._store = AsyncMessageStore(settings.tracker_store_url)
        self._own_origins = frozenset({settings.browser_url, origin_of(settings.browser_url)})
        self._trusted_proxies = settings.trusted_proxies
        self._events = TokenBuckets(EVENTS_PER_SECOND, EVENTS_AT_ONCE)
        self._messages = TokenBuckets(settings.chat_messages_per_minute / 60, settings.chat_messages_at_once)
        by_address = settings.chat_address_messages_per_minute
        self._address_messages = TokenBuckets(by_address / 60, by_address)
        by_address = settings.chat_address_sessions_per_hour
        self._address_sessions = TokenBuckets(by_address / 3600, by_address)
        self._chats: Chats | None = None
        # a wrong file stops the start, not the first visitor
        get_sites()

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "WebChatInput":
        return cls()

    def get_output_channel(self) -> OutputChannel | None:
        """For what comes without a turn of the user: ``trigger_intent?output_channel=webchat``."""
        return None if self._chats is None else DirectOutput(self._chats.deliver)

    @property
    def chats(self) -> Chats:
        """The chats of this worker."""
        assert self._chats is not None, "the blueprint has not been made yet"
        return self._chats

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        redis_url = get_settings().redis_url
        sio = AsyncServer(
            async_mode="sanic",
            cors_allowed_origins=_is_known,
            cors_credentials=False,
            max_http_buffer_size=LARGEST_EVENT,
            client_manager=AsyncRedisManager(redis_url, channel="nrwbot-chat") if redis_url else None,
        )
        self.sio = sio
        self._chats = Chats(sio, self._store, on_new_message, lambda: self._apps[-1].ctx.agent, bool(redis_url))
        routes = ChatBlueprint(sio, self.socketio_path, "webchat", __name__)
        routes.ctx.app_holder = self._apps

        @routes.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        sio.on("connect", self._connect)
        sio.on("disconnect", self._disconnect)
        sio.on("session_request", self._guarded(self._session_request))
        sio.on("user_uttered", self._guarded(self._user_uttered))
        sio.on("form_submit", self._guarded(self._form_submit))
        sio.on("end_session", self._guarded(self._end_session))
        sio.on("typing", self._guarded(self._typing))
        return routes

    async def _connect(self, sid: str, environ: Any = None, *_: Any) -> bool:
        # a client may send an event of this name; only the server has a request to hand over
        request = environ.get("sanic.request") if isinstance(environ, dict) else None
        if not isinstance(request, Request):
            return False
        site = get_sites().of_origin(request.headers.get("origin"))
        if site is None:
            return False
        address = network_address(request.headers, request.ip, self._trusted_proxies)
        self._visitors[sid] = Visitor(site, address, site.default_language)
        return True

    async def _disconnect(self, sid: str, *_: Any) -> None:
        visitor = self._visitors.pop(sid, None)
        if visitor is not None and visitor.conversation_id is not None:
            await self.chats.leave(visitor.conversation_id, sid)

    def _guarded(self, handler: Handler) -> Handler:
        """An event handler that takes whatever arguments are sent, never raises and always acknowledges."""

        @wraps(handler)
        async def guarded(sid: str, *arguments: Any) -> Ack:
            visitor = self._visitors.get(sid)
            if visitor is None:
                return {"status": "no_session"}
            if not self._events.take(sid):
                return _refusal("too_fast", visitor)
            try:
                return await handler(sid, visitor, arguments[0] if arguments else None)
            except ConversationEnded:
                visitor.conversation_id = None
                return _refusal("no_session", visitor)
            except Exception as error:
                # without the text: logs hold nothing that a user wrote
                logger.error("An event of the web chat could not be handled: %s.", type(error).__name__)
                return _refusal("fault", visitor)

        return guarded

    async def _session_request(self, sid: str, visitor: Visitor, data: Any) -> Ack:
        site = visitor.site
        visitor.page = events.Page.of(data, site, self._own_origins if site.id == get_sites().own.id else frozenset())
        fallback = visitor.page.language or site.default_language
        visitor.language = events.language_of(events.field(data, "language"), fallback)
        if events.field(data, "consent") is not True:
            return _refusal("no_consent", visitor)
        conversation_id = sessions.verify(events.field(data, "session"), site.id)
        if conversation_id is not None:
            ended: bool = await self._store.call(MessageStore.has_ended, conversation_id)
            conversation_id = None if ended else conversation_id
        resumed = conversation_id is not None
        if conversation_id is None:
            if not self._address_sessions.take(visitor.address):
                return _refusal("too_fast", visitor, "too_many_chats")
            conversation_id = sessions.new_id()
        if visitor.conversation_id not in (None, conversation_id):
            await self.sio.leave_room(sid, visitor.conversation_id)
            await self.chats.leave(visitor.conversation_id, sid)
        visitor.conversation_id = conversation_id
        confirm = {
            "session": sessions.issue(conversation_id, site.id),
            "resumed": resumed,
            "language": visitor.language,
            "site": _site_for_widget(site),
            "limits": {"text": LONGEST},
        }
        last_id = events.last_id_of(events.field(data, "last_id")) if resumed else None
        if not await self.chats.join(conversation_id, sid, last_id, confirm):
            self.chats.greet(conversation_id, visitor.language, visitor.metadata)
        return {"status": "ok", **confirm}

    async def _user_uttered(self, sid: str, visitor: Visitor, data: Any) -> Ack:
        text = events.field(data, "message")
        text = events.clean(text) if isinstance(text, str) else ""
        if refusal := self._refused(visitor):
            return refusal
        assert visitor.conversation_id is not None
        pressed = text.startswith(TOKEN_PREFIX) and redeem(text, visitor.conversation_id) is not None
        if len(text) > LONGEST and not pressed:
            return _refusal("too_long", visitor)
        shown = events.title_of(events.field(data, "title")) if pressed else text
        content = {"kind": "text", "text": text, "metadata": visitor.metadata}
        return await self._accept(sid, visitor, data, shown, content)

    async def _form_submit(self, sid: str, visitor: Visitor, data: Any) -> Ack:
        if refusal := self._refused(visitor):
            return refusal
        values = events.values_of(events.field(data, "values"))
        if events.field(data, "form") != "handoff" or values is None:
            return _refusal("fault", visitor)
        if any(len(value) > LONGEST for value in values.values()):
            return _refusal("too_long", visitor)
        # what was entered is personal data: the history shows that the form was sent, not what it held
        shown = wording_text("webchat_form_sent", visitor.language)
        return await self._accept(
            sid, visitor, data, shown, {"kind": "form", "values": values, "metadata": visitor.metadata}
        )

    async def _accept(self, sid: str, visitor: Visitor, data: Any, shown: str, content: dict[str, Any]) -> Ack:
        assert visitor.conversation_id is not None
        client_id = events.client_id_of(events.field(data, "client_id"))
        accepted = await self.chats.accept(visitor.conversation_id, sid, shown, content, client_id)
        return {"status": "duplicate" if accepted.duplicate else "ok", "id": accepted.id}

    async def _end_session(self, sid: str, visitor: Visitor, data: Any) -> Ack:
        conversation_id = visitor.conversation_id
        if conversation_id is None:
            return _refusal("no_session", visitor)
        if not await self.chats.end(conversation_id, sid, erase=events.field(data, "erase") is True):
            return _refusal("fault", visitor)
        for other in self._visitors.values():
            if other.conversation_id == conversation_id:
                other.conversation_id = None
        return {"status": "ok"}

    async def _typing(self, sid: str, visitor: Visitor, data: Any) -> Ack:
        # taken so that clients may send it; nobody is told yet
        return {"status": "ok"}

    def _refused(self, visitor: Visitor) -> Ack | None:
        """Why a message is not taken, None when it is."""
        if visitor.conversation_id is None:
            return _refusal("no_session", visitor)
        # both are asked, so that a chat over its own limit counts for its address as well
        own = self._messages.take(visitor.conversation_id)
        if not self._address_messages.take(visitor.address) or not own:
            return _refusal("too_fast", visitor)
        return _refusal("too_fast", visitor) if self.chats.is_full(visitor.conversation_id) else None


def _is_known(origin: str | None) -> bool:
    return get_sites().of_origin(origin) is not None


def _refusal(status: str, visitor: Visitor, words: str | None = None) -> Ack:
    return {"status": status, "text": wording_text(f"webchat_{words or status}", visitor.language, most=LONGEST)}


def _site_for_widget(site: Site) -> dict[str, Any]:
    partner = get_directory().partner(site.partner)
    return {
        "id": site.id,
        "partner": partner.id,
        "partner_name": dict(partner.name),
        "look": dict(site.look),
        "texts": dict(site.texts),
    }
