"""Slack, both ways over Socket Mode: one channel for each partner, one thread for each case.

Slack has no transaction ids: the key travels as message metadata, and before a message is sent again the thread is
asked whether it is there. What is sent is escaped and carries no markup, so nothing that a user writes can ring
anybody. Tested against a local stand-in of Slack's API, not against Slack itself.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from staff.channels import DELIVERY_SECONDS, Batch, IncomingMessage, OutgoingNotice, Undeliverable
from staff.commands import parse
from staff.files import checked

logger = logging.getLogger(__name__)

EVENT_TYPE = "nrwbot_entry"
# Slack cuts longer texts
LONGEST_TEXT = 3500
PAUSE_SECONDS = 2.0
# edits and deletions come as messages of these kinds; joins and topics as others
_KINDS = frozenset({None, "file_share", "message_changed", "message_deleted", "thread_broadcast"})
_TEMPORARY = frozenset({"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"})


class SlackChannel:
    """The Slack channels of all partners that use Slack. ``channels``: desk -> id of the Slack channel."""

    name = "slack"
    deduplicates = True

    def __init__(
        self,
        bot_token: str,
        app_token: str,
        channels: Mapping[str, str],
        *,
        most_bytes: int,
        url: str = AsyncWebClient.BASE_URL,
    ) -> None:
        self.partners = frozenset(channels)
        self._channels, self._partners = dict(channels), {channel: partner for partner, channel in channels.items()}
        self._bot_token, self._app_token, self._url, self._most_bytes = bot_token, app_token, url, most_bytes
        self._web: AsyncWebClient | None = None
        self._socket: SocketModeClient | None = None
        self._events: asyncio.Queue[tuple[dict[str, Any], asyncio.Future[bool]]] = asyncio.Queue()

    @property
    def web(self) -> AsyncWebClient:
        """The web API; opened inside the event loop."""
        if self._web is None:
            # the library would send again by itself what may have arrived
            self._web = AsyncWebClient(
                self._bot_token, base_url=self._url, timeout=int(DELIVERY_SECONDS) - 5, retry_handlers=[]
            )
        return self._web

    async def close(self) -> None:
        """Let go of the connection."""
        if self._socket is not None:
            await self._socket.close()  # type: ignore[no-untyped-call]

    async def deliver(self, notice: OutgoingNotice) -> str | None:
        """Post the card, or what follows it in its thread; returns Slack's time stamp of it."""
        channel = self._channels[notice.desk]
        text = f"{notice.title}\n\n{notice.body}" if notice.thread is None else notice.body
        parts = [text[start : start + LONGEST_TEXT] for start in range(0, len(text), LONGEST_TEXT)] or [""]
        try:
            there = await self._sent(channel, notice)
            first = notice.thread
            for number, part in enumerate(parts):
                key = notice.key if number == 0 else f"{notice.key}#{number + 1}"
                stamp = there.get(key) or await self._post(channel, first, part, key, notice.case_number)
                first = first or stamp
                if number == 0:
                    external_id = stamp
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            temporary = code in _TEMPORARY or error.response.status_code in (429, 500, 502, 503)
            reason = f"Slack refused a message for {notice.desk}: {code or error.response.status_code}."
            raise Undeliverable(reason, temporary=temporary) from None
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            raise Undeliverable(f"Slack cannot be reached ({type(error).__name__}).", uncertain=True) from None
        return external_id

    async def _post(self, channel: str, thread: str | None, text: str, key: str, number: str) -> str:
        answer = await self.web.chat_postMessage(
            channel=channel,
            text=_escaped(text),
            thread_ts=thread,
            mrkdwn=False,
            parse="none",
            link_names=False,
            unfurl_links=False,
            unfurl_media=False,
            metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key, "case": number}},
        )
        return str(answer["ts"])

    async def _sent(self, channel: str, notice: OutgoingNotice) -> dict[str, str]:
        """Key -> time stamp of what the relay has posted, asked only when an earlier attempt may have arrived."""
        if not notice.attempted:
            return {}
        if notice.thread is None:
            oldest = str(notice.created_at.timestamp() - 60)
            answer = await self.web.conversations_history(
                channel=channel, oldest=oldest, limit=200, include_all_metadata=True
            )
        else:
            answer = await self.web.conversations_replies(
                channel=channel, ts=notice.thread, limit=1000, include_all_metadata=True
            )
        found = {}
        for message in answer.get("messages") or []:
            metadata = message.get("metadata") or {}
            if metadata.get("event_type") == EVENT_TYPE and message.get("bot_id"):
                found[str(metadata["event_payload"]["key"])] = str(message["ts"])
        return found

    async def receive(self, position: str | None) -> AsyncIterator[Batch]:
        """What staff write. Slack is told that an event was taken after it was acted on; else it sends it again."""
        await self._connect()
        while True:
            event, done = await self._events.get()
            try:
                messages = await self._messages(event)
            except (SlackApiError, aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                logger.warning("An event of Slack could not be read: %s.", type(error).__name__)
                done.set_result(False)
                continue
            except Exception as error:
                # it would make no more sense when it came again
                logger.warning("An event of Slack makes no sense: %s.", type(error).__name__)
                done.set_result(True)
                continue
            if messages:
                yield Batch(tuple(messages), "")
            if not done.done():
                done.set_result(True)

    async def _connect(self) -> None:
        away = False
        while True:
            self._socket = SocketModeClient(
                app_token=self._app_token,
                web_client=AsyncWebClient(base_url=self._url, timeout=20),
                ping_interval=10,
            )
            self._socket.socket_mode_request_listeners.append(self._listen)
            try:
                await self._socket.connect()  # type: ignore[no-untyped-call]
            except (SlackApiError, aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
                level = logging.DEBUG if away else logging.WARNING
                logger.log(level, "Slack cannot be reached: %s. Trying again.", type(error).__name__)
                away = True
                await self.close()
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                return

    async def _listen(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if request.type == "events_api":
            done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            await self._events.put((request.payload.get("event") or {}, done))
            if not await done:
                return
        await client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    async def _messages(self, event: dict[str, Any]) -> list[IncomingMessage]:
        """What an event says: a change of an earlier message, or a text with its files."""
        partner = self._partners.get(str(event.get("channel")))
        kind = event.get("subtype")
        if event.get("type") != "message" or partner is None or kind not in _KINDS:
            return []
        if kind in ("message_changed", "message_deleted"):
            old = event.get("previous_message") or {}
            new = event.get("message") or {}
            if old.get("bot_id") or new.get("bot_id"):
                return []
            target = f"{event['channel']}/{old.get('ts')}"
            identity = f"{event['channel']}/{event.get('event_ts') or event.get('ts')}"
            if kind == "message_deleted":
                who = str(old.get("user"))
                return [IncomingMessage(None, "", who, identity, partner, kind="retraction", target=target)]
            if old.get("text") == new.get("text"):
                # a link was unfurled, or somebody answered
                return []
            text = _plain(str(new.get("text") or ""))
            return [IncomingMessage(None, text, str(new.get("user")), identity, partner, kind="edit", target=target)]
        thread = event.get("thread_ts")
        if event.get("bot_id") or not thread or thread == event.get("ts"):
            return []
        number = await self._case_of(str(event["channel"]), str(thread))
        if number is None:
            return []
        identity, who = f"{event['channel']}/{event['ts']}", str(event.get("user"))
        text = _plain(str(event.get("text") or ""))
        shared = event.get("files") or []
        if not shared or parse(text) is not None:
            # what comes with a command stays with staff
            return [IncomingMessage(number, text, who, identity, partner)]
        found = []
        for count, each in enumerate(shared):
            file = await self._file(each)
            values: dict[str, Any] = {"file_problem": file} if isinstance(file, str) else {"file": file}
            key = f"{identity}#{count}" if count else identity
            found.append(IncomingMessage(number, "" if count else text, who, key, partner, **values))
        return found

    async def _case_of(self, channel: str, thread: str) -> str | None:
        answer = await self.web.conversations_replies(channel=channel, ts=thread, limit=1, include_all_metadata=True)
        root = (answer.get("messages") or [{}])[0]
        metadata = root.get("metadata") or {}
        if not root.get("bot_id") or metadata.get("event_type") != EVENT_TYPE:
            return None
        return str(metadata["event_payload"]["case"])

    async def _file(self, file: Mapping[str, Any]) -> Any:
        if int(file.get("size") or 0) > self._most_bytes:
            return "too_large"
        address = str(file.get("url_private_download") or file.get("url_private"))
        if file.get("is_external") or not self._is_slacks(address):
            # the token is for Slack alone
            return "unreadable"
        headers = {"Authorization": f"Bearer {self._bot_token}"}
        async with (
            aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(total=DELIVERY_SECONDS)) as session,
            session.get(address) as response,
        ):
            if response.status != 200:
                return "unreadable"
            content = await response.content.read(self._most_bytes + 1)
        return checked(str(file.get("name") or ""), content, self._most_bytes)

    def _is_slacks(self, address: str) -> bool:
        """Whether a file lies where Slack keeps files, or at the API's own address."""
        parts, own = urlsplit(address), urlsplit(self._url)
        host = parts.hostname or ""
        slack = parts.scheme == "https" and (host == "slack.com" or host.endswith(".slack.com"))
        return slack or (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


def _escaped(text: str) -> str:
    """Text as Slack wants it: its three signs of control escaped."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
