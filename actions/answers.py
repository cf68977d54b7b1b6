"""Answers, suggestions, and the honest word that there is no answer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.places import tell_partner
from actions.turn import Event, Place, Turn, knowledge, slot_set
from bot.directory import PLACE_TOPIC, STATEWIDE_PARTNER
from bot.knowledge.records import Answer, LocalPart, Texts
from bot.nlu.parts import asked_aspects
from bot.nlu.text import normalise

BERLIN = ZoneInfo("Europe/Berlin")
MISSES_BEFORE_OFFER = 2
KEPT_TOPICS = 10
FURTHER = "further"  # what a yes refers to: the question that was offered behind an answer
SUGGESTED = "suggested"  # the topics that may be meant
MOST_ASPECTS = 2


Locally = tuple[Sequence[Place], LocalPart]  # what holds in these places


def local_parts(turn: Turn, answer: Answer) -> list[Locally]:
    """What of an answer holds in the places of the turn, each text once."""
    found: dict[Texts, tuple[list[Place], LocalPart]] = {}
    for place in turn.places:
        local = answer.local_part(place.partner(turn.directory).id, place.ags)
        if local is not None:
            found.setdefault(local.text, ([], local))[0].append(place)
    return list(found.values())


def local_text(turn: Turn, places: Sequence[Place], local: LocalPart) -> str:
    """What holds in some places, under their names."""
    # what is said of all other places is not said of this one
    elsewhere = local.partner == STATEWIDE_PARTNER and local.ags is None
    heading = turn.words("elsewhere_heading" if elsewhere else "local_heading", place=turn.names(places))
    return f"**{heading}**\n{local.text[turn.language]}"


def give_local_parts(turn: Turn, answer: Answer, found: Sequence[Locally]) -> None:
    """Send only what holds in the places, for the answer itself has just been given."""
    buttons = [turn.topic_button(answer.key), turn.button("person_button", "/talk_to_person")]
    custom = answer.message(turn.language, [local for _, local in found])
    *before, last = (local_text(turn, *each) for each in found)
    for text in before:
        turn.dispatcher.utter_message(text=text)
    turn.dispatcher.utter_message(text=last, buttons=buttons, json_message=custom)


def aspect_texts(turn: Turn, answer: Answer) -> dict[str, str]:
    """What the record says beside its text of the costs, time, papers or office that a question names."""
    asked = asked_aspects(turn.text)
    if not asked:
        return {}
    # a topic that is about the costs says all of them in its text
    own = {name for _, title in answer.title.items() for name in asked_aspects(title)}
    found = [answer.aspect(name) for name in asked if name not in own]
    told = [aspect for aspect in found if aspect is not None and aspect.topic is None and aspect.text is not None]
    return {aspect.name: aspect.text[turn.language] for aspect in told[:MOST_ASPECTS] if aspect.text is not None}


def give_answer(turn: Turn, answer: Answer, further: Sequence[str] = (), *, particular: bool = True) -> None:
    """Send an answer: its text, what was asked for in particular, the part for the place, and the ways on.

    ``further``: topics that the same message asked for; they are offered behind the answer. ``particular``: whether
    costs, time, papers or office that the message names are told.
    """
    language = turn.language
    found = local_parts(turn, answer)
    buttons = [turn.topic_button(topic) for topic in answer.related if topic in knowledge() and topic not in further]
    buttons.append(turn.button("person_button", "/talk_to_person"))
    for key, helpful in (("helpful_button", "true"), ("not_helpful_button", "false")):
        payload = f'/feedback{{"topic": "{answer.key}", "helpful": "{helpful}"}}'
        buttons.append(turn.button(key, payload))
    aspects = aspect_texts(turn, answer) if particular else {}
    parts = [*aspects.values(), *(local_text(turn, *each) for each in found)]
    if not found and answer.local is not None and answer.local.comparison is not None:
        parts.append(answer.local.comparison[language])
    if answer.is_overdue(datetime.now(BERLIN).date()):
        shown = answer.review_by.strftime(turn.words("date_format"))
        parts.append(turn.words("review_overdue", date=shown))
    custom: dict[str, Any] = answer.message(language, [local for _, local in found])
    if aspects:
        custom["aspects"] = list(aspects)
    if not parts:
        turn.say(answer.response, custom, buttons=buttons)
    else:
        turn.say(answer.response)
        for part in parts[:-1]:
            turn.dispatcher.utter_message(text=part)
        turn.dispatcher.utter_message(text=parts[-1], buttons=buttons, json_message=custom)
    if further:
        offer_further(turn, further)


def offer_further(turn: Turn, topics: Sequence[str]) -> None:
    """Offer what a message asked for beside the question that was answered."""
    buttons = [turn.topic_button(topic) for topic in topics]
    turn.say("utter_further_question", {"type": "suggestions", "topics": list(topics)}, buttons=buttons)


def topic_events(turn: Turn, topic: str, further: Sequence[str] = ()) -> list[Event]:
    """Keeps what was asked, for follow-up questions and for the concern of a case.

    ``further``: topics offered behind the answer; a plain yes takes the first of them.
    """
    asked = [each for each in turn.slot("asked_topics") or [] if each not in (topic, *further)]
    last_turn = {"kind": "answer", "topic": topic} | ({"further": list(further)} if further else {})
    return [
        slot_set("last_topic", topic),
        slot_set("last_turn", last_turn),
        slot_set("asked_topics", [*asked, topic, *further][-KEPT_TOPICS:]),
        slot_set("misses", 0),
        slot_set("pending", FURTHER if further else None),
        *turn.place_events(),
    ]


async def answer_topic(turn: Turn, topic: str, further: Sequence[str] = ()) -> list[Event]:
    """Answer a topic that was asked for, and offer those that were asked for beside it."""
    await turn.log_turn(topic, "answered")
    if topic == PLACE_TOPIC and turn.mentioned_places():
        told = tell_partner(turn)
        if further:
            offer_further(turn, further)
            # what would be said again, and what a yes takes
            told += [slot_set("last_turn", {"kind": "place", "further": list(further)}), slot_set("pending", FURTHER)]
        return [*topic_events(turn, topic, further), *told]
    give_answer(turn, knowledge()[topic], further)
    return topic_events(turn, topic, further)


def offer_topics(turn: Turn, topics: list[str]) -> None:
    """Ask which of some topics is meant, as buttons with a way out."""
    buttons = [turn.topic_button(topic) for topic in topics]
    buttons.append(turn.button("something_else_button", "/menu"))
    buttons.append(turn.button("person_button", "/talk_to_person"))
    custom = {"type": "suggestions", "topics": topics}
    if len(topics) == 1:
        turn.say("utter_suggest_one", custom, topic=knowledge()[topics[0]].title[turn.language], buttons=buttons)
    else:
        turn.say("utter_suggest", custom, buttons=buttons)


def suggestion_events(topics: list[str]) -> list[Event]:
    """Keeps what was offered: a yes takes the only one, a number the one that stands there."""
    return [slot_set("last_turn", {"kind": "suggestions", "topics": topics}), slot_set("pending", SUGGESTED)]


def offered_topics(turn: Turn) -> list[str]:
    """The topics that were offered in the very last turn."""
    last = turn.slot("last_turn") or {}
    if turn.just_asked != SUGGESTED or last.get("kind") != "suggestions":
        return []
    return [topic for topic in last.get("topics", []) if topic in knowledge()]


def chosen_by_number(turn: Turn) -> str | None:
    """The topic of those just offered whose number was typed."""
    number = normalise(turn.text).strip(" .)番")
    offered = offered_topics(turn)
    return offered[int(number) - 1] if number.isdecimal() and 0 < int(number) <= len(offered) else None


def decline(turn: Turn) -> list[Event]:
    """Say that there is no reviewed answer; the second time in a row offer a person."""
    misses = int(turn.slot("misses") or 0) + 1
    reason = turn.intent if turn.intent in ("unreadable", "too_long") else ""
    # a yes refers to the offer only where the words make one
    again = misses >= MISSES_BEFORE_OFFER and not reason
    response = f"utter_{reason}" if reason else "utter_decline_again" if again else "utter_decline"
    buttons = [turn.button("person_button", "/talk_to_person"), turn.button("menu_button", "/menu")]
    turn.say(response, {"type": "out_of_scope"}, buttons=buttons)
    return [slot_set("misses", misses), slot_set("pending", "person" if again else None)]


class ActionAnswer(Action):
    """Gives the reviewed answer to the topic that was asked for."""

    def name(self) -> str:
        return "action_answer"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        topic = turn.topic
        if topic is None:
            suggested = turn.suggestions()
            await turn.log_turn(None, "suggested" if suggested else "not_understood")
            if not suggested:
                return decline(turn)
            offer_topics(turn, suggested)
            return suggestion_events(suggested)
        return await answer_topic(turn, topic, turn.further_topics)


class ActionSuggest(Action):
    """Offers up to three topics that may be meant."""

    def name(self) -> str:
        return "action_suggest"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        topics = turn.suggestions()
        if not topics:
            await turn.log_turn(None, "not_understood")
            return decline(turn)
        await turn.log_turn(topics[0], "suggested")
        offer_topics(turn, topics)
        return [*suggestion_events(topics), *turn.place_events()]


class ActionDecline(Action):
    """Says that a message is outside what can be answered, or cannot be read."""

    def name(self) -> str:
        return "action_decline"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        chosen = chosen_by_number(turn)
        if chosen is not None:
            return await answer_topic(turn, chosen)
        await turn.log_turn(None, "off_topic" if turn.intent == "out_of_scope" else "not_understood")
        return decline(turn)


class ActionAspect(Action):
    """Answers what a topic costs, how long it takes, which papers it needs or who is in charge."""

    def name(self) -> str:
        return "action_aspect"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        topic = turn.slot("last_topic")
        last_turn = turn.slot("last_turn") or {}
        if last_turn.get("kind") == "suggestions":
            # another question lies between, and it is open what it was about
            topics = [each for each in dict.fromkeys([*last_turn["topics"], topic]) if each in knowledge()]
            custom = {"type": "suggestions", "topics": topics}
            turn.say("utter_aspect_of_which", custom, buttons=[turn.topic_button(each) for each in topics])
            return turn.place_events()
        if topic not in knowledge():
            turn.say("utter_aspect_of_what", {"type": "suggestions", "topics": []})
            return []
        answer = knowledge()[topic]
        aspect = answer.aspect(turn.intent.removeprefix("aspect_"))
        if aspect is None:
            buttons = [turn.button("person_button", "/talk_to_person")]
            title = answer.title[turn.language]
            turn.say("utter_no_aspect", {"type": "out_of_scope", "topic": topic}, topic=title, buttons=buttons)
            return turn.place_events()
        if aspect.topic is not None and aspect.topic in knowledge():
            await turn.log_turn(aspect.topic, "answered")
            give_answer(turn, knowledge()[aspect.topic], particular=False)
            return topic_events(turn, aspect.topic)
        await turn.log_turn(topic, "answered")
        text = aspect.text[turn.language] if aspect.text else ""
        buttons = [turn.topic_button(topic), turn.button("person_button", "/talk_to_person")]
        custom = {**answer.message(turn.language), "aspect": aspect.name}
        dispatcher.utter_message(text=text, buttons=buttons, json_message=custom)
        return [slot_set("misses", 0), *turn.place_events()]
