"""The checklist: the steps that hold for the answers, with the offices of the place, as text and as a message."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from actions.turn import Place, Turn, knowledge
from bot.knowledge.roadmap import QUESTIONS, UNKNOWN, Roadmap, Step, first_sentence, load_roadmap
from bot.settings import get_settings

BERLIN = ZoneInfo("Europe/Berlin")
Answers = Mapping[str, str | None]


@lru_cache(maxsize=1)
def roadmap() -> Roadmap:
    """Questions and steps of this process, read once."""
    return load_roadmap(get_settings().data_dir)


def slot_of(question: str) -> str:
    """The slot that keeps the answer to a question."""
    return f"roadmap_{question}"


def answers_of(turn: Turn) -> dict[str, str | None]:
    """What was answered so far: question -> choice; for the place a municipality key or a partner's id."""
    return {question: turn.slot(slot_of(question)) for question in QUESTIONS}


def place_of(turn: Turn, answers: Answers) -> Place:
    """The place that was answered; unknown when it was left open."""
    answer = answers.get("place")
    if answer in turn.directory.municipalities:
        return Place(ags=answer)
    return Place(region=answer) if answer in turn.directory.partners else Place()


def office_of(turn: Turn, step: Step, place: Place) -> str:
    """Who is in charge: the first sentence of the local part for the place, else the step's own words."""
    partner = place.partner(turn.directory)
    source = knowledge().get(step.local) if step.local and place.known else None
    if source is not None and source.local is not None:
        local = source.local.municipalities.get((partner.id, place.ags or "")) or source.local.partners.get(partner.id)
        if local is not None:
            return first_sentence(local.text[turn.language], turn.language).rstrip(".。")
    return step.office[turn.language].replace("{partner}", partner.name[turn.language])


def steps_of(answers: Answers) -> list[Step]:
    """The steps that hold for the answers and have a reviewed answer, in order."""
    return [step for step in roadmap().checklist(answers) if step.topic in knowledge()]


def checklist_for_staff(turn: Turn, answers: Answers, message: dict[str, Any]) -> dict[str, Any]:
    """What the case keeps of a checklist: the user's message, and the keys by which staff read it in their language."""
    choices = {question: answer or UNKNOWN for question, answer in answers.items()}
    return {**message, "choices": choices, "steps": [step.key for step in steps_of(answers)]}


def checklist_message(turn: Turn, answers: Answers) -> dict[str, Any]:
    """The custom message ``{type: checklist, title, items, answers, language}``; ``answers`` as labels, for staff.

    An item's ``text`` holds office and papers as a list too, so that whoever shows ``text`` and ``when`` shows it all.
    """
    place, language = place_of(turn, answers), turn.language
    items = []
    for step in steps_of(answers):
        office = office_of(turn, step, place)
        details = _details(turn, step, office)
        items.append(
            {
                "title": step.title[language],
                "text": "\n".join([step.text[language], "", *(f"- {line}" for line in details)]),
                "topic": step.topic,
                "when": step.lead_time[language],
                "office": office,
            }
        )
    return {
        "type": "checklist",
        "language": language,
        "title": _title(turn, answers, place),
        "items": items,
        "answers": _labels(turn, answers, place),
    }


def checklist_text(turn: Turn, answers: Answers, title: str) -> str:
    """The checklist as a numbered list in the Markdown that the chat shows."""
    place, language = place_of(turn, answers), turn.language
    date = datetime.now(BERLIN).date().strftime(turn.words("date_format"))
    lines = [turn.words("roadmap_intro", title=title, date=date), ""]
    for number, step in enumerate(steps_of(answers), start=1):
        values = {"title": step.title[language], "when": step.lead_time[language], "text": step.text[language]}
        # Japanese sentences follow each other without a space
        details = ("" if language == "ja" else " ").join(_details(turn, step, office_of(turn, step, place)))
        lines.append(turn.words("roadmap_line", number=number, details=details, **values))
    return "\n".join(lines)


def _details(turn: Turn, step: Step, office: str) -> list[str]:
    papers = [turn.words("roadmap_papers", papers=step.papers[turn.language])] if step.papers else []
    return [turn.words("roadmap_office", office=office), *papers]


def _title(turn: Turn, answers: Answers, place: Place) -> str:
    labels = _labels(turn, answers, place)
    open_form = (answers.get("presence") or UNKNOWN) == UNKNOWN
    presence = turn.words("roadmap_presence_open") if open_form else labels["presence"]
    return turn.words("roadmap_title", presence=presence, place=labels["place"])


def _labels(turn: Turn, answers: Answers, place: Place) -> dict[str, str]:
    labels = {"place": place.name(turn.directory, turn.language) or turn.words("roadmap_place_open")}
    for key, question in roadmap().questions.items():
        if key == "place":
            continue
        choice = question.choices.get(answers.get(key) or UNKNOWN)
        labels[key] = choice.label[turn.language] if choice else turn.words("not_given")
    return labels
