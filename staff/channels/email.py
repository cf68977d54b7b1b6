"""E-mail, both ways: the case as a mail, staff's answers fetched by IMAP.

Every mail of a case carries its reference in the subject and in its Message-ID, which mail programs repeat when
somebody answers. Mail cannot be sent exactly once: when the connection breaks after a mail was handed over and before
the server said so, it is sent again with the same Message-ID and a sentence that says so.
"""

import asyncio
import hashlib
import imaplib
import logging
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timezone
from email.message import EmailMessage
from email.utils import format_datetime

from staff.channels import DELIVERY_SECONDS, Batch, IncomingMessage, OutgoingNotice
from staff.channels.email_reading import References, read_mail
from staff.postbox import MailServer, send

logger = logging.getLogger(__name__)

POLL_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0
# mails of one look
MOST_AT_ONCE = 50
# bytes; what is larger is skipped
LARGEST_MAIL = 40_000_000


class EmailChannel:
    """Mails to partners' addresses and answers from them. ``addresses``: desk -> addresses, separated by commas."""

    name = "email"
    deduplicates = False

    def __init__(
        self,
        smtp: MailServer,
        imap: MailServer,
        sender: str,
        addresses: Mapping[str, str],
        references: References,
        *,
        most_bytes: int,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.partners = frozenset(addresses)
        self._smtp, self._imap, self._sender, self._references = smtp, imap, sender, references
        self._addresses = {
            partner: frozenset(address.strip().lower() for address in listed.split(",") if address.strip())
            for partner, listed in addresses.items()
        }
        self._most_bytes, self._poll_seconds = most_bytes, poll_seconds

    async def close(self) -> None:
        """Nothing stays open between looks."""

    async def deliver(self, notice: OutgoingNotice) -> str | None:
        """Send the notice as a mail; returns its Message-ID."""
        message = self.mail(notice)
        await asyncio.wait_for(asyncio.to_thread(send, self._smtp, message), DELIVERY_SECONDS)
        return str(message["Message-ID"])

    def mail(self, notice: OutgoingNotice) -> EmailMessage:
        """The notice as a mail, plain text only."""
        reference = self._references.of(notice.case_number, notice.desk)
        domain = self._sender.rsplit("@", 1)[-1]
        mark = hashlib.sha256(notice.key.encode()).hexdigest()[:24]
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = ", ".join(sorted(self._addresses[notice.desk]))
        message["Subject"] = f"{_one_line(notice.title)} [{notice.case_number} #{reference}]"
        message["Date"] = format_datetime(datetime.now(timezone.utc))
        message["Message-ID"] = f"<{notice.case_number}.{reference}.{mark}@{domain}>"
        if notice.thread is not None:
            message["In-Reply-To"] = message["References"] = notice.thread
        # programs that answer mails by themselves leave this one alone (RFC 3834)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(notice.body)
        return message

    async def receive(self, position: str | None) -> AsyncIterator[Batch]:
        """What staff answer. The position is the mailbox's UIDVALIDITY and the last UID that was read."""
        away, pause = False, self._poll_seconds
        while True:
            try:
                messages, new = await asyncio.to_thread(self._look, position)
            except (imaplib.IMAP4.error, OSError) as error:
                level = logging.DEBUG if away else logging.WARNING
                logger.log(level, "The mailbox of staff's answers cannot be read: %s.", type(error).__name__)
                away = True
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            if new != position or away:
                position = new
                yield Batch(tuple(messages), new, recovered=away)
            away, pause = False, self._poll_seconds
            await asyncio.sleep(self._poll_seconds)

    def _look(self, position: str | None) -> tuple[list[IncomingMessage], str]:
        """Read the mails after a position. Raises what imaplib raises."""
        server = self._imap
        with _connection(server) as session:
            session.login(server.user, server.password)
            session.select("INBOX", readonly=True)
            validity = (session.response("UIDVALIDITY")[1][0] or b"0").decode()
            known, _, last = (position or "").partition(":")
            after = int(last) if known == validity and last.isdigit() else 0
            _, found = session.uid("SEARCH", f"UID {after + 1}:*")
            # a range that begins behind the last mail yields the last mail
            uids = [uid for uid in sorted(map(int, (found[0] or b"").split())) if uid > after][:MOST_AT_ONCE]
            messages = []
            for uid in uids:
                _, sizes = session.uid("FETCH", str(uid), "(RFC822.SIZE)")
                size = re.search(rb"RFC822\.SIZE (\d+)", sizes[0] if isinstance(sizes[0], bytes) else b"")
                if size is None or int(size.group(1)) > LARGEST_MAIL:
                    logger.warning("A mail in the mailbox of staff's answers is too large and was left out.")
                    continue
                _, parts = session.uid("FETCH", str(uid), "(BODY.PEEK[])")
                raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
                messages += self._read(raw)
            return messages, f"{validity}:{uids[-1] if uids else after}"

    def _read(self, raw: bytes) -> list[IncomingMessage]:
        try:
            return read_mail(raw, self._references, self._addresses, self._most_bytes)
        except Exception as error:
            # anybody may send a mail that no library can read; those behind it must be read
            logger.warning("A mail in the mailbox of staff's answers cannot be read: %s.", type(error).__name__)
            return []


def _connection(server: MailServer) -> imaplib.IMAP4:
    if server.scheme == "imaps":
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(server.host, server.port, ssl_context=context, timeout=DELIVERY_SECONDS)
    return imaplib.IMAP4(server.host, server.port, timeout=DELIVERY_SECONDS)


def _one_line(text: str) -> str:
    return " ".join(text.split())
