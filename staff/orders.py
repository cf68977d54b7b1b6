"""The commands of staff, one method each. Their words: ``staff_*`` in ``data/responses/staff.yml``."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.directory import place_key
from bot.knowledge.loader import Knowledge
from bot.knowledge.records import Answer
from bot.languages import LANGUAGES
from cases.personal import without_personal_data
from cases.states import CaseState
from staff.commands import CLOSE_REASONS, COMMANDS, Command, reminder_time
from staff.office_hours import BERLIN
from staff.phrases import Phrase, WrongValue, given_values
from staff.sending import Context, harmless, send_prepared

# staff are shown what was sent in this language, whatever the user's is
SHOWN_LANGUAGE = "de"


class Refused(Exception):
    """A message of staff cannot be acted on. ``reply`` names the text that tells them why, and what to do."""

    def __init__(self, reply: str, **values: object) -> None:
        super().__init__(reply)
        self.reply, self.values = reply, values


class Orders:
    """Carries out commands. ``knowledge`` is asked when an answer is needed; None when it cannot be read."""

    def __init__(self, knowledge: Callable[[], Knowledge | None], phrases: Callable[[], Mapping[str, Phrase]]) -> None:
        self._knowledge, self._phrases = knowledge, phrases

    def carry_out(self, context: Context, command: Command) -> None:
        """Do what a command says. Raises ``Refused`` and the errors of the case log."""
        if not command.known:
            raise Refused("unknown_command", command=harmless(command.name)[:40], commands=_listed(COMMANDS))
        method: Callable[[Context, Command], None] = getattr(self, f"_{command.name}")
        method(context, command)

    def _take(self, context: Context, command: Command) -> None:
        if context.case.state == CaseState.WITH_PERSON and context.case.desk == context.message.partner:
            raise Refused("already_taken")
        context.store.pick_up(context.case.number, by=context.by, receipt=context.receipt("taken"))

    def _note(self, context: Context, command: Command) -> None:
        if not command.rest:
            raise Refused("note_empty")
        context.store.add_note(
            context.case.number,
            command.rest,
            by=context.by,
            channel=context.channel,
            external_id=context.message.external_id,
            receipt=context.receipt("noted"),
        )

    def _close(self, context: Context, command: Command) -> None:
        if command.first not in CLOSE_REASONS:
            reasons = "\n".join(f"- {name}: {context.words(f'reason_{name}')}" for name in CLOSE_REASONS)
            raise Refused("close_reason", reasons=reasons)
        reason = context.words(f"reason_{command.first}")
        context.store.close(
            context.case.number, command.first, by=context.by, receipt=context.receipt("closed", reason=reason)
        )

    def _transfer(self, context: Context, command: Command) -> None:
        partner = self._partner(context, command.first)
        if partner is None:
            ids = "\n".join(
                f"- {each.id}: {each.name[context.language]}" for each in context.directory.partners.values()
            )
            raise Refused("transfer_partner", partners=ids)
        context.store.transfer(
            context.case.number,
            partner,
            by=context.by,
            reason=command.others[:500] or None,
            receipt=context.receipt("transfer_same"),
        )

    def _partner(self, context: Context, word: str) -> str | None:
        wanted = place_key(word)
        for partner in context.directory.partners.values():
            if wanted and wanted in {
                place_key(each) for each in (partner.id, partner.id.replace("_", ""), *partner.aliases)
            }:
                return partner.id
        return None

    def _topic(self, context: Context, command: Command) -> None:
        knowledge = self._knowledge()
        answer = knowledge.get(command.first.lower()) if knowledge is not None else None
        if answer is None:
            raise Refused("topic_unknown", topic=harmless(command.first)[:60], topics=self._similar(command.first))
        language = _of_user(context)
        send_prepared(
            context,
            topic_text(answer, language, context),
            language,
            "topic_sent",
            title=answer.title[SHOWN_LANGUAGE],
            german=topic_text(answer, SHOWN_LANGUAGE, context),
        )

    def _similar(self, word: str) -> str:
        keys = sorted(self._knowledge() or ())
        area = word.lower().split("/", 1)[0]
        return _listed(
            [key for key in keys if key.startswith(f"{area}/")] or sorted({key.split("/")[0] for key in keys})
        )

    def _phrase(self, context: Context, command: Command) -> None:
        phrases = self._phrases()
        phrase = phrases.get(command.first.lower())
        if phrase is None:
            raise Refused("phrase_unknown", phrases="\n".join(f"- {each.usage}" for each in phrases.values()))
        language = _of_user(context)
        try:
            # a value is staff's own text inside reviewed words
            given = {name: harmless(value) for name, value in given_values(command.others).items()}
            text, german = phrase.filled(given, language), phrase.filled(given, SHOWN_LANGUAGE)
        except WrongValue as error:
            problem = context.words(f"value_{error.problem}", what=harmless(error.name))
            raise Refused("phrase_value", problem=problem, usage=phrase.usage) from error
        send_prepared(context, text, language, "phrase_sent", what=phrase.name, german=german)

    def _language(self, context: Context, command: Command) -> None:
        wanted = command.first.lower()
        if wanted not in LANGUAGES:
            raise Refused("language_which", languages=_listed(LANGUAGES))
        name = context.wording.text(f"notice_language_{wanted}", context.language)
        context.store.set_language(
            context.case.number, wanted, by=context.by, receipt=context.receipt("language_set", spoken=name)
        )

    def _remind(self, context: Context, command: Command) -> None:
        at = reminder_time(command.rest, context.store.clock())
        if at is None:
            raise Refused("remind_when")
        when = at.astimezone(BERLIN).strftime("%Y-%m-%d %H:%M")
        context.store.remind_later(
            context.case.number, at, by=context.by, receipt=context.receipt("reminder_set", at=when)
        )

    def _suggest(self, context: Context, command: Command) -> None:
        message = None
        if context.message.about:
            found = context.store.staff_message(context.channel, context.message.about)
            message = found[1] if found is not None and found[0].id == context.case.id else None
        message = message or context.store.last_staff_message(context.case.number)
        if message is None or message.author != "staff" or not message.text:
            raise Refused("suggest_nothing")
        knowledge = self._knowledge()
        topic = command.first.lower() or None
        if topic is not None and knowledge is not None and topic not in knowledge:
            raise Refused("topic_unknown", topic=harmless(command.first)[:60], topics=self._similar(command.first))
        text = without_personal_data(message.text, (context.case.company, context.case.contact_name))
        context.store.propose(
            context.case.number, text, topic, by=context.by, receipt=context.receipt("suggested", text=text)
        )

    def _help(self, context: Context, command: Command) -> None:
        wanted = command.first.lstrip("!！").lower()
        names = [wanted] if wanted in COMMANDS else list(COMMANDS)
        lines = "\n".join(f"- {context.words(f'help_{name}')}" for name in names)
        context.store.answer_staff(context.case.number, context.receipt("help", commands=lines))


def topic_text(answer: Answer, language: str, context: Context) -> str:
    """A reviewed answer as the chat shows it, with what holds at the case's place and its sources."""
    local = answer.local_part(context.case.owner, context.case.municipality)
    parts = [f"**{answer.title[language]}**", answer.text[language]]
    if local is not None:
        parts.append(local.text[language])
    sources = list(dict.fromkeys([*(local.sources if local else ()), *answer.sources]))
    parts.append("\n".join(f"- [{source.title[language]}]({source.url})" for source in sources))
    return "\n\n".join(parts)


def _of_user(context: Context) -> str:
    return context.case.language if context.case.language in LANGUAGES else "en"


def _listed(words: Any) -> str:
    return ", ".join(words)
