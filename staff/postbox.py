"""The mail server, for sending: addresses of servers as one setting, one message at a time."""

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from bot.settings import SettingsError
from staff.channels import Undeliverable

SECONDS = 30.0
SMTP_SCHEMES = ("smtp", "smtp+starttls", "smtps")
IMAP_SCHEMES = ("imap", "imaps")
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465, "imap": 143, "imaps": 993}


@dataclass(frozen=True)
class MailServer:
    """Where a mail server is, and how to log in; ``user`` is empty where it asks for nothing."""

    scheme: str
    host: str
    port: int
    user: str
    password: str

    @classmethod
    def parse(cls, url: str, setting: str, schemes: tuple[str, ...]) -> "MailServer":
        """Read ``scheme://user:password@host:port``. Raises ``SettingsError``, without the password."""
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
        except (KeyError, ValueError):
            parts, port = urlsplit(""), 0
        if parts.scheme not in schemes or not parts.hostname:
            raise SettingsError(f"{setting}: write {' or '.join(f'{each}://user:password@host' for each in schemes)}.")
        return cls(parts.scheme, parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""))


def send(server: MailServer, message: EmailMessage) -> None:
    """Hand a message to the server. Blocks; raises ``Undeliverable``."""
    handed_over = False
    try:
        if server.scheme == "smtps":
            context = ssl.create_default_context()
            session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
        else:
            session = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
        with session:
            if server.scheme == "smtp+starttls":
                session.starttls(context=ssl.create_default_context())
            if server.user:
                session.login(server.user, server.password)
            handed_over = True
            session.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        raise Undeliverable(
            "The mail server refuses user or password; check NRWBOT_SMTP_URL.", temporary=False
        ) from error
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        lasting = all(code >= 500 for code in codes)
        raise Undeliverable(f"The mail server refuses the recipient ({codes}).", temporary=not lasting) from error
    except smtplib.SMTPResponseException as error:
        lasting = error.smtp_code >= 500
        raise Undeliverable(f"The mail server answered {error.smtp_code}.", temporary=not lasting) from error
    except (smtplib.SMTPException, OSError) as error:
        reason = f"The mail server at {server.host}:{server.port} cannot be reached ({type(error).__name__})."
        raise Undeliverable(reason, uncertain=handed_over) from error
