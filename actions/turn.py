"""What an action needs to know of a turn, read once from the tracker."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Any, TypeVar

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.directory import Directory, Partner, get_directory
from bot.knowledge.loader import Knowledge, load_knowledge
from bot.knowledge.wording import text as wording_text
from bot.languages import LANGUAGES
from bot.nlu.text import unshield
from bot.settings import get_settings
from cases.states import CaseLogUnavailable
from cases.store import CaseStore, open_store

logger = logging.getLogger(__name__)

FALLBACK_LANGUAGE = "en"
LEAST_LIKELY = 0.01  # of a topic that is suggested beside another one

Result = TypeVar("Result")
Event = dict[str, Any]


MOST_NAMED = 3  # of a message, for which what holds there is told


@lru_cache(maxsize=1)
def knowledge() -> Knowledge:
    """The answers of this process, read once."""
    return load_knowledge(get_settings().data_dir)


@lru_cache(maxsize=1)
def store() -> CaseStore:
    """The case log of this process."""
    return open_store()


async def in_case_log(call: Callable[..., Result], *args: Any, **values: Any) -> Result:
    """Run a call of the case log beside the event loop. Raises ``CaseLogUnavailable`` like the call itself."""
    return await asyncio.to_thread(call, *args, **values)


@dataclass(frozen=True)
class Place:
    """Where the conversation is about: a municipality, or a whole partner region; both None while unknown."""

    ags: str | None = None
    region: str | None = None

    @property
    def known(self) -> bool:
        """Whether a municipality or a region is known."""
        return bool(self.ags or self.region)

    def partner(self, directory: Directory) -> Partner:
        """The partner in charge; the statewide one while the place is unknown."""
        return directory.partner(self.region) if self.region else directory.responsible_partner(self.ags)

    def name(self, directory: Directory, language: str) -> str:
        """The place's name in a language; empty while unknown."""
        if self.ags:
            return directory.municipality(self.ags).name[language]
        return directory.partner(self.region).region[language] if self.region else ""


