"""Finding the way: areas and topics as buttons, other languages, saying it again, a plain yes or no."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.answers import (
    FURTHER,
    SUGGESTED,
    answer_topic,
    decline,
    give_answer,
    offer_further,
    offer_topics,
    offered_topics,
    suggestion_events,
)
from actions.places import tell_partner
from actions.privacy import erase_everything
from actions.roadmap import tell_checklist
from actions.roadmap_checklist import answers_of
from actions.turn import Event, Turn, knowledge, slot_set
from bot.knowledge.records import FALLBACK_LANGUAGE
from bot.languages import LANGUAGES
from bot.nlu.parts import is_refused


def show_menu(turn: Turn) -> list[Event]:
    """Offer the areas."""
    buttons = [
        {"title": area.title[turn.language], "payload": f'/show_area{{"area": "{area.key}"}}'}
        for area in knowledge().areas
    ]
    buttons.append(turn.button("person_button", "/talk_to_person"))
    turn.say("utter_menu", {"type": "suggestions", "topics": []}, buttons=buttons)
    return [slot_set("last_turn", {"kind": "menu"}), slot_set("misses", 0), slot_set("pending", None)]


def show_area(turn: Turn, key: str) -> list[Event]:
    """Offer the topics of an area; an unknown area shows the menu."""
    if key not in {area.key for area in knowledge().areas}:
        return show_menu(turn)
    area = knowledge().area(key)
    topics = [topic for topic in area.topics if topic in knowledge()]
    buttons = [turn.topic_button(topic) for topic in topics]
    buttons.append(turn.button("menu_button", "/menu"))
    custom = {"type": "suggestions", "topics": topics, "area": key}
    turn.say("utter_area", custom, area=area.title[turn.language], buttons=buttons)
    return [slot_set("last_turn", {"kind": "area", "area": key}), slot_set("pending", None)]


class ActionMenu(Action):
    """Shows the areas."""

    def name(self) -> str:
        return "action_menu"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        return show_menu(Turn(dispatcher, tracker))


class ActionShowArea(Action):
    """Shows the topics of an area."""

    def name(self) -> str:
        return "action_show_area"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        return show_area(turn, str(turn.entity("area")))


def wanted_language(turn: Turn) -> str | None:
    """The language a message asks for, by button or by name; None when it names none of ours."""
    if turn.entity("language_choice"):
        chosen = turn.entity("language_choice")
        return chosen if chosen in LANGUAGES else None
    named = [each for each in turn.entities("target_language") if each["value"] in LANGUAGES]
    refused = [each for each in named if is_refused(turn.text, each["start"])]
    wanted = [each for each in named if each not in refused] or (named if len(named) > 1 else [])
    if wanted:
        # "my German is bad, can we use English"
        return str(wanted[-1]["value"])
    if refused:
        # "I don't speak German" is said in the language that is wanted
        written = turn.entity("language")
        known = written if written != refused[0]["value"] else FALLBACK_LANGUAGE
        return known if known in LANGUAGES and known != refused[0]["value"] else None
    return None


class ActionSetLanguage(Action):
    """Takes the user's choice of a language; says nothing itself, ``action_repeat`` follows."""

    def name(self) -> str:
        return "action_set_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        wanted = wanted_language(turn)
        if wanted is None:
            turn.say("utter_which_language")
            return []
        return [slot_set("language", wanted), slot_set("language_choice", wanted)]


def further_of(last_turn: dict[str, Any]) -> list[str]:
    """The topics that a turn offered behind its answer."""
    return [topic for topic in last_turn.get("further", []) if topic in knowledge()]


class ActionRepeat(Action):
    """Says the last turn again, in the language of now."""

    def name(self) -> str:
        return "action_repeat"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        last = turn.slot("last_turn") or {}
        kind = last.get("kind")
        if turn.intent in ("change_language", "set_language") and wanted_language(turn) is None:
            # `action_set_language` asked which one
            return []
        further = further_of(last)
        if kind == "answer" and last.get("topic") in knowledge():
            give_answer(turn, knowledge()[last["topic"]], further)
        elif kind == "suggestions":
            offer_topics(turn, [topic for topic in last.get("topics", []) if topic in knowledge()])
        elif kind == "area":
            show_area(turn, str(last.get("area")))
        elif kind == "place" and turn.place.known:
            tell_partner(turn)
            if further:
                offer_further(turn, further)
        elif kind == "menu":
            show_menu(turn)
        elif kind == "roadmap" and any(answers_of(turn).values()):
            tell_checklist(turn, answers_of(turn))
        elif turn.intent == "repeat":
            turn.say("utter_nothing_to_repeat", {"type": "suggestions", "topics": []})
        else:
            turn.say("utter_language_set")
        return [slot_set("pending", FURTHER)] if further else []


class ActionYesNo(Action):
    """Takes a plain yes, no or stop: what it refers to is what the bot asked last."""

    def name(self) -> str:
        return "action_yes_no"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        # a button that names its question answers that one and no other
        pending = None if turn.entity("field") else turn.just_asked
        forget = slot_set("pending", None)
        if turn.intent == "affirm" and pending == "person":
            return [forget, {"event": "followup", "name": "action_offer_person"}]
        further = further_of(turn.slot("last_turn") or {})
        if turn.intent == "affirm" and pending == FURTHER and further:
            return await answer_topic(turn, further[0], further[1:])
        offered = offered_topics(turn)
        if turn.intent == "affirm" and pending == SUGGESTED and offered:
            if len(offered) == 1:
                return await answer_topic(turn, offered[0])
            offer_topics(turn, offered)
            return suggestion_events(offered)
        if turn.intent == "affirm" and pending == "delete_data":
            return [forget, *await erase_everything(turn)]
        if turn.intent == "form_input":
            return decline(turn)
        turn.say("utter_what_now", {"type": "suggestions", "topics": []}, buttons=[turn.button("menu_button", "/menu")])
        return [forget]
