"""What goes from staff to the user: their own words, made harmless, and files as links."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.directory import Directory, Partner, is_second_contact
from bot.knowledge.wording import Wording
from cases.models import Case
from cases.records import Receipt, StaffFile
from cases.store import CaseStore
from staff.channels import IncomingMessage

# joins words without showing; put inside Markdown, it is not Markdown any more
_JOINER = "\u2060"
_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True)
class Context:
    """One message of staff: on which case, from whom, through which channel."""

    store: CaseStore
    case: Case
    partner: Partner
    channel: str
    message: IncomingMessage
    by: str
    directory: Directory
    wording: Wording

    @property
    def language(self) -> str:
        """The staff's language."""
        return self.partner.notice.language

    def receipt(self, reply: str | None = None, **values: object) -> Receipt:
        """What makes the change happen once, and what staff are told of it."""
        return Receipt(self.channel, self.message.external_id, self.message.partner, reply, values)

    def words(self, name: str, **values: object) -> str:
        """A text for staff, in their language."""
        return self.wording.text(f"staff_{name}", self.language, **values)


def desk_name(desk: str, context: Context) -> str:
    """The name of a partner, or of its second contact, for staff."""
    name = context.directory.partner_of(desk).name[context.language]
    return context.words("second_contact", partner=name) if is_second_contact(desk) else name


def harmless(text: str) -> str:
    """Staff's text as plain text for the chat, which reads some Markdown: no emphasis, headings or disguised links.

    Addresses stay addresses; lists look like lists either way.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = text.replace("*", "∗").replace("](", f"]{_JOINER}(")
    return re.sub(r"^(\s*)(#{1,6}\s)", rf"\1{_JOINER}\2", text, flags=re.MULTILINE)


def send_text(context: Context, text: str, *, corrects: bool = False) -> None:
    """Send what staff wrote."""
    extra: dict[str, Any] = {"corrects": True} if corrects else {}
    context.store.add_staff_message(
        context.case.number,
        harmless(text),
        by=context.by,
        channel=context.channel,
        external_id=context.message.external_id,
        extra={**extra, **_shown_name(context)},
        receipt=context.receipt("correction_sent" if corrects else None),
    )


def send_prepared(context: Context, text: str, language: str, reply: str, **values: object) -> None:
    """Send reviewed words, which may hold the chat's own Markdown; staff are shown the German text."""
    context.store.add_staff_message(
        context.case.number,
        text,
        by=context.by,
        language=language,
        channel=context.channel,
        external_id=context.message.external_id,
        extra={"prepared": True, **_shown_name(context)},
        receipt=context.receipt(reply, **values),
    )


def send_file(context: Context, file: StaffFile, link: Callable[[str], str], *, caption: str = "") -> None:
    """Keep the file and send its link, below what staff wrote to it."""
    if context.store.staff_message(context.channel, context.message.external_id) is not None:
        return
    token = context.store.keep_file(context.case.number, file)
    text = f"{file.name}\n{link(token)}"
    text = f"{harmless(caption)}\n\n{text}" if caption else text
    extra = {"file": {"name": file.name, "media_type": file.media_type, "url": link(token)}, **_shown_name(context)}
    context.store.add_staff_message(
        context.case.number,
        text,
        by=context.by,
        channel=context.channel,
        external_id=context.message.external_id,
        extra=extra,
        receipt=context.receipt("file_sent", what=file.name),
    )


def _shown_name(context: Context) -> dict[str, str]:
    """The name of the member of staff, only where the partner allows it to be shown."""
    name = harmless(context.message.name).replace("\n", " ")[:60]
    return {"name": name} if context.partner.staff_name_shown and name else {}
