"""What a conversation begins with, and what it keeps over a long pause."""

import pytest

from actions.session import ActionSessionStart
from tests.actions.trio import Conversation


async def begun(conversation: Conversation, **slots: object) -> dict[str, object]:
    conversation.slots = {"language": None, **slots}
    events = await conversation.run(ActionSessionStart(), "greet")
    assert (events[0]["event"], events[-1]["name"]) == ("session_started", "action_listen")
    return {event["name"]: event["value"] for event in events[1:-1]}


async def test_the_page_tells_the_language(conversation: Conversation) -> None:
    page = {"page_language": conversation.language}
    assert await begun(conversation, session_started_metadata=page) == {"language": conversation.language}


@pytest.mark.parametrize("metadata", [None, {}, {"page_language": "fr"}, {"page_language": None}])
async def test_a_page_that_tells_nothing(conversation: Conversation, metadata: object) -> None:
    assert await begun(conversation, session_started_metadata=metadata) == {}


async def test_what_is_kept_over_a_pause(conversation: Conversation) -> None:
    kept = {"language": "ja", "company": "Musterwerk K.K.", "misses": 1.0}
    page = {"page_language": "de"}
    asked = {"requested_slot": "email", "pending": "delete_data", "session_started_metadata": page}
    assert await begun(conversation, **kept, **asked) == kept
