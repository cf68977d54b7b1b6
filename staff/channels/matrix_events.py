"""Matrix events as messages of staff: which case they belong to, what was edited, taken back or sent as a file."""

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any, Protocol

from staff.channels import IncomingMessage
from staff.files import checked

logger = logging.getLogger(__name__)

_FILES = frozenset({"m.file", "m.image", "m.audio", "m.video"})
REMEMBERED = 5000
# of an event's id, in Matrix's own rules
LONGEST_ID = 255


class Server(Protocol):
    """What is asked of the channel."""

    async def request(self, method: str, path: list[str], body: Any = None, **query: str) -> Any: ...

    async def download(self, server: str, media_id: str) -> bytes | None: ...


class Events:
    """Reads events. ``user`` is the relay's account: what it wrote itself is never a message of staff."""

    def __init__(self, server: Server, user: str, most_bytes: int) -> None:
        self._server, self._user, self._most_bytes = server, user, most_bytes
        self._cases: OrderedDict[str, str | None] = OrderedDict()

    async def read(self, partner: str, room: str, events: list[dict[str, Any]]) -> AsyncIterator[IncomingMessage]:
        """The messages of staff among the events of a partner's room."""
        for event in events:
            if event.get("sender") == self._user or "state_key" in event:
                continue
            try:
                message = await self._read(partner, room, event)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                # anybody in the room may send events that are not as they should be; the others must be read
                logger.warning("An event in the room of %s makes no sense: %s.", partner, type(error).__name__)
                continue
            if message is not None:
                yield message

    async def _read(self, partner: str, room: str, event: dict[str, Any]) -> IncomingMessage | None:
        if event.get("type") == "m.room.redaction":
            return self._retraction(partner, event)
        if event.get("type") == "m.room.message":
            return await self._message(partner, room, event)
        return None

    def _retraction(self, partner: str, event: dict[str, Any]) -> IncomingMessage | None:
        target = event.get("redacts") or event.get("content", {}).get("redacts")
        if not isinstance(target, str):
            return None
        return IncomingMessage(None, "", event["sender"], event["event_id"], partner, kind="retraction", target=target)

    async def _message(self, partner: str, room: str, event: dict[str, Any]) -> IncomingMessage | None:
        content = event.get("content") or {}
        relation = content.get("m.relates_to") or {}
        sender, event_id = event["sender"], event["event_id"]
        name = sender[1:].split(":", 1)[0]
        text = content.get("body")
        if content.get("msgtype") == "m.notice" or not isinstance(text, str):
            # other programs, or a message that was taken back before it was read
            return None
        if relation.get("rel_type") == "m.replace":
            new = (content.get("m.new_content") or {}).get("body")
            if not isinstance(new, str) or not isinstance(relation.get("event_id"), str):
                return None
            target = relation["event_id"]
            return IncomingMessage(None, new, sender, event_id, partner, name, kind="edit", target=target)
        about = (relation.get("m.in_reply_to") or {}).get("event_id")
        root = relation.get("event_id") if relation.get("rel_type") == "m.thread" else about
        if relation.get("is_falling_back"):
            about = None
        number = await self._case_of(room, root) if isinstance(root, str) else None
        if number is None:
            # staff among themselves
            return None
        self._remember(event_id, number)
        values: dict[str, Any] = {}
        if content.get("msgtype") in _FILES:
            file = await self._file(content)
            values = {"file_problem": file} if isinstance(file, str) else {"file": file}
            # with a name of its own the text beside a file is a caption
            text = text if content.get("filename") not in (None, text) else ""
        return IncomingMessage(
            number, _without_quote(text) if about else text, sender, event_id, partner, name, about=about, **values
        )

    async def _case_of(self, room: str, event_id: str) -> str | None:
        """The case to which an event belongs: the card says so itself, everything else by its thread."""
        if event_id in self._cases:
            return self._cases[event_id]
        if not event_id.startswith("$") or len(event_id) > LONGEST_ID:
            # the server would close the connection on a very long one, again and again
            return None
        from staff.channels.matrix import MatrixError

        try:
            event = await self._server.request("GET", ["rooms", room, "event", event_id])
        except MatrixError as error:
            # no such event, or none that could be one; the others are the server's own troubles
            if 400 <= error.status < 500 and error.status not in (401, 429):
                return None
            raise
        content = event.get("content") or {}
        number: str | None = None
        relation = content.get("m.relates_to") or {}
        if event.get("sender") == self._user:
            number = (content.get("nrwbot") or {}).get("case")
        elif relation.get("rel_type") == "m.thread" and relation.get("event_id") != event_id:
            number = await self._case_of(room, str(relation.get("event_id")))
        self._remember(event_id, number)
        return number

    async def _file(self, content: dict[str, Any]) -> Any:
        address = str(content.get("url") or "")
        parts = address.removeprefix("mxc://").split("/")
        if not address.startswith("mxc://") or len(parts) != 2:
            return "unreadable"
        size = (content.get("info") or {}).get("size")
        if isinstance(size, int) and size > self._most_bytes:
            return "too_large"
        from staff.channels.matrix import MatrixError

        try:
            found = await self._server.download(*parts)
        except MatrixError:
            return "unreadable"
        if found is None:
            return "too_large"
        return checked(str(content.get("filename") or content.get("body") or ""), found, self._most_bytes)

    def _remember(self, event_id: str, number: str | None) -> None:
        self._cases[event_id] = number
        while len(self._cases) > REMEMBERED:
            self._cases.popitem(last=False)


def _without_quote(text: str) -> str:
    """A reply's own words: older clients put what they reply to before it, in lines that begin with ``> ``."""
    lines = text.split("\n")
    while lines and lines[0].startswith("> "):
        lines.pop(0)
    return "\n".join(lines).lstrip("\n") or text
