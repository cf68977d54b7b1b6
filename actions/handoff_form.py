"""The handoff form: takes what is typed or pressed for the entry asked for, and says what is wrong with it."""

import re
from contextlib import suppress
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import ENTRIES, chosen_place
from actions.turn import Event, Turn, knowledge, slot_set
from bot.nlu.entries import agrees, bare_name, corrects, goes_back, named_field
from bot.nlu.places import get_gazetteer
from bot.nlu.text import LONGEST, is_command, normalise
from bot.settings import get_settings

LONGEST_NAME = 200
_ADDRESS = re.compile(r"[^\s@<>()、。「」:：]+@[\w.-]+")
# what people type between the parts of a number; normal form leaves it as it is
_DASHES = re.compile("[‐‑‒–—―−ー－]")
PHONE_REGIONS = ("JP", "DE")
WAYS = ("email", "phone")  # to reach somebody; one of them is enough
SENTENCE = 3  # words
LONGEST_CORRECTION = 80  # characters: a longer text in the concern's place is the concern
SHORTEST_REMARK = 5  # characters of a single word in place of a company's name that are worth keeping
# what is heard in the middle of the form, beside topics; each has its rule in data/rules/rules.yml
HEARD_MEANWHILE = frozenset(
    {
        "nlu_fallback", "out_of_scope", "show_area", "menu", "feedback", "privacy", "delete_data", "case_status",
        "change_language", "set_language", "bot_challenge", "aspect_cost", "aspect_time", "aspect_papers",
        "aspect_office", "staff_event",
    }
)  # fmt: skip
END_OF_FORM = slot_set("requested_slot", None)


class InvalidEntry(ValueError):
    """An entry cannot be taken. ``response`` names the text that gives an example of a good one."""

    def __init__(self, response: str) -> None:
        super().__init__(response)
        self.response = response


def read_name(text: str, response: str) -> str:
    """A company's or a person's name: 1 to 200 characters with at least one letter, without a sentence around it."""
    name = bare_name(text)
    if not 0 < len(name) <= LONGEST_NAME or not any(sign.isalpha() for sign in name):
        raise InvalidEntry(response)
    return name


def read_email(text: str) -> str:
    """An e-mail address in normal form (RFC 5321 and 5322 as far as the library email-validator goes).

    It may stand in a sentence, of which the first address is taken; two words are more likely an address with a
    space in it.
    """
    address = _ADDRESS.search(normalise(text)) if len(text.split()) >= SENTENCE else None
    try:
        found = address.group() if address else normalise(text)
        return str(validate_email(found.removeprefix("mailto:").rstrip("."), check_deliverability=False).normalized)
    except EmailNotValidError as error:
        raise InvalidEntry("utter_invalid_email") from error


