"""The guided way ("What do I have to do?"): a form of six short questions, and the checklist at its end."""

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import offer_topics
from actions.roadmap_answers import asks_something, choice_of_intent, read_choice
from actions.roadmap_checklist import (
    Answers,
    answers_of,
    checklist_for_staff,
    checklist_message,
    checklist_text,
    roadmap,
    slot_of,
)
from actions.turn import Event, Turn, in_case_log, knowledge, slot_set, store
from bot.knowledge.roadmap import QUESTIONS, UNKNOWN
from cases.states import CaseLogUnavailable, CaseNotFound

logger = logging.getLogger(__name__)

END_OF_FORM = slot_set("requested_slot", None)
MOST_PLACES = 6
# answered by rules (data/rules/rules.yml), after which the form goes on or ends
LEFT_TO_RULES = frozenset(
    {
        "show_topic",
        "case_status",
        "privacy",
        "delete_data",
        "change_language",
        "set_language",
        "talk_to_person",
        "menu",
        "show_area",
    }
    | {"feedback", "withdraw", "staff_event", "to_person"}
)
# said to the form itself, but no answer: the question is simply asked again
ASKED_AGAIN = frozenset({"roadmap", "repeat"})
PERSON_CONFIDENCE = 0.5


def forget_answers() -> list[Event]:
    """Empties every slot of the guided way."""
    return [slot_set(slot_of(question), None) for question in QUESTIONS] + [slot_set("roadmap_end", None)]


class ActionStartRoadmap(Action):
    """Says what will follow. A place that the conversation knows already is not asked for again."""

    def name(self) -> str:
        return "action_start_roadmap"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        turn.say("utter_roadmap_start", {"type": "roadmap", "state": "form"})
        place = turn.place
        events = [*forget_answers(), slot_set("pending", None), slot_set("misses", 0), *turn.place_events()]
        if place.known:
            events.append(slot_set(slot_of("place"), place.ags or place.region))
        return events


class _AskQuestion:
    """Asks one question of data/roadmap.yml with its choices as buttons."""

    question: str

    def name(self) -> str:
        return f"action_ask_roadmap_form_{slot_of(self.question)}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        question = roadmap().questions[self.question]
        number, total = QUESTIONS.index(self.question) + 1, len(QUESTIONS)
        buttons = [
            {"title": choice.label[turn.language], "payload": _payload(self.question, key)}
            for key, choice in question.choices.items()
        ]
        if UNKNOWN not in question.choices:
            buttons.append(turn.button("roadmap_skip_button", "/skip"))
        buttons.append(turn.button("roadmap_cancel_button", "/cancel"))
        text = turn.words("roadmap_question", number=number, total=total, question=question.text[turn.language])
        custom = {"type": "roadmap", "state": "form", "field": self.question, "number": number, "of": total}
        message = {**custom, "language": turn.language}
        dispatcher.utter_message(text=text, buttons=buttons, json_message=message)
        return []


class AskPresence(_AskQuestion, Action):
    """Asks in which form the company will be present."""

    question = "presence"


class AskMovers(_AskQuestion, Action):
    """Asks who moves."""

    question = "movers"


class AskStaff(_AskQuestion, Action):
    """Asks how many people are to be hired."""

    question = "staff"


class AskPlace(_AskQuestion, Action):
    """Asks for the municipality."""

    question = "place"


class AskPermit(_AskQuestion, Action):
    """Asks for sectors that may need a permit."""

    question = "permit"


class AskGoods(_AskQuestion, Action):
    """Asks for import and warehouse."""

    question = "goods"


