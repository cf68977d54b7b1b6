"""A second turn that only makes sense after the first: a bare aspect, or a bare place (tests/understanding)."""

from typing import Any

import pytest
import yaml

from actions.turn import knowledge
from bot.directory import PLACE_TOPIC, get_directory
from bot.settings import PROJECT_ROOT
from tests.running import Assistant, Chat, Reply

pytestmark = pytest.mark.server

FILE = PROJECT_ROOT / "tests" / "understanding" / "followups.yml"
DIALOGUES: list[dict[str, Any]] = yaml.safe_load(FILE.read_text(encoding="utf-8"))["dialogues"]
KNOWN = yaml.safe_load((FILE.parent / "known_failures.yml").read_text(encoding="utf-8"))["followups"]


def ask(chat: Chat, dialogue: dict[str, Any]) -> None:
    """Ask the first question; where topics are suggested, take the right one, as a user would."""
    reply = chat.say(dialogue["first"])
    if reply.type == "suggestions":
        assert dialogue["topic"] in reply.custom["topics"], reply.custom
        reply = chat.press(knowledge()[dialogue["topic"]].title[dialogue["language"]])
    if dialogue["topic"] != PLACE_TOPIC:
        assert reply.custom["topic"] == dialogue["topic"], reply.custom


def is_about_aspect(reply: Reply, topic: str, name: str) -> bool:
    """Whether a reply tells an aspect of a topic, gives the answer it leads to, or says that it is not known."""
    aspect = knowledge()[topic].aspect(name)
    if aspect is None:
        return reply.type == "out_of_scope" and reply.custom.get("topic") == topic
    if aspect.topic is not None:
        return reply.custom.get("topic") == aspect.topic
    return reply.custom.get("topic") == topic and reply.custom.get("aspect") == name


def is_about_place(reply: Reply, topic: str, ags: str, language: str) -> bool:
    """Whether a reply is about a topic in a place: its local part, or the partner who knows more."""
    answer = knowledge().get(topic)
    partner = get_directory().responsible_partner(ags)
    local = answer.local_part(partner.id, ags) if answer is not None and topic != PLACE_TOPIC else None
    if local is not None:
        return reply.custom.get("topic") == topic and local.text[language] in reply.text
    return reply.type == "directory" and reply.custom.get("municipality") == ags


@pytest.mark.parametrize(
    "dialogue",
    [
        pytest.param(
            each,
            id=f"{each['language']}-{number}",
            # strict: what is mended must leave the list
            marks=[pytest.mark.xfail(reason="known failure", strict=True)] if each["then"] in KNOWN else [],
        )
        for number, each in enumerate(DIALOGUES)
    ],
)
def test_the_second_turn_goes_on_with_the_first(assistant: Assistant, dialogue: dict[str, Any]) -> None:
    language, topic = dialogue["language"], dialogue["topic"]
    chat = Chat(assistant, page_language=language)
    ask(chat, dialogue)
    reply = chat.say(dialogue["then"])
    if dialogue["aspect"]:
        assert is_about_aspect(reply, topic, dialogue["aspect"]), (reply.custom, reply.text[:200])
    if dialogue["place"]:
        ags = get_directory().places(dialogue["place"])[0].ags
        assert is_about_place(reply, topic, ags, language), (reply.custom, reply.text[:200])
