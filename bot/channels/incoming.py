"""What a channel does with every message before Rasa sees it, and when Rasa stayed silent although it should not."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import OutputChannel, UserMessage

from bot.channels import buttons
from bot.directory import DirectoryError, get_directory
from bot.knowledge.wording import text as wording_text
from bot.nlu.language import DEFAULT_LANGUAGE, LANGUAGES, detect
from bot.nlu.text import has_words, normalise, shield

logger = logging.getLogger(__name__)

LONGEST = 2000  # characters of a typed message
OnNewMessage = Callable[[UserMessage], Awaitable[Any]]


def prepare(text: str, conversation_id: str) -> str:
    """The text to hand to Rasa: the payload of a genuine button, else what was typed, never a command.

    A text that is empty or too long becomes the intent that tells the user so.
    """
    if text.startswith(buttons.TOKEN_PREFIX):
        payload = buttons.redeem(text, conversation_id)
        if payload is not None:
            return payload
    if len(text) > LONGEST:
        return "/too_long"
    if not normalise(text):
        return "/unreadable"
    return shield(text)


def with_tokens(options: list[dict[str, Any]], conversation_id: str) -> list[dict[str, Any]]:
    """Buttons as a channel sends them: each payload replaced by its token."""
    return [
        {**button, "payload": buttons.issue(button["payload"], conversation_id)} if button.get("payload") else button
        for button in options
    ]


async def apologise(channel: OutputChannel, conversation_id: str, text: str, agent: Any) -> None:
    """Tell the user in their language that a part of the assistant is away, and whom they can ask instead."""
    language, place = await _known_of(conversation_id, text, agent)
    try:
        directory = get_directory()
        ags = place[0] if isinstance(place, list) and len(place) == 1 and place[0] in directory.municipalities else None
        partner = directory.responsible_partner(ags)
        contact = " · ".join(part for part in (partner.phone, partner.email, partner.website) if part)
        line = wording_text("apology", language, partner=partner.name[language], contact=contact)
        custom = {"type": "fault", "language": language, "partner": partner.id}
    except (DirectoryError, KeyError):
        logger.exception("The apology could not be worded.")
        return
    await channel.send_text_message(conversation_id, line)
    await channel.send_custom_json(conversation_id, custom)


async def _known_of(conversation_id: str, text: str, agent: Any) -> tuple[str, Any]:
    """Language and place of a conversation as far as they can be told while a database may be away."""
    language, place = None, None
    try:
        tracker = await agent.tracker_store.retrieve(conversation_id)
        if tracker is not None:
            language, place = tracker.get_slot("language"), tracker.get_slot("place")
    except Exception:
        logger.warning("The conversation cannot be read; the apology goes without its language and place.")
    if language not in LANGUAGES:
        language = (detect(text) if has_words(text) else None) or DEFAULT_LANGUAGE
    return language, place
