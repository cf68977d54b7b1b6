"""Which partner is in charge of a place."""

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.turn import Event, Place, Turn, knowledge, slot_set
from bot.directory import JAPANESE_AREA, PLACE_TOPIC

MOST_CHOICES = 6


def tell_partner(turn: Turn) -> list[Event]:
    """Name the partner in charge of the place of the message, or ask which place is meant."""
    choices = turn.mentioned_places()
    if len(choices) > 1:
        partners = {place.partner(turn.directory).id for place in choices}
        buttons = [
            {
                "title": f"{place.name(turn.directory, turn.language)} ({_district(turn, place)})",
                "payload": f'/inform_place{{"place": "{place.ags}"}}',
            }
            for place in choices[:MOST_CHOICES]
        ]
        turn.say("utter_which_place", {"type": "directory", "partner": None, "municipality": None}, buttons=buttons)
        return [slot_set("last_turn", {"kind": "place"}), slot_set("pending", None)] if partners else []
    in_charge: dict[str, list[Place]] = {}
    for place in turn.places or [turn.place]:
        in_charge.setdefault(place.partner(turn.directory).id, []).append(place)
    for number, (name, places) in enumerate(in_charge.items(), start=1):
        partner = turn.directory.partner(name)
        turn.say(
            "utter_partner",
            {"type": "directory", "partner": partner.id, "municipality": places[0].ags},
            place=turn.names(places),
            partner=partner.name[turn.language],
            contact=turn.contact(partner),
            buttons=[turn.button("person_button", "/talk_to_person")] if number == len(in_charge) else [],
        )
    return [slot_set("last_turn", {"kind": "place"}), slot_set("misses", 0), *turn.place_events()]


def _district(turn: Turn, place: Place) -> str:
    return turn.directory.municipality(place.ags).district if place.ags else ""


class ActionPlace(Action):
    """Takes a place: the part of the last answer that holds there, else the partner in charge."""

    def name(self) -> str:
        return "action_place"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        from actions.answers import give_answer, give_local_parts, local_parts, topic_events

        turn = Turn(dispatcher, tracker)
        outside = turn.entity("outside")
        if not turn.mentioned_places():
            await turn.log_turn(PLACE_TOPIC, "answered" if outside else "not_understood")
            custom = {"type": "directory", "partner": None, "municipality": None}
            if outside:
                turn.say("utter_outside", custom, place=outside)
            else:
                partner = Place().partner(turn.directory).name[turn.language]
                turn.say("utter_unknown_place", custom, partner=partner)
            return []
        if turn.place.ags:
            await turn.set_case_place(turn.place.ags)
        topic = turn.slot("last_topic")
        told_before = topic in knowledge() and topic != PLACE_TOPIC and turn.place.known
        just_answered = (turn.slot("last_turn") or {}).get("topic") == topic
        if told_before:
            answer = knowledge()[topic]
            found = local_parts(turn, answer)
            if found:
                await turn.log_turn(topic, "answered")
                if just_answered:
                    give_local_parts(turn, answer, found)
                else:
                    give_answer(turn, answer)
                return topic_events(turn, topic)
            if just_answered and not topic.startswith(JAPANESE_AREA):
                turn.say("utter_same_everywhere", topic=answer.title[turn.language], place=turn.names(turn.places))
        await turn.log_turn(PLACE_TOPIC, "answered")
        told = tell_partner(turn)
        # what is asked next may still be about the topic; and while it is open which place is meant, its question stays
        return told if told_before or not turn.place.known else [*told, slot_set("last_topic", PLACE_TOPIC)]
