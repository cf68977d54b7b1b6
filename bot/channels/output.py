"""What Rasa says, as messages of the web chat: one for each text, with its buttons and ``custom``."""

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timezone
from typing import Any

from rasa.core.channels.channel import OutputChannel

from bot.channels.incoming import with_tokens
from bot.directory import get_directory

CHANNEL = "webchat"
Body = dict[str, Any]
Deliver = Callable[[str, list[Body]], Awaitable[None]]
_INTENT = re.compile(r"/([A-Za-z0-9_]+)")
SPEAKERS = frozenset({"bot", "person", "system"})


class TurnOutput(OutputChannel):
    """Collects what a turn says in ``utterances``, as :func:`message_of` wants it."""

    def __init__(self) -> None:
        self.utterances: list[Body] = []

    @classmethod
    def name(cls) -> str:
        return CHANNEL

    async def send_response(self, recipient_id: str, message: Body) -> None:
        """Take one of Rasa's messages. A ``custom`` without text joins the text before it, if that has none."""
        text = str(message.get("text") or "").strip()
        options = buttons_of(message.get("buttons") or message.get("quick_replies") or [], recipient_id)
        custom = message.get("custom") or {}
        last = self.utterances[-1] if self.utterances else None
        if not text and not options and last is not None and not last["custom"]:
            last["custom"] = custom
        elif text or options or custom:
            self.utterances.append({"text": text, "buttons": options, "custom": custom})

    async def send_text_message(self, recipient_id: str, text: str, **kwargs: Any) -> None:
        await self.send_response(recipient_id, {"text": text})

    async def send_text_with_buttons(
        self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        await self.send_response(recipient_id, {"text": text, "buttons": buttons})

    async def send_custom_json(self, recipient_id: str, json_message: Body, **kwargs: Any) -> None:
        await self.send_response(recipient_id, {"custom": json_message})

    async def send_image_url(self, recipient_id: str, image: str, **kwargs: Any) -> None:
        """Images are told as a link: the chat loads nothing from elsewhere."""
        await self.send_response(recipient_id, {"text": image})

    async def send_attachment(self, recipient_id: str, attachment: Any, **kwargs: Any) -> None:
        await self.send_response(recipient_id, {"text": str(attachment)})

    async def send_elements(self, recipient_id: str, elements: Iterable[dict[str, Any]], **kwargs: Any) -> None:
        for element in elements:
            await self.send_response(recipient_id, {"text": element.get("title"), "buttons": element.get("buttons")})


class DirectOutput(TurnOutput):
    """Delivers each message at once: for what comes without a turn of the user, such as a reply of staff."""

    def __init__(self, deliver: Deliver) -> None:
        super().__init__()
        self._deliver = deliver

    async def send_response(self, recipient_id: str, message: Body) -> None:
        self.utterances = []
        await super().send_response(recipient_id, message)
        await self._deliver(recipient_id, self.utterances)


def buttons_of(options: Iterable[dict[str, Any]], conversation_id: str) -> list[Body]:
    """Buttons as browsers get them: title, token, and the name of the intent, so that each can find its place."""
    named = []
    for option in options:
        match = _INTENT.match(str(option.get("payload") or ""))
        shown = {"title": str(option.get("title") or ""), "payload": option.get("payload")}
        named.append({**shown, "intent": match.group(1) if match else ""})
    return with_tokens(named, conversation_id)


def message_of(utterance: Body, language: str) -> Body:
    """The event ``bot_uttered`` without its id. ``custom.from``: who speaks; ``custom.partner``: of which partner."""
    custom = utterance["custom"]
    spoken = custom.get("language") or language
    speaker = custom.get("from") if custom.get("from") in SPEAKERS else "bot"
    body = {
        "from": speaker,
        "text": utterance["text"],
        "language": spoken,
        "buttons": utterance["buttons"],
        "custom": custom,
        "at": now(),
    }
    partners = get_directory().partners
    if speaker == "person" and custom.get("partner") in partners:
        body["partner"] = custom["partner"]
        body["partner_name"] = partners[custom["partner"]].name.get(spoken, "")
    return body


def user_message(text: str, language: str, client_id: str | None) -> Body:
    """The event that tells the other tabs, and a replay, what the user said."""
    body = {"from": "user", "text": text, "language": language, "buttons": [], "custom": {}, "at": now()}
    return {**body, "client_id": client_id} if client_id else body


def now() -> str:
    """The time as ISO 8601, in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
