"""What staff read: an outbox entry made into title and text in the partner's language, as plain text."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.directory import Directory, Partner, is_second_contact
from bot.knowledge.roadmap import Roadmap
from bot.knowledge.wording import Wording
from cases.models import OutboxEntry
from cases.states import Author, OutboxKind, TurnOutcome
from staff.channels import OutgoingNotice
from staff.checklists import Checklists
from staff.office_hours import BERLIN, answer_due

# characters of a bot's answer that a card shows
BOT_TEXT = 300

# (topic key, language) -> its title, or the key where there is none
TopicTitle = Callable[[str, str], str]


def topic_key(topic: str, _: str) -> str:
    """The topic as it is keyed; stands in for titles where the knowledge is not loaded."""
    return topic


class Cards:
    """Writes notices. All words come from ``wording`` (``data/responses/notices.yml``)."""

    def __init__(
        self,
        directory: Directory,
        wording: Wording,
        topic_title: TopicTitle = topic_key,
        roadmap: Callable[[], Roadmap | None] = lambda: None,
    ) -> None:
        self._directory, self._wording, self._topic_title = directory, wording, topic_title
        self._checklists = Checklists(directory, wording, roadmap)

    def notice(self, entry: OutboxEntry, *, threaded: str | None = None) -> OutgoingNotice:
        """The notice of an outbox entry, in the language of the partner it goes to.

        ``threaded``: the name of the two-way channel it goes to, where the card tells the whole conversation and how to
        answer. ``repeated`` when an earlier attempt ended in an unknown way; the relay decides what follows from it.
        """
        partner = self._directory.partner_of(entry.partner)
        number = entry.key.split("/", 1)[0]
        title, body = self._write(entry, partner, number, threaded)
        return OutgoingNotice(
            key=entry.key,
            kind=entry.kind,
            case_number=number,
            partner=partner,
            title=title,
            body=body,
            created_at=entry.created_at,
            repeated=entry.attempt_started_at is not None,
            answers=entry.payload.get("to") if entry.kind == OutboxKind.REPLY else None,
            second=is_second_contact(entry.partner),
        )

    def repetition(self, notice: OutgoingNotice) -> str:
        """The sentence that warns staff that a notice may have arrived before."""
        return self._text("repeated", notice.partner.notice.language, number=notice.case_number)

    def _write(self, entry: OutboxEntry, partner: Partner, number: str, threaded: str | None) -> tuple[str, str]:
        language, payload = partner.notice.language, entry.payload
        if entry.kind == OutboxKind.NOTICE:
            title, body = self._text("title", language, number=number), self._case(entry, partner, number, threaded)
            if threaded is None:
                return title, body
            footer = "mail_footer" if threaded == "email" else "card_footer"
            return title, f"{body}\n\n{self._staff_text(footer, language)}"
        if entry.kind in (OutboxKind.REPLY, OutboxKind.REMINDER, OutboxKind.TRANSLATION):
            return self._text("message_title", language, number=number), self._staff(entry, language, number)
        if entry.kind == OutboxKind.MESSAGE:
            return self._text("message_title", language, number=number), self._message(payload, language, threaded)
        if entry.kind == OutboxKind.CHECKLIST:
            lines = [
                self._text("checklist_made", language),
                "",
                *self._checklists.lines(payload["checklist"], language),
            ]
            return self._text("message_title", language, number=number), "\n".join(lines)
        values: dict[str, object] = {"number": number}
        if entry.kind == OutboxKind.TRANSFERRED:
            values["partner"] = self._desk(payload["new_partner"], language)
        title = self._text(f"{entry.kind}_title", language, number=number)
        return title, self._text(f"{entry.kind}_body", language, **values)

    def _message(self, payload: dict[str, Any], language: str, threaded: str | None) -> str:
        """What the user wrote or which topic they chose; while the case waits, also how the program met it."""
        spoken = self._language(payload.get("message_language") or payload.get("language"), language)
        meanwhile, pressed = payload.get("meanwhile"), payload.get("pressed")
        if pressed:
            parts = [self._text("pressed_intro", language, topic=self._topic_title(pressed, language))]
            if not meanwhile and threaded is not None:
                parts.append(self._text("pressed_hint", language, topic=pressed))
        else:
            intro = self._text("meanwhile_intro" if meanwhile else "message_intro", language, spoken=spoken)
            parts = [intro, payload.get("text", "")]
        if meanwhile:
            titles = [self._topic_title(topic, language) for topic in meanwhile["topics"]]
            listed = self._text("topic_separator", language).join(titles)
            parts.append(self._text(f"meanwhile_{meanwhile['outcome']}", language, topics=listed))
        return "\n\n".join(parts)

    def _desk(self, desk: str, language: str) -> str:
        """The name of a partner, or of its second contact."""
        name = self._directory.partner_of(desk).name[language]
        return self._staff_text("second_contact", language, partner=name) if is_second_contact(desk) else name

    def _staff(self, entry: OutboxEntry, language: str, number: str) -> str:
        """What came of something staff wrote, a reminder, or a translation."""
        payload = entry.payload
        if entry.kind == OutboxKind.REPLY:
            return self._staff_text(payload["reply"], language, **payload["values"])
        if entry.kind == OutboxKind.TRANSLATION:
            values = {name: payload[name] for name in ("service", "text", "original")}
            return self._staff_text("translation", language, **values)
        since = payload.get("since")
        shown = self._moment(datetime.fromisoformat(since), language) if since else ""
        return self._staff_text(f"reminder_{payload['why']}", language, number=number, since=shown)

    def _staff_text(self, name: str, language: str, **values: object) -> str:
        return self._wording.text(f"staff_{name}", language, **values)

    def _case(self, entry: OutboxEntry, partner: Partner, number: str, threaded: str | None) -> str:
        language, payload = partner.notice.language, entry.payload
        received = datetime.fromisoformat(payload["submitted_at"]) if payload["submitted_at"] else entry.created_at
        municipality = payload["municipality"]
        facts = {
            "number": number,
            "partner": partner.name[language],
            "company": payload["company"],
            "contact": payload["contact_name"],
            "email": payload["email"],
            "phone": payload["phone"],
            "email_replies": self._text("yes" if payload["email_replies"] else "no", language),
            "municipality": municipality and self._directory.municipality(municipality).name[language],
            "language": self._language(payload["language"], language),
            "site": payload["site"],
            "received": self._moment(received, language),
            "due": self._moment(answer_due(partner.office_hours, entry.created_at), language),
        }
        lines = [self._text("intro", language), ""]
        lines += [self._line(self._text(f"label_{name}", language), value, language) for name, value in facts.items()]
        lines += ["", self._text("heading_concern", language), "", payload["concern"] or self._text("none", language)]
        if payload["turns"]:
            lines += ["", self._text("heading_topics", language), ""]
            lines += [f"- {self._turn(turn, language)}" for turn in payload["turns"]]
        if payload.get("checklist"):
            lines += ["", self._text("heading_checklist", language), ""]
            lines += self._checklists.lines(payload["checklist"], language)
        said = [
            line
            for line in payload["transcript"]
            if threaded is not None or self._worth_telling(line, payload["concern"])
        ]
        if said:
            lines += ["", self._text("heading_messages", language), ""]
            lines += [self._said(line, language) for line in said]
        return "\n".join(lines)

    def _said(self, line: dict[str, Any], language: str) -> str:
        """One line of the conversation so far: who, and for staff of which partner, said or noted what."""
        author = self._text("author_pressed" if line.get("pressed") else f"author_{line['author']}", language)
        if line.get("partner"):
            region = self._directory.partner_of(line["partner"]).region[language]
            author = self._text("author_of", language, author=author, partner=region)
        # what staff took back stands there without its text
        return self._line(author, self._shortened(line) or self._text("taken_back", language), language)

    @staticmethod
    def _worth_telling(line: dict[str, Any], concern: str | None) -> bool:
        # the bot's own words stand behind the topics, the concern stands above
        return bool(line["author"] != Author.BOT and line["text"] != concern)

    @staticmethod
    def _shortened(line: dict[str, Any]) -> str:
        """What was said; an answer of the bot by its beginning and in one paragraph, as staff know the rest."""
        text: str = line["text"]
        if line["author"] != Author.BOT:
            return text
        text = " ".join(text.replace("**", "").split())
        return f"{text[:BOT_TEXT].rstrip()} …" if len(text) > BOT_TEXT else text

    def _turn(self, turn: dict[str, Any], language: str) -> str:
        if turn["topic"]:
            topic = self._topic_title(turn["topic"], language)
        else:
            # without a topic only the guided way brings an answer
            known = turn["outcome"] == TurnOutcome.ANSWERED
            topic = self._text("guided_way" if known else "no_topic", language)
        return self._line(topic, self._text(f"outcome_{turn['outcome']}", language), language)

    def _line(self, label: str, value: object, language: str) -> str:
        return self._text("line", language, label=label, value=value or self._text("none", language))

    def _language(self, spoken: str | None, language: str) -> str:
        return self._text(f"language_{spoken}" if spoken in ("de", "ja", "en") else "none", language)

    def _moment(self, moment: datetime, language: str) -> str:
        local = moment.astimezone(BERLIN)
        return self._text(
            "moment",
            language,
            weekday=self._text(f"weekday_{local.weekday()}", language),
            day=f"{local.day:02}",
            month=f"{local.month:02}",
            year=local.year,
            time=f"{local:%H:%M}",
        )

    def _text(self, name: str, language: str, **values: object) -> str:
        return self._wording.text(f"notice_{name}", language, **values)
