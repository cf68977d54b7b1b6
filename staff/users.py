"""The way to the user: an outbox entry becomes a turn of the user's conversation, said by the bot's own channel.

The entry is only named (``staff_event`` with kind and key); the action reads it from the case log. So nobody who can
make Rasa believe a message, and no user, can put words into a person's mouth. The action notes the key in the
conversation: an entry that comes again is not said again, and the note is how this module knows that it was said.
"""

import asyncio
import logging
from typing import Any
from urllib.parse import quote

import aiohttp

from cases.models import OutboxEntry
from cases.store import CaseStore
from staff.channels import Undeliverable

logger = logging.getLogger(__name__)

SECONDS = 20.0
SAID_SLOT = "staff_events"


def short_key(key: str) -> str:
    """What the conversation keeps of an entry's key: the part behind the case number."""
    return key.split("/", 1)[1]


class UserChannel:
    """Says outbox entries in the conversations of the Rasa server at ``url``."""

    name = "chat"

    def __init__(self, store: CaseStore, url: str, token: str) -> None:
        self._store, self._url, self._token = store, url.rstrip("/"), token
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, entry: OutboxEntry) -> str | None:
        """Say the entry. Raises ``Undeliverable``."""
        case = await asyncio.to_thread(self._store.case_by_id, entry.case_id)
        if case is None or case.erased_at is not None:
            return None
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))
        event = {"name": "staff_event", "entities": {"kind": entry.kind, "key": entry.key}}
        query = {"output_channel": "webchat", "include_events": "NONE", "token": self._token}
        address = f"{self._url}/conversations/{quote(case.conversation_id, safe='')}/trigger_intent"
        try:
            async with self._session.post(address, params=query, json=event) as response:
                if response.status == 401:
                    raise Undeliverable("The Rasa server refuses the token; check NRWBOT_API_TOKEN.", temporary=False)
                if response.status != 200:
                    raise Undeliverable(f"The Rasa server answered {response.status}.")
                answer: Any = await response.json(content_type=None)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise Undeliverable(f"The Rasa server cannot be reached: {type(error).__name__}.", uncertain=True) from None
        if not said(answer, entry.key):
            raise Undeliverable("The Rasa server took the message but did not say it; is the action server up?")
        return entry.key

    async def reachable(self) -> bool:
        """Whether the Rasa server answers at all."""
        timeout = aiohttp.ClientTimeout(total=2)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(f"{self._url}/") as response:
                return response.status < 500
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
            return False

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()


def said(answer: Any, key: str) -> bool:
    """Whether the conversation, as the Rasa server tells it, holds the entry of this key."""
    slots = (answer.get("tracker") or {}).get("slots") or {} if isinstance(answer, dict) else {}
    return short_key(key) in (slots.get(SAID_SLOT) or [])
