"""Mails of staff as messages: whose case, what they wrote themselves, which files; nothing that a program sent."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses
from html.parser import HTMLParser
from typing import Any

from mailparser_reply import EmailReplyParser

from cases.numbers import normalise_number
from staff.channels import IncomingMessage
from staff.commands import parse
from staff.files import checked

_REFERENCE = re.compile(r"(NRW-[0-9A-Z-]{10,20})[ .#]+([0-9a-f]{20})", re.IGNORECASE)
# what some programs write above what they quote
_DIVIDER = re.compile(r"\n[-_]{3,}[^\n]*\Z")
_PROGRAMS = frozenset({"bulk", "junk", "list", "auto_reply"})
_BLOCKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3"})


class References:
    """What ties a mail to a case and a partner, and cannot be guessed. ``secret`` is the setting ``secret_key``."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    def of(self, number: str, partner: str) -> str:
        """Twenty hexadecimal digits for a case at a partner."""
        return hmac.new(self._secret, f"mail|{number}|{partner}".encode(), hashlib.sha256).hexdigest()[:20]

    def read(self, text: str, partners: Mapping[str, object]) -> tuple[str, str] | None:
        """The case number and the partner of the first genuine reference in a text."""
        for found in _REFERENCE.finditer(text):
            number = normalise_number(found.group(1))
            for partner in partners:
                if number and hmac.compare_digest(self.of(number, partner), found.group(2).lower()):
                    return number, partner
        return None


def read_mail(
    raw: bytes, references: References, addresses: Mapping[str, frozenset[str]], most_bytes: int
) -> list[IncomingMessage]:
    """The messages that a mail holds: its text, then its files. Empty when it is none of staff's.

    ``addresses``: partner -> the addresses of its staff. A mail counts as theirs when it holds the reference of their
    case and comes from one of these addresses or from the same domain.
    """
    mail: Any = message_from_bytes(raw, policy=policy.default)
    if _from_program(mail):
        return []
    senders = [address.lower() for _, address in getaddresses([_header(mail, "From")])]
    heads = " ".join(_header(mail, name) for name in ("Subject", "In-Reply-To", "References"))
    known = references.read(heads, addresses)
    if known is None or len(senders) != 1:
        return []
    number, partner = known
    domains = {address.rsplit("@", 1)[-1] for address in addresses[partner]}
    if senders[0] not in addresses[partner] and senders[0].rsplit("@", 1)[-1] not in domains:
        return []
    message_id = _header(mail, "Message-ID").strip() or hashlib.sha256(raw).hexdigest()
    name = next((name for name, _ in getaddresses([_header(mail, "From")])), "")
    try:
        return _contents(mail, IncomingMessage(number, "", senders[0], message_id, partner, name), most_bytes)
    except Exception:
        # a mail can be broken in more ways than libraries know; staff must hear that nothing was sent
        return [IncomingMessage(number, "", senders[0], message_id, partner, name, file_problem="unreadable")]


def _contents(mail: Any, empty: IncomingMessage, most_bytes: int) -> list[IncomingMessage]:
    """The text of a mail, then its files, each as a message made of ``empty``."""
    found = []
    text = own_words(_text(mail))
    if text:
        found.append(replace(empty, text=text))
    if parse(text) is not None:
        # what comes with a command stays with staff
        return found
    for count, part in enumerate(mail.iter_attachments(), 1):
        if part.get_content_disposition() != "attachment":
            # pictures of signatures and the like
            continue
        content = part.get_payload(decode=True) or b""
        file = checked(part.get_filename() or "", content, most_bytes)
        values: dict[str, Any] = {"file_problem": file} if isinstance(file, str) else {"file": file}
        found.append(replace(empty, external_id=f"{empty.external_id}#{count}", **values))
    return found


def _header(mail: Any, name: str) -> str:
    """A header; empty where it is missing, or broken so that the library stumbles over it."""
    try:
        return str(mail.get(name, ""))
    except Exception:
        return ""


def own_words(text: str) -> str:
    """What somebody wrote themselves, without what they answer and without their signature."""
    reply = EmailReplyParser(languages=["de", "en", "ja"]).parse_reply(text=text.replace("\r\n", "\n"))
    return _DIVIDER.sub("", (reply or "").strip()).strip()


def _from_program(mail: EmailMessage) -> bool:
    """Absence notes, bounces, lists (RFC 3834): answering them would never end."""
    submitted = _header(mail, "Auto-Submitted").split(";")[0].strip().lower()
    precedence = _header(mail, "Precedence").strip().lower()
    bounce = _header(mail, "Return-Path").strip() == "<>"
    return submitted not in ("", "no") or precedence in _PROGRAMS or bounce or "X-Autoreply" in mail


def _text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain", "html"))
    if body is None:
        return ""
    try:
        content = str(body.get_content())
    except (LookupError, UnicodeError):
        content = (body.get_payload(decode=True) or b"").decode("utf-8", "replace")  # type: ignore[union-attr]
    if body.get_content_type() != "text/html":
        return content
    reader = _HtmlText()
    reader.feed(content)
    return re.sub(r"\n{3,}", "\n\n", "".join(reader.parts))


class _HtmlText(HTMLParser):
    """The text of an HTML mail, without quotations, styles and scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._skipping: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in ("blockquote", "style", "script", "head"):
            self._skipping.append(tag)
        elif tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if self._skipping and self._skipping[-1] == tag:
            self._skipping.pop()

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self.parts.append(re.sub(r"\s+", " ", data))
