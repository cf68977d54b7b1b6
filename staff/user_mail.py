"""Copies for users who agreed to replies by mail: what staff wrote, with the number, to the address they gave."""

import asyncio
import hashlib
from datetime import datetime, timezone
from email.message import EmailMessage
from email.utils import format_datetime

from bot.directory import Directory
from bot.knowledge.wording import Wording
from bot.languages import LANGUAGES
from cases.models import OutboxEntry
from cases.store import CaseStore
from staff.channels import Undeliverable
from staff.postbox import MailServer, send


class UserMail:
    """Sends outbox entries of the direction ``by_mail``."""

    def __init__(
        self, store: CaseStore, directory: Directory, wording: Wording, server: MailServer, sender: str
    ) -> None:
        self._store, self._directory, self._wording = store, directory, wording
        self._server, self._sender = server, sender

    async def deliver(self, entry: OutboxEntry) -> str | None:
        """Send the entry, unless the user has no address any more. Raises ``Undeliverable``."""
        message = await asyncio.to_thread(self.mail, entry)
        if message is None:
            return None
        await asyncio.to_thread(send, self._server, message)
        return str(message["Message-ID"])

    def mail(self, entry: OutboxEntry) -> EmailMessage | None:
        """The entry as a mail in the user's language; None without address or consent."""
        case = self._store.case_by_id(entry.case_id)
        if case is None or not case.email or not case.email_replies or not entry.payload:
            return None
        language = case.language if case.language in LANGUAGES else "en"
        partner = self._directory.partner(entry.partner).name[language]
        message = EmailMessage()
        try:
            message["From"], message["To"] = self._sender, case.email
        except ValueError as error:
            raise Undeliverable("The user's address cannot be written to.", temporary=False) from error
        message["Subject"] = self._wording.text("person_mail_subject", language, number=case.number)
        message["Date"] = format_datetime(datetime.now(timezone.utc))
        mark = hashlib.sha256(entry.key.encode()).hexdigest()[:32]
        message["Message-ID"] = f"<{mark}@{self._sender.rsplit('@', 1)[-1]}>"
        message["Auto-Submitted"] = "auto-generated"
        text = str(entry.payload.get("text") or "").replace("\u2060", "").replace("**", "")
        if entry.payload.get("corrects"):
            text = self._wording.text("person_correction", language, text=text)
        values = {"partner": partner, "number": case.number, "text": text}
        message.set_content(self._wording.text("person_mail_body", language, **values))
        return message
