"""Tracker, dispatcher and domain: what an action needs to run without a server, over a real case log."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

LISTEN = {"event": "action", "name": "action_listen"}


@dataclass
class Conversation:
    """A conversation as the action server sees it: slots, events, the latest message."""

    language: str = "en"
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    sender: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex}")
    active_loop: str | None = None
    dispatcher: CollectingDispatcher = field(default_factory=CollectingDispatcher)

    async def run(
        self,
        action: Action,
        intent: str,
        text: str = "",
        loop: str | None = None,
        topic: str | None = None,
        further: list[str] | None = None,
        ranking: list[dict[str, Any]] | None = None,
        named: Sequence[tuple[str, Any] | tuple[str, Any, int]] = (),
        **entities: Any,
    ) -> list[dict[str, Any]]:
        """Say something, run an action on it, and keep the slots it sets. Returns the action's events.

        ``further``: topics that the message asks for beside ``topic``; ``ranking``: as the classifier gives it;
        ``named``: entities of which there are several of one kind, with where they begin.
        """
        message: dict[str, Any] = {
            "event": "user",
            "text": text or f"/{intent}",
            "intent": {"name": intent, "confidence": 1.0},
            "entities": [
                {"entity": name, "value": value, "start": start[0] if start else 0}
                for name, value, *start in (*entities.items(), *named)
            ],
            "intent_ranking": ranking or [],
            "metadata": {},
            "message_id": uuid.uuid4().hex,
        }
        if topic:
            area = topic.split("/")[0]
            message["intent"]["name"] = area
            message["response_selector"] = {area: {"response": {"intent_response_key": topic}}}
        if further:
            message["further_topics"] = further
        self.events += [LISTEN, {**message, "timestamp": 0.0}]
        self.dispatcher = CollectingDispatcher()
        slots = {"language": self.language, **self.slots}
        active = {"name": loop} if loop else {}
        tracker = Tracker(self.sender, slots, message, list(self.events), False, None, active, "action_listen")
        done = await action.run(self.dispatcher, tracker, {})
        events = [dict(event) for event in done]
        self.events += [{"event": "action", "name": action.name()}, *events]
        self.slots |= {event["name"]: event["value"] for event in events if event["event"] == "slot"}
        return events

    @property
    def responses(self) -> list[str]:
        """Names of the responses that were sent, None left out."""
        return [message["response"] for message in self.dispatcher.messages if message.get("response")]

    @property
    def custom(self) -> dict[str, Any]:
        """The custom message that was sent last; empty when there is none."""
        sent = [message["custom"] for message in self.dispatcher.messages if message.get("custom")]
        return sent[-1] if sent else {}

    @property
    def payloads(self) -> list[str]:
        return [button["payload"] for message in self.dispatcher.messages for button in message.get("buttons") or []]
