"""E-mail both ways through real servers: the case as a mail, the answer to it, commands, quotes, strangers."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from bot.directory import get_directory
from bot.knowledge.wording import get_wording
from bot.settings import load_settings
from cases.records import Contact
from cases.store import CaseStore
from staff.cards import Cards
from staff.channels.email_reading import References, own_words, read_mail
from staff.cli import make_inbound
from staff.postbox import SMTP_SCHEMES, MailServer
from staff.relay import Relay
from staff.targets import Targets
from staff.user_mail import UserMail
from staff.users import UserChannel
from tests.mail.servers import MailServers
from tests.matrix.conftest import eventually
from tests.staff.conftest import NEUSS
from tests.staff.rasa_double import TOKEN, RasaDouble

CONTACT = Contact("ほしぞら株式会社", "Example Person", "user@example.jp", email_replies=True)
SECRET = "a secret of the tests"


@pytest.fixture
async def relay(
    servers: MailServers, store: CaseStore, rasa: RasaDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Relay]:
    monkeypatch.setattr("staff.channels.email.POLL_SECONDS", 0.2)
    settings = load_settings(
        mail_address="assistant@example.com",
        smtp_url=servers.smtp_url,
        imap_url=servers.imap_url,
        secret_key=SECRET,
        var_dir=tmp_path,
    )
    environment = {"NRWBOT_STAFF_CHANNEL_RHEIN_KREIS_NEUSS": "email:staff@example.de"}
    targets = Targets(get_directory(), tmp_path, environment, settings)
    targets.two_way()[0]._poll_seconds = 0.2  # type: ignore[attr-defined]
    server = MailServer.parse(servers.smtp_url, "test", SMTP_SCHEMES)
    relay = Relay(
        store,
        targets,
        Cards(get_directory(), get_wording()),
        users=UserChannel(store, rasa.url, TOKEN),
        mail=UserMail(store, get_directory(), get_wording(), server, "assistant@example.com").deliver,
        inbound=make_inbound(store),
    )
    running = asyncio.create_task(relay.run())
    yield relay
    relay.stop()
    await running


def parsed(raw: bytes) -> Any:
    return message_from_bytes(raw, policy=policy.default)


def answer(to: Any, text: str, sender: str = "Erika Muster <erika@example.de>", **headers: str) -> EmailMessage:
    """What a mail program makes of an answer: subject, references, quotation."""
    reply = EmailMessage()
    reply["From"], reply["To"] = sender, "assistant@example.com"
    reply["Subject"] = f"AW: {to['Subject']}"
    reply["Message-ID"] = f"<{abs(hash(text))}@example.de>"
    reply["In-Reply-To"] = to["Message-ID"]
    for name, value in headers.items():
        reply[name.replace("_", "-")] = value
    quoted = "\n".join(f"> {line}" for line in to.get_content().splitlines()[:8])
    reply.set_content(f"{text}\n\nAm 23.11.2026 um 10:30 schrieb assistant@example.com:\n{quoted}\n")
    return reply


async def test_a_conversation_by_mail(servers: MailServers, store: CaseStore, relay: Relay, rasa: RasaDouble) -> None:
    number = store.submit(
        "talk", CONTACT, "倉庫を探しています。", language="ja", consent_at=store.clock(), municipality=NEUSS
    ).number
    (raw,) = await eventually(lambda: servers.mails("staff"))
    mail = parsed(raw)
    assert number in mail["Subject"]
    assert "倉庫を探しています。" in mail.get_content()
    await asyncio.to_thread(servers.send, answer(mail, "Guten Tag, gern helfen wir.", Message_Id_X="1"))
    said = await eventually(lambda: len(rasa.said["talk"]) >= 2 and rasa.said["talk"])
    assert said == [("picked_up", ""), ("message", "Guten Tag, gern helfen wir.")]
    # the user agreed to replies by mail
    (copy,) = await eventually(lambda: servers.mails("user"))
    assert "Guten Tag, gern helfen wir." in parsed(copy).get_content()
    assert number in parsed(copy)["Subject"]
    store.add_user_message("talk", "ありがとう")
    mails = await eventually(lambda: len(servers.mails("staff")) >= 3 and servers.mails("staff"))
    assert any("ありがとう" in parsed(each).get_content() for each in mails)
    assert all(parsed(each)["In-Reply-To"] == mail["Message-ID"] for each in mails[1:])
    await asyncio.to_thread(servers.send, answer(mail, "!close answered"))
    await eventually(lambda: store.case(number).close_reason == "answered")


async def test_programs_and_strangers_are_not_staff(
    servers: MailServers, store: CaseStore, relay: Relay, rasa: RasaDouble
) -> None:
    store.submit("talk", CONTACT, "Lager", language="de", consent_at=store.clock(), municipality=NEUSS)
    (raw,) = await eventually(lambda: servers.mails("staff"))
    mail = parsed(raw)
    forged = EmailMessage()
    forged["From"], forged["To"], forged["Subject"] = "erika@example.de", "assistant@example.com", "NRW-AAAA-AAAA-AA"
    forged.set_content("Ich bin es")
    for message in (
        answer(mail, "Ich bin nicht im Büro.", Auto_Submitted="auto-replied"),
        answer(mail, "Ich gehöre nicht dazu.", sender="evil@example.net"),
        forged,
        answer(mail, "Hallo"),
    ):
        await asyncio.to_thread(servers.send, message)
    await eventually(lambda: len(rasa.said["talk"]) >= 2)
    assert rasa.said["talk"] == [("picked_up", ""), ("message", "Hallo")]


# each of them makes Python's own parser raise something that is no error of mail
BROKEN = [b"From: <", b'From: "', b"From: a@[", b"From: erika@example.de\r\nMessage-ID: <"]


async def test_a_mail_that_cannot_be_read_stops_nothing(
    servers: MailServers, store: CaseStore, relay: Relay, rasa: RasaDouble
) -> None:
    store.submit("talk", CONTACT, "Lager", language="de", consent_at=store.clock(), municipality=NEUSS)
    (raw,) = await eventually(lambda: servers.mails("staff"))
    for head in BROKEN:
        await asyncio.to_thread(servers.put, head + b"\r\nTo: assistant@example.com\r\n\r\nHello\r\n")
    unreadable = answer(parsed(raw), "<![x<!--<![CDATA[").as_bytes().replace(b"text/plain", b"text/html")
    await asyncio.to_thread(servers.put, unreadable)
    await asyncio.to_thread(servers.send, answer(parsed(raw), "Hallo"))
    await eventually(lambda: len(rasa.said["talk"]) >= 2)
    assert rasa.said["talk"] == [("picked_up", ""), ("message", "Hallo")]
    # whoever of staff wrote something that could not be read is told that nothing was sent
    mails = await eventually(lambda: (found := servers.mails("staff"))[1:] and found)
    assert any("konnte nicht gelesen werden" in parsed(each).get_content() for each in mails)


async def test_the_mail_server_is_away_for_a_while(
    servers: MailServers, store: CaseStore, relay: Relay, rasa: RasaDouble
) -> None:
    servers.stop_exim()
    number = store.submit("talk", CONTACT, "Lager", language="de", consent_at=store.clock(), municipality=NEUSS).number
    await eventually(store.failing_entries)
    assert "cannot be reached" in (store.failing_entries()[0].last_error or "")
    servers.start_exim()
    (raw,) = await eventually(lambda: servers.mails("staff"))
    assert number in parsed(raw)["Subject"]


@pytest.mark.parametrize(
    "text",
    [
        "Ja, gern.\n\nAm Mo., 23. Nov. 2026 um 10:30 Uhr schrieb Assistent <assistant@example.com>:\n\n> Frage\n> noch",
        "Ja, gern.\n\nOn Mon, Nov 23, 2026 at 10:30 AM Assistant <assistant@example.com> wrote:\n> Question",
        "Ja, gern.\n\n-----Ursprüngliche Nachricht-----\nVon: Assistent <assistant@example.com>\n"
        "Gesendet: Montag, 23. November 2026 10:30\nAn: Erika <erika@example.de>\nBetreff: Neue Anfrage\n\nFrage",
    ],
)
def test_quotations_are_removed(text: str) -> None:
    assert own_words(text) == "Ja, gern."


def test_files_and_signature_pictures() -> None:
    references = References(SECRET)
    number = "NRW-7KQM-4XWD-9H"
    mail = EmailMessage()
    mail["From"], mail["Message-ID"] = "erika@example.de", "<1@example.de>"
    mail["Subject"] = f"Re: x [{number} #{references.of(number, 'koeln')}]"
    mail.set_content("Anbei.")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../../plan.pdf")
    mail.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", disposition="inline", cid="<logo>")
    mail.add_attachment(b"MZ", maintype="application", subtype="pdf", filename="evil.pdf")
    addresses = {"koeln": frozenset({"team@example.de"})}
    found = read_mail(mail.as_bytes(), references, addresses, 1000)
    assert [(each.text, each.file and each.file.name, each.file_problem) for each in found] == [
        ("Anbei.", None, None),
        ("", "plan.pdf", None),
        ("", None, "wrong_type"),
    ]
    assert read_mail(mail.as_bytes(), References("another"), addresses, 1000) == []