class Turn:
    """One turn of a conversation: who, in which language, about which place, and what was said."""

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.dispatcher, self.tracker = dispatcher, tracker
        self.directory = get_directory()
        self.conversation_id: str = tracker.sender_id
        self.metadata: dict[str, Any] = tracker.latest_message.get("metadata") or {}
        self.language = self._language()
        self.text: str = unshield(tracker.latest_message.get("text") or "")
        self.intent: str = (tracker.latest_message.get("intent") or {}).get("name") or ""

    def _language(self) -> str:
        for known in (self.slot("language"), self.metadata.get("page_language")):
            if known in LANGUAGES:
                return str(known)
        return FALLBACK_LANGUAGE

    def slot(self, name: str) -> Any:
        """The value of a slot, None while unset."""
        return self.tracker.get_slot(name)

    def entity(self, name: str) -> Any:
        """The first value of an entity in the latest message, None without one."""
        return next((each["value"] for each in self.entities(name)), None)

    def entities(self, name: str) -> list[dict[str, Any]]:
        """All entities of a kind in the latest message."""
        return [each for each in self.tracker.latest_message.get("entities") or [] if each["entity"] == name]

    @property
    def just_asked(self) -> str | None:
        """What a plain yes or no refers to; None unless the bot asked it in its very last turn."""
        asked: list[Any] = []
        users = 0
        for event in reversed(self.tracker.events):
            kind = event.get("event")
            if kind == "session_started":
                # slots are carried over into a new session; what was asked hours ago is not
                return None
            users += kind == "user"
            if users > 1:
                break
            if users == 1 and kind == "slot" and event.get("name") == "pending":
                asked.append(event.get("value"))
        return asked[0] if asked else None

    @property
    def topic(self) -> str | None:
        """The topic that was asked for, by words or by button."""
        named = self.entity("topic")
        if named in knowledge():
            return str(named)
        chosen = (self.tracker.latest_message.get("response_selector") or {}).get(self.intent) or {}
        name = (chosen.get("response") or {}).get("intent_response_key")
        return name if name in knowledge() else None

    @property
    def further_topics(self) -> list[str]:
        """Topics that the message asks for beside ``topic``, in its order; empty where a topic was chosen by button."""
        if self.entity("topic"):
            return []
        return [each for each in self.tracker.latest_message.get("further_topics") or [] if each in knowledge()]

    def suggestions(self, most: int = 3) -> list[str]:
        """Topics that may be meant, best first; those beside the first one only while they are at all likely."""
        ranking = self.tracker.latest_message.get("intent_ranking") or []
        topics = [each for each in ranking if each["name"] in knowledge()][:most]
        return [each["name"] for each in topics if each is topics[0] or each["confidence"] >= LEAST_LIKELY]

    def mentioned_places(self) -> list[Place]:
        """The places a message can mean; several where a name is shared."""
        keys: list[str] = []
        for each in self.entities("place"):
            keys += [ags for ags in _as_list(each["value"]) if ags in self.directory.municipalities]
            # of several names the first one counts; of one name all that bear it
            if keys:
                break
        regions = [each["value"] for each in self.entities("region") if each["value"] in self.directory.partners]
        return [Place(ags=ags) for ags in keys] or [Place(region=region) for region in regions[:1]]

    @property
    def places(self) -> list[Place]:
        """The places that the message names beyond doubt, in its order; where it names none, the conversation's."""
        named = [Place(ags=ags) for ags in map(self._only_one, self.entities("place")) if ags]
        in_charge = {place.partner(self.directory).id for place in named}
        # "Meerbusch im Rhein-Kreis Neuss" is one place
        regions = [each["value"] for each in self.entities("region") if each["value"] in self.directory.partners]
        named += [Place(region=region) for region in regions if region not in in_charge]
        if not named and not self.mentioned_places() and self.kept_place.known:
            return [self.kept_place]
        return list(dict.fromkeys(named))[:MOST_NAMED]

    def _only_one(self, entity: dict[str, Any]) -> str | None:
        bearers = [ags for ags in _as_list(entity["value"]) if ags in self.directory.municipalities]
        return bearers[0] if len(bearers) == 1 else None

    def names(self, places: Sequence[Place]) -> str:
        """The names of places as a list in the user's language."""
        return self.listed(place.name(self.directory, self.language) for place in places)

    @property
    def place(self) -> Place:
        """The place of the message, else of the conversation; unknown while several are possible."""
        mentioned = self.mentioned_places()
        if len(mentioned) == 1:
            return mentioned[0]
        return Place() if mentioned else self.kept_place

    @property
    def kept_place(self) -> Place:
        """The place of the conversation, whatever the message names."""
        kept = self.slot("place")
        return Place(kept.get("ags"), kept.get("region")) if isinstance(kept, dict) else Place()

    @property
    def _routed(self) -> bool:
        # the contact data went to one partner, by consent; a question about another place does not pass them on
        return self.slot("case_state") in ("waiting", "with_person")

    def place_events(self) -> list[Event]:
        """Keeps the place of the message for the turns that follow."""
        place = self.place
        return [slot_set("place", {"ags": place.ags, "region": place.region})] if place.known else []

    def say(self, response: str, custom: dict[str, Any] | None = None, **values: Any) -> None:
        """Send a response of the domain in the user's language, with what the turn is beside it.

        ``values`` fill the placeholders; ``buttons`` among them are added.
        """
        if custom is not None:
            values["json_message"] = {"language": self.language, **custom}
        self.dispatcher.utter_message(response=response, **values)

    def words(self, key: str, **values: Any) -> str:
        """One of the project's texts in the user's language."""
        return wording_text(key, self.language, **values)

    def listed(self, values: Iterable[str]) -> str:
        """Some words as a list in the user's language; empty without any."""
        words = list(values)
        return reduce(lambda one, other: self.words("list_of_two", one=one, other=other), words) if words else ""

    def button(self, key: str, payload: str, **values: Any) -> dict[str, str]:
        """A button with a text of the project as its label."""
        return {"title": self.words(key, **values), "payload": payload}

    def topic_button(self, topic: str) -> dict[str, str]:
        """A button that asks for a topic."""
        title = knowledge()[topic].title[self.language]
        return {"title": title, "payload": f'/show_topic{{"topic": "{topic}"}}'}

    def contact(self, partner: Partner) -> str:
        """A partner's public contact, one entry a line; what is not confirmed is left out."""
        lines = [
            self.words(f"contact_{kind}", value=value)
            for kind, value in (
                ("website", partner.website),
                ("phone", partner.phone),
                ("email", partner.email),
                ("address", partner.postal_address),
            )
            if value
        ]
        spoken = self.listed(self.words(f"language_{code}") for code in partner.languages)
        return "\n".join(f"- {line}" for line in [*lines, self.words("contact_languages", value=spoken)])

    async def log_turn(self, topic: str | None, outcome: str) -> None:
        """Record the turn in the case log; a question is answered even while the log is away."""
        place = self.place
        try:
            await in_case_log(
                store().record_turn,
                self.conversation_id,
                topic=topic,
                outcome=outcome,
                language=self.language,
                municipality=None if self._routed else place.ags,
                site=self.metadata.get("site"),
                page_language=self.metadata.get("page_language"),
                page_url=self.metadata.get("page_url"),
            )
        except CaseLogUnavailable:
            logger.error("The case log is away: a turn with outcome %s was answered but not recorded.", outcome)

    async def set_case_place(self, ags: str) -> None:
        """Let the open case follow the place until it is handed over; without a case there is nothing to do."""
        if self._routed:
            return
        try:
            await in_case_log(store().set_place, self.conversation_id, ags)
        except CaseLogUnavailable:
            logger.error("The case log is away: the place of a case was not recorded.")


def slot_set(name: str, value: Any) -> Event:
    """The event that sets a slot."""
    return {"event": "slot", "timestamp": None, "name": name, "value": value}


def _as_list(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]