def read_phone(text: str) -> str:
    """A phone number in international form (E.164); without country code as one of Japan or Germany.

    It may stand in a sentence, of which the first number is taken.
    """
    number = _DASHES.sub("-", normalise(text))
    for region in PHONE_REGIONS:
        found = [match.number for match in phonenumbers.PhoneNumberMatcher(number, region)]
        with suppress(phonenumbers.NumberParseException):
            found.append(phonenumbers.parse(number, region))
        for each in found:
            if phonenumbers.is_valid_number(each):
                return str(phonenumbers.format_number(each, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    raise InvalidEntry("utter_invalid_phone")


def read_concern(text: str) -> str:
    """A concern in the user's words: 1 to 2,000 characters, line breaks kept."""
    concern = text.strip()
    if not 0 < len(concern) <= LONGEST or not any(sign.isalpha() for sign in concern):
        raise InvalidEntry("utter_invalid_concern")
    return concern


def read_place(text: str, directory: Any) -> str:
    """Municipality key or id of a partner's region that a text names; the first one where a name is shared."""
    for found in get_gazetteer().find(text):
        if found.entity in ("place", "region"):
            return found.value[0]
    places = directory.places(text)
    if places:
        return str(places[0].ags)
    raise InvalidEntry("utter_invalid_municipality")


def suggested_concern(turn: Turn) -> str | None:
    """A concern made of the topics that were asked for."""
    titles = [
        knowledge()[topic].title[turn.language] for topic in turn.slot("asked_topics") or [] if topic in knowledge()
    ]
    return turn.words("concern_from_topics", topics=turn.listed(titles)) if titles else None


class ValidateHandoffForm(Action):
    """Called by Rasa's form for each message while it runs; answers with the slots that the message fills."""

    def name(self) -> str:
        return "validate_handoff_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        asked = turn.slot("requested_slot")
        if asked is None:
            return []
        if turn.topic is not None or turn.intent in HEARD_MEANWHILE:
            # nothing taken: Rasa's form steps back, a rule answers and the form asks again
            return []
        if turn.intent == "cancel":
            return [slot_set("handoff_end", "cancelled"), slot_set(asked, None), END_OF_FORM]
        if turn.intent == "fill_form":
            return self._filled(turn)
        try:
            return self._entered(turn, asked)
        except InvalidEntry as wrong:
            turn.say(wrong.response)
            return [slot_set(asked, None)]

    def _entered(self, turn: Turn, asked: str) -> list[Event]:
        if turn.intent in ("too_long", "unreadable"):
            turn.say(f"utter_{turn.intent}")
            return [slot_set(asked, None)]
        if turn.intent in ("affirm", "deny", "skip") and turn.entity("field") not in (None, asked):
            # a button of an earlier step, or one pressed twice
            return [slot_set(asked, None)]
        if asked == "consent":
            return self._consent(turn)
        if asked in WAYS and not is_command(turn.text):
            # an address or a number is one, whatever stands around it
            with suppress(InvalidEntry):
                return self._way(turn, asked)
        corrected = self._correction(turn, asked)
        if corrected is not None:
            return corrected
        if asked == "confirm":
            return self._confirm(turn)
        if turn.intent == "skip" or (turn.intent == "deny" and asked != "concern"):
            return self._skip(turn, asked)
        if asked == "concern" and turn.intent == "affirm":
            return [slot_set("concern", suggested_concern(turn))]
        if asked == "municipality" and turn.mentioned_places():
            return self._place(turn)
        if is_command(turn.text):
            return [slot_set(asked, None)]
        if asked in WAYS:
            raise InvalidEntry(f"utter_invalid_{asked}")
        return [slot_set(asked, self._read(turn, asked, turn.text))]

    def _correction(self, turn: Turn, asked: str) -> list[Event] | None:
        """What an entry before is changed to, or that it is asked for again; None where nothing of it was said."""
        if is_command(turn.text) or (asked == "concern" and len(turn.text) > LONGEST_CORRECTION):
            return None
        field = corrects(turn.text)
        if field is None and turn.intent == "correct" and asked != "confirm":
            field = named_field(turn.text)
        if field is not None and (asked == "confirm" or turn.slot(field) is not None):
            value = None
            if field in WAYS:
                with suppress(InvalidEntry):
                    value = self._read(turn, field, turn.text)
            return [slot_set(field, value), slot_set(asked, None)]
        earlier = [entry for entry in ENTRIES if turn.slot(entry) is not None]
        if asked in ENTRIES and earlier and (goes_back(turn.text) or (turn.intent == "correct" and field is None)):
            return [slot_set(earlier[-1], None), slot_set(asked, None)]
        return None

    def _place(self, turn: Turn) -> list[Event]:
        places = turn.places or turn.mentioned_places()
        if len(places) == 1:
            return [slot_set("municipality", places[0].ags or places[0].region)]
        buttons = [
            {
                "title": place.name(turn.directory, turn.language),
                "payload": f'/inform_place{{"place": "{place.ags}"}}'
                if place.ags
                else f'/inform_place{{"region": "{place.region}"}}',
            }
            for place in places
        ]
        turn.say("utter_which_place", {"type": "handoff", "state": "form", "field": "municipality"}, buttons=buttons)
        return [slot_set("municipality", None)]

    def _way(self, turn: Turn, asked: str) -> list[Event]:
        """An address or a number, or both of them: whichever was asked for, neither is lost."""
        found: dict[str, str] = {}
        for way in WAYS:
            with suppress(InvalidEntry):
                found[way] = self._read(turn, way, turn.text)
        if not found:
            raise InvalidEntry(f"utter_invalid_{asked}")
        if asked == "email":
            # who gives a number there has no address to give
            return [
                slot_set("email", found.get("email", "")),
                *(slot_set(k, v) for k, v in found.items() if k != asked),
            ]
        return [slot_set(way, found.get(way)) for way in WAYS if way in found or way == asked]

    def _read(self, turn: Turn, entry: str, text: str) -> str:
        if entry in ("company", "contact_name"):
            return read_name(text, f"utter_invalid_{entry}")
        if entry == "email":
            return read_email(text)
        if entry == "phone":
            return read_phone(text)
        if entry == "municipality":
            return read_place(text, turn.directory)
        return read_concern(text)

    def _consent(self, turn: Turn) -> list[Event]:
        # a button says it, or words that say nothing else
        if turn.entity("field") == "consent" or is_command(turn.text):
            agreed = turn.intent == "affirm"
        else:
            agreed = turn.intent != "deny" and agrees(turn.text)
        if agreed:
            return [slot_set("consent", True)]
        if turn.intent == "deny":
            return [slot_set("consent", False), slot_set("handoff_end", "declined"), END_OF_FORM]
        raise InvalidEntry("utter_invalid_consent")

    def _skip(self, turn: Turn, asked: str) -> list[Event]:
        other = {"phone": "email", "email": "phone"}.get(asked)
        if other and turn.slot(other) == "":
            # somebody must be able to reply; both are asked for again
            turn.say("utter_need_contact")
            return [slot_set("email", None), slot_set("phone", None)]
        if asked in ("email", "phone", "municipality"):
            return [slot_set(asked, "")]
        if asked == "company":
            # "not founded yet" says something, "none" does not
            said = normalise(turn.text)
            typed = " " in said or len(said) > SHORTEST_REMARK
            return [slot_set("company", said if typed and not is_command(turn.text) else turn.words("not_given"))]
        raise InvalidEntry(f"utter_invalid_{asked}")

    def _confirm(self, turn: Turn) -> list[Event]:
        if turn.intent == "affirm":
            return [slot_set("confirm", "yes"), slot_set("handoff_end", "confirmed")]
        field = turn.entity("field") or named_field(turn.text)
        if field in ENTRIES:
            return [slot_set(field, None), slot_set("confirm", None)]
        if turn.intent in ("deny", "correct"):
            # the summary that follows has the buttons
            turn.say("utter_what_to_correct")
            return [slot_set("confirm", None)]
        raise InvalidEntry("utter_invalid_confirm")

    def _filled(self, turn: Turn) -> list[Event]:
        """All entries at once, from a form in the browser; what is wrong is told entry by entry."""
        events: list[Event] = []
        errors: dict[str, str] = {}
        values = {entry: str(turn.entity(entry) or "") for entry in ENTRIES}
        for entry, text in values.items():
            if entry in ("email", "phone", "municipality") and not text.strip():
                events.append(slot_set(entry, ""))
                continue
            try:
                events.append(slot_set(entry, self._read(turn, entry, text)))
            except InvalidEntry as wrong:
                errors[entry] = wrong.response
        if not values["email"].strip() and not values["phone"].strip():
            errors["email"] = "utter_need_contact"
        if turn.slot("consent") is not True:
            return [slot_set("consent", None)]
        if errors:
            custom = {"type": "handoff", "state": "form", "values": values}
            turn.say("utter_form_errors", {**custom, "errors": {k: _plain(turn, v) for k, v in errors.items()}})
            return [slot_set(turn.slot("requested_slot"), None)]
        return [*events, slot_set("confirm", None)]


def _plain(turn: Turn, response: str) -> str:
    from bot.knowledge.wording import get_wording

    text = get_wording().responses[response].text
    return text[turn.language] if text else ""


def correction_buttons(turn: Turn) -> list[dict[str, str]]:
    """One button for each entry that can be corrected, and one to stop."""
    buttons = [
        turn.button("correct_button", f'/correct{{"field": "{entry}"}}', field=turn.words(f"field_{entry}"))
        for entry in ENTRIES
    ]
    return [*buttons, turn.button("cancel_button", "/cancel")]


class AskConsent(Action):
    """Asks for consent first, and says what will happen with the data."""

    def name(self) -> str:
        return "action_ask_handoff_form_consent"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        buttons = [
            turn.button("yes_button", '/affirm{"field": "consent"}'),
            turn.button("no_button", '/deny{"field": "consent"}'),
        ]
        custom = {"type": "handoff", "state": "offered", "field": "consent"}
        turn.say("utter_ask_consent", custom, days=get_settings().retention_case_days, buttons=buttons)
        return []


class AskConcern(Action):
    """Asks for the concern, with what was asked so far as a suggestion."""

    def name(self) -> str:
        return "action_ask_handoff_form_concern"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        concern = suggested_concern(turn)
        custom = {"type": "handoff", "state": "form", "field": "concern", "suggestion": concern}
        cancel = turn.button("cancel_button", "/cancel")
        if concern:
            buttons = [turn.button("use_suggestion_button", '/affirm{"field": "concern"}'), cancel]
            turn.say("utter_ask_concern_prefilled", custom, concern=concern, buttons=buttons)
        else:
            turn.say("utter_ask_concern", custom, buttons=[cancel])
        return []


class AskConfirm(Action):
    """Shows everything that was entered, and asks whether it may be sent."""

    def name(self) -> str:
        return "action_ask_handoff_form_confirm"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[Event]:
        turn = Turn(dispatcher, tracker)
        place = chosen_place(turn)
        partner = place.partner(turn.directory)
        values = {entry: turn.slot(entry) or turn.words("not_given") for entry in ENTRIES}
        turn.say(
            "utter_ask_confirm",
            {"type": "handoff", "state": "form", "field": "confirm", "partner": partner.id},
            partner=partner.name[turn.language],
            place=place.name(turn.directory, turn.language) or turn.words("place_open"),
            buttons=[turn.button("send_button", '/affirm{"field": "confirm"}'), *correction_buttons(turn)],
            **{name: value for name, value in values.items() if name != "municipality"},
        )
        return []
