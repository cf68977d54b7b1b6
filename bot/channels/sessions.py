"""Sessions of the web chat: issued and signed by the server, which keeps nothing to verify them.

A token is ``<id>.<issued>.<signature>``: 128 random bits as 32 hexadecimal digits, the second of issue since 1970 in
hexadecimal, and HMAC-SHA256 (RFC 2104) over both and the partner site, cut to 16 bytes. A token of another site, an
altered one and one past its days count as none. Rasa's ``sender_id`` is the id, which alone opens nothing.
"""

import hashlib
import hmac
import re
import secrets
import time

from bot.settings import SettingsError, get_settings

_TOKEN = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{1,12})\.([0-9a-f]{32})", re.ASCII)
_SECONDS_A_DAY = 86400


def new_id() -> str:
    """A conversation's id that nobody can guess: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def issue(conversation_id: str, site: str, now: float | None = None) -> str:
    """The token that opens a conversation on a partner site."""
    issued = f"{int(time.time() if now is None else now):x}"
    return f"{conversation_id}.{issued}.{_signature(conversation_id, issued, site)}"


def verify(token: object, site: str, now: float | None = None) -> str | None:
    """The conversation's id of a genuine token of this site that is not past its days, else None. Never raises."""
    match = _TOKEN.fullmatch(token) if isinstance(token, str) else None
    if match is None:
        return None
    conversation_id, issued, given = match.groups()
    if not hmac.compare_digest(given, _signature(conversation_id, issued, site)):
        return None
    age = (time.time() if now is None else now) - int(issued, 16)
    # the conversation itself is erased after as many days without a message
    return conversation_id if age < get_settings().retention_conversation_days * _SECONDS_A_DAY else None


def digest(conversation_id: str) -> str:
    """What may be kept of an ended conversation: enough to know the id again, not enough to name it."""
    return hashlib.sha256(f"ended\0{conversation_id}".encode()).hexdigest()


def _signature(conversation_id: str, issued: str, site: str) -> str:
    key = get_settings().secret_key.get_secret_value()
    if not key:
        raise SettingsError("secret_key is not set; script/server makes one, or set NRWBOT_SECRET_KEY.")
    message = f"session\0{conversation_id}\0{issued}\0{site}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()[:32]
