"""Buttons as tokens: a payload works only if the bot sent it, and only in the conversation it was sent in.

A token is ``~<payload>.<signature>``, both base64url; the signature is HMAC-SHA256 (RFC 2104) over the
conversation's id and the payload, cut to 16 bytes. Nothing has to be stored, so a button still works after a restart.
"""

import base64
import binascii
import hashlib
import hmac

from bot.settings import SettingsError, get_settings

TOKEN_PREFIX = "~"  # noqa: S105 - not a secret
_SIGNATURE_BYTES = 16


def issue(payload: str, conversation_id: str) -> str:
    """The token for a payload such as ``/show_topic{"topic": "tax/vat"}``."""
    return f"{TOKEN_PREFIX}{_encode(payload.encode())}.{_encode(_signature(payload, conversation_id))}"


def redeem(token: str, conversation_id: str) -> str | None:
    """The payload of a token that the bot issued in this conversation, else None."""
    payload, _, signature = token.removeprefix(TOKEN_PREFIX).partition(".")
    if not token.startswith(TOKEN_PREFIX) or not signature:
        return None
    try:
        text = _decode(payload).decode()
        given = _decode(signature)
    except (binascii.Error, ValueError):
        return None
    return text if hmac.compare_digest(given, _signature(text, conversation_id)) else None


def _signature(payload: str, conversation_id: str) -> bytes:
    key = get_settings().secret_key.get_secret_value()
    if not key:
        raise SettingsError("secret_key is not set; script/server makes one, or set NRWBOT_SECRET_KEY.")
    message = f"button\0{conversation_id}\0{payload}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).digest()[:_SIGNATURE_BYTES]


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decode(value: str) -> bytes:
    return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)
