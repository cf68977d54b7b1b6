"""A small real server with the web chat and a scripted assistant instead of a trained one. Started by ``conftest.py``.

What the assistant does depends on the message: ``slow`` takes a while, ``silent`` yields nothing, ``crash`` raises,
``erase`` erases the conversation as the action does, ``form`` opens the handoff form; everything else is said back,
with a button. ``POST /say/<conversation>`` speaks through the channel's output as ``trigger_intent`` does.
"""

import asyncio
import json
import sys
from typing import Any

from rasa.core.channels.channel import UserMessage, register
from rasa.core.lock_store import InMemoryLockStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet, UserUttered
from sanic import Sanic, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.webchat import WebChatInput
from bot.conversations import ConversationStore
from bot.nlu.text import unshield
from bot.settings import get_settings


class ScriptedAgent:
    """Takes messages like Rasa's agent, with Rasa's own tracker store and locks."""

    def __init__(self) -> None:
        # an empty domain stores no slots, so the slot is declared
        domain = Domain.from_dict({"slots": {"erase": {"type": "bool", "mappings": [{"type": "custom"}]}}})
        self.tracker_store = ConversationStore(domain, host=get_settings().tracker_store_url)
        self.lock_store = InMemoryLockStore()

    async def handle_message(self, message: UserMessage) -> None:
        async with self.lock_store.lock(message.sender_id, wait_time_in_seconds=0.05):
            tracker = await self.tracker_store.get_or_create_tracker(message.sender_id)
            tracker.update(UserUttered(message.text, input_channel=message.input_channel, metadata=message.metadata))
            await self._turn(tracker, message)
            await self.tracker_store.save(tracker)

    async def _turn(self, tracker: Any, message: UserMessage) -> None:
        text, say = unshield(message.text or ""), message.output_channel.send_response
        custom: dict[str, Any] = {"type": "answer", "language": "de"}
        if text == "silent":
            return
        if text == "crash":
            raise RuntimeError("an assistant that fails")
        if text.startswith("slow"):
            await asyncio.sleep(0.3)
        if text.startswith("/greet"):
            await say(message.sender_id, {"text": f"Willkommen {text}", "custom": {"type": "smalltalk"}})
            return
        if text == "form":
            tracker.update(ActiveLoop("handoff_form"))
        if text == "erase":
            tracker.update(SlotSet("erase", True))
            custom = {"type": "privacy", "erased": True, "language": "de"}
        if text == "metadata":
            text = json.dumps(message.metadata)
        await say(message.sender_id, {"text": text})
        button = {"title": "Mehr", "payload": '/show_topic{"topic": "tax/vat"}'}
        await say(message.sender_id, {"text": f"end of {text}", "buttons": [button], "custom": custom})


def main() -> None:
    """Serve on 127.0.0.1 at the port of the settings."""
    app = Sanic("chat_process", configure_logging=False)
    app.ctx.agent = ScriptedAgent()
    channel = WebChatInput()
    register([channel], app, "/webhooks/")

    @app.post("/say/<conversation_id>")
    async def say(request: Request, conversation_id: str) -> HTTPResponse:
        output = channel.get_output_channel()
        assert output is not None
        await output.send_response(conversation_id, request.json)
        return response.empty()

    app.run(host="127.0.0.1", port=get_settings().port, access_log=False, debug=False)


if __name__ == "__main__":
    sys.exit(main())
