"""Rasa's REST channel, made safe: typed text is never a command, buttons are tokens, silence becomes an apology."""

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.core.channels.rest import RestInput
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.channels.incoming import apologise, prepare, with_tokens
from bot.settings import get_settings

logger = logging.getLogger(__name__)

LONGEST_SENDER = 128


class TokenCollector(CollectingOutputChannel):
    """Collects the replies of a turn; buttons leave as tokens of this conversation."""

    async def send_text_with_buttons(
        self, recipient_id: str, text: str, buttons: list[dict[str, Any]], **kwargs: Any
    ) -> None:
        await super().send_text_with_buttons(recipient_id, text, with_tokens(buttons, recipient_id), **kwargs)


class SafeRestInput(RestInput):
    """``POST /webhooks/rest/webhook`` with ``{"sender": ..., "message": ...}`` as in Rasa.

    The sender names the conversation, so whoever may call this may speak in any of them: calls need the header
    ``Authorization: Bearer <api_token>``. It serves operators, tests and ``script/chat``; browsers use the web chat.
    """

    @classmethod
    def name(cls) -> str:
        return "rest"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        routes = Blueprint("safe_rest", "safe_rest")

        @routes.route("/", methods=["GET"])
        async def health(_: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @routes.route("/webhook", methods=["POST"])
        async def receive(request: Request) -> HTTPResponse:
            if not _allowed(request):
                return response.json({"error": "Send the header 'Authorization: Bearer <api_token>'."}, status=401)
            body = _json(request)
            sender, text = body.get("sender"), body.get("message")
            if not isinstance(sender, str) or not 0 < len(sender) <= LONGEST_SENDER or not isinstance(text, str):
                return response.json({"error": "Send JSON with 'sender' and 'message', both text."}, status=400)
            metadata = body.get("metadata") if isinstance(body.get("metadata"), dict) else {}
            collector = TokenCollector()
            try:
                await on_new_message(
                    UserMessage(prepare(text, sender), collector, sender, input_channel=self.name(), metadata=metadata)
                )
            except Exception as error:
                # without the text: logs hold nothing that a user wrote
                logger.error("A message could not be handled: %s.", type(error).__name__)
            if not collector.messages:
                await apologise(collector, sender, text, request.app.ctx.agent)
            return response.json(collector.messages)

        return routes


def _allowed(request: Request) -> bool:
    token = get_settings().api_token.get_secret_value()
    given = request.headers.get("authorization", "")
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _json(request: Request) -> dict[str, Any]:
    try:
        body = request.json
    except Exception:
        return {}
    return body if isinstance(body, dict) else {}
