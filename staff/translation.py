"""Machine translation as an option: beside the original, marked as machine-made, never in its way.

A message is delivered as it was written. Afterwards, if its reader's language is another one and a service is set, a
second message brings the translation and the original side by side. A service that fails or is slow costs nothing but
that second message.
"""

import asyncio
import logging
from collections.abc import Callable

import aiohttp

from bot.directory import Directory
from bot.languages import LANGUAGES
from bot.settings import SettingsError
from cases.models import OutboxEntry
from cases.states import CaseLogUnavailable, Direction
from cases.store import CaseStore

logger = logging.getLogger(__name__)

SERVICES = {"libretranslate": "LibreTranslate", "deepl": "DeepL"}


class Translator:
    """``url``: ``libretranslate+https://host`` or ``deepl+https://host``; ``detect`` tells the language of a text."""

    def __init__(
        self,
        store: CaseStore,
        directory: Directory,
        url: str,
        key: str,
        seconds: float,
        detect: Callable[[str], str | None],
    ) -> None:
        kind, _, address = url.partition("+")
        if kind not in SERVICES or not address.startswith(("http://", "https://")):
            raise SettingsError("NRWBOT_TRANSLATION_URL: write libretranslate+https://host or deepl+https://host.")
        self._store, self._directory, self._detect = store, directory, detect
        self._kind, self._address, self._key, self._seconds = kind, address.rstrip("/"), key, seconds

    async def after_delivery(self, entry: OutboxEntry) -> None:
        """Add a translation of a delivered message where its reader has another language. Never raises."""
        try:
            text = str(entry.payload.get("text") or "")
            # reviewed words are in the user's language already, and a topic has its title in each
            if not text or any(entry.payload.get(name) for name in ("prepared", "file", "pressed")):
                return
            target = await asyncio.to_thread(self._reader, entry)
            source = await asyncio.to_thread(self._detect, text)
            if source is None or target is None or source == target:
                return
            translated = await asyncio.wait_for(self._ask(text, source, target), self._seconds)
            await asyncio.to_thread(self._store.add_translation, entry.key, translated, SERVICES[self._kind])
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s was not translated: %s.", entry.key, type(error).__name__)
        except CaseLogUnavailable:
            logger.warning("%s was not translated: the case log is away.", entry.key)

    def _reader(self, entry: OutboxEntry) -> str | None:
        if entry.direction == Direction.TO_STAFF:
            return self._directory.partner_of(entry.partner).notice.language
        case = self._store.case_by_id(entry.case_id)
        return case.language if case is not None and case.language in LANGUAGES else None

    async def _ask(self, text: str, source: str, target: str) -> str:
        headers = {}
        if self._kind == "deepl":
            address = f"{self._address}/v2/translate"
            # DeepL tells American and British English apart only as targets
            wanted = "EN-GB" if target == "en" else target.upper()
            body: dict[str, object] = {"text": [text], "source_lang": source.upper(), "target_lang": wanted}
            headers["Authorization"] = f"DeepL-Auth-Key {self._key}"
        else:
            address = f"{self._address}/translate"
            body = {"q": text, "source": source, "target": target, "format": "text"}
            body |= {"api_key": self._key} if self._key else {}
        async with aiohttp.ClientSession(headers=headers) as session, session.post(address, json=body) as response:
            response.raise_for_status()
            answer = await response.json(content_type=None)
        found = answer["translations"][0]["text"] if self._kind == "deepl" else answer["translatedText"]
        if not isinstance(found, str) or not found.strip():
            raise ValueError("an empty translation")
        return found
