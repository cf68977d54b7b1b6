"""What a channel does with every message before Rasa sees it, and when Rasa stayed silent although it should not."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import OutputChannel, UserMessage

from bot.channels import buttons
from bot.directory import DirectoryError, Partner, get_directory
from bot.knowledge.wording import text as wording_text
from bot.languages import LANGUAGES
from bot.nlu.language import DEFAULT_LANGUAGE, detect
from bot.nlu.text import LONGEST, has_words, normalise, shield

logger = logging.getLogger(__name__)

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
    slots = await _slots_of(conversation_id, agent)
    language = slots["language"]
    if language not in LANGUAGES:
        language = (detect(text) if has_words(text) else None) or DEFAULT_LANGUAGE
    try:
        partner = _partner_in_charge(slots)
        contact = " · ".join(part for part in (partner.phone, partner.email, partner.website) if part)
        line = wording_text("apology", language, partner=partner.name[language], contact=contact)
        custom = {"type": "fault", "language": language, "partner": partner.id}
    except (DirectoryError, KeyError):
        logger.exception("The apology could not be worded.")
        return
    await channel.send_text_message(conversation_id, line)
    await channel.send_custom_json(conversation_id, custom)


async def _slots_of(conversation_id: str, agent: Any) -> dict[str, Any]:
    """What a conversation knows of language and place, None for each while a database is away."""
    names = ("language", "municipality", "place")
    try:
        tracker = await agent.tracker_store.retrieve(conversation_id)
    except Exception:
        logger.warning("The conversation cannot be read; the apology goes without its language and place.")
        tracker = None
    return {name: tracker.get_slot(name) if tracker is not None else None for name in names}


def _partner_in_charge(slots: dict[str, Any]) -> Partner:
    """The partner of the place entered in the form, else of the conversation's place, else the statewide one."""
    directory = get_directory()
    place = slots["place"] if isinstance(slots["place"], dict) else {}
    # municipality keys or ids of partners named as a whole region
    for known in (slots["municipality"], place.get("ags"), place.get("region")):
        if isinstance(known, str) and known in directory.municipalities:
            return directory.responsible_partner(known)
        if isinstance(known, str) and known in directory.partners:
            return directory.partners[known]
    return directory.responsible_partner(None)