class ValidateRoadmapForm(Action):
    """Called by Rasa's form for each message while it runs.

    Answers with the slots that the message fills; with nothing at all where the message is for a rule.
    """

    def name(self) -> str:
        return "validate_roadmap_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        asked = str(turn.slot("requested_slot") or "")
        question = asked.removeprefix("roadmap_")
        if question not in QUESTIONS or turn.intent in LEFT_TO_RULES:
            return []
        again = [slot_set(asked, None)]
        if turn.intent == "cancel":
            return [slot_set("roadmap_end", "cancelled"), *again, END_OF_FORM]
        if turn.intent == "skip":
            return [slot_set(asked, UNKNOWN)]
        if turn.intent == "answer_roadmap":
            return await self._pressed(turn) or again
        if turn.intent in ASKED_AGAIN:
            return again
        if turn.intent in ("too_long", "unreadable") and not turn.text.strip(" 0123456789人名"):
            turn.intent = "form_input"  # a bare number is an answer here
        if turn.intent in ("too_long", "unreadable"):
            turn.say(f"utter_{turn.intent}")
            return again
        return await self._typed(turn, question, again)

    async def _pressed(self, turn: Turn) -> list[Event]:
        """A button; one of an earlier question corrects the answer given there."""
        question, choice = str(turn.entity("question")), str(turn.entity("choice"))
        if question == "place" and choice != UNKNOWN:
            known = choice in turn.directory.municipalities or choice in turn.directory.partners
            return await _place_events(turn, choice) if known else []
        if question in QUESTIONS and choice in roadmap().questions[question].choices:
            return [slot_set(slot_of(question), choice)]
        return []

    async def _typed(self, turn: Turn, question: str, again: list[Event]) -> list[Event]:
        if _wants_person(turn):
            return [slot_set("roadmap_end", "person"), *again, END_OF_FORM]
        if asks_something(turn.text, roadmap()):
            return self._asked(turn, again)
        places = turn.mentioned_places()
        if question == "place" and (places or turn.entity("outside")):
            return await self._place(turn, again)
        asked = roadmap().questions[question]
        choice = read_choice(turn.text, asked, roadmap()) or choice_of_intent(turn.intent, asked)
        if choice is not None:
            events = [slot_set(slot_of(question), choice)]
            # "a GmbH in Krefeld" answers two questions at once
            if len(places) == 1 and not turn.slot(slot_of("place")):
                events += await _place_events(turn, str(places[0].ags or places[0].region))
            return events
        if turn.topic is not None:
            return []
        turn.say("utter_roadmap_invalid")
        return again

    def _asked(self, turn: Turn, again: list[Event]) -> list[Event]:
        """A question in the middle: a clear topic is left to its rule, else what may be meant is offered."""
        if turn.topic is not None:
            return []
        topics = turn.suggestions() if _best(turn).get("name") in knowledge() else []
        if topics:
            offer_topics(turn, topics)
        else:
            turn.say("utter_roadmap_invalid")
        return again

    async def _place(self, turn: Turn, again: list[Event]) -> list[Event]:
        places = turn.mentioned_places()
        if not places:
            custom = {"type": "directory", "partner": None, "municipality": None}
            turn.say("utter_outside", custom, place=turn.entity("outside"))
            return again
        if len(places) > 1:
            buttons = [
                {
                    "title": f"{each.name(turn.directory, turn.language)} ({_district(turn, each.ags)})",
                    "payload": _payload("place", str(each.ags)),
                }
                for each in places[:MOST_PLACES]
            ]
            turn.say("utter_which_place", {"type": "roadmap", "state": "form", "field": "place"}, buttons=buttons)
            return again
        return await _place_events(turn, str(places[0].ags or places[0].region))


def tell_checklist(turn: Turn, answers: Answers) -> dict[str, Any]:
    """Show the checklist for some answers in the language of now, then its topics; returns the checklist's message."""
    checklist = checklist_message(turn, answers)
    turn.dispatcher.utter_message(text=checklist_text(turn, answers, checklist["title"]), json_message=checklist)
    topics = [topic for topic in dict.fromkeys(item["topic"] for item in checklist["items"]) if topic in knowledge()]
    buttons = [turn.topic_button(topic) for topic in topics]
    buttons.append(turn.button("person_button", "/talk_to_person"))
    buttons.append(turn.button("roadmap_again_button", "/roadmap"))
    turn.say("utter_roadmap_topics", {"type": "suggestions", "topics": topics}, buttons=buttons)
    return checklist


class ActionShowRoadmap(Action):
    """Does what the end of the form asks for: show the checklist and keep it with the case, or say that it stopped.

    A button of a question pressed after the end corrects that answer and shows the checklist anew.
    """

    def name(self) -> str:
        return "action_show_roadmap"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        if turn.slot("roadmap_end") == "cancelled":
            turn.say("utter_roadmap_cancelled")
            return forget_answers()
        if turn.slot("roadmap_end") == "person":
            return [*forget_answers(), {"event": "followup", "name": "action_offer_person"}]
        corrected: list[Event] = []
        answers = answers_of(turn)
        if turn.intent == "answer_roadmap":
            corrected = await ValidateRoadmapForm()._pressed(turn)
            answers |= {
                question: each["value"]
                for question in QUESTIONS
                for each in corrected
                if each["name"] == slot_of(question)
            }
        checklist = tell_checklist(turn, answers)
        await self._keep(turn, checklist_for_staff(turn, answers, checklist))
        return [
            *corrected,
            slot_set("last_turn", {"kind": "roadmap"}),
            slot_set("misses", 0),
            slot_set("pending", None),
        ]

    async def _keep(self, turn: Turn, checklist: dict[str, Any]) -> None:
        await turn.log_turn(None, "answered")
        try:
            await in_case_log(store().set_checklist, turn.conversation_id, checklist)
        except (CaseLogUnavailable, CaseNotFound):
            logger.error("The case log is away: a checklist was shown but not kept with its case.")


def _best(turn: Turn) -> dict[str, Any]:
    ranking: list[dict[str, Any]] = turn.tracker.latest_message.get("intent_ranking") or [{}]
    return ranking[0]


def _wants_person(turn: Turn) -> bool:
    """Whether typed text asks for a person: while a form runs, understanding leaves the decision to the form."""
    best = _best(turn)
    return bool(best.get("name") == "talk_to_person" and best.get("confidence", 0.0) >= PERSON_CONFIDENCE)


async def _place_events(turn: Turn, choice: str) -> list[Event]:
    """Keeps a place for the checklist, the conversation and the open case; ``choice``: AGS or a partner's id."""
    ags = choice if choice in turn.directory.municipalities else None
    if ags:
        await turn.set_case_place(ags)
    return [
        slot_set(slot_of("place"), choice),
        slot_set("place", {"ags": ags, "region": None if ags else choice}),
    ]


def _district(turn: Turn, ags: str | None) -> str:
    return turn.directory.municipality(ags).district if ags else ""


def _payload(question: str, choice: str) -> str:
    return f'/answer_roadmap{{"question": "{question}", "choice": "{choice}"}}'
