"""Turns a ranking of intents into what the conversation does: answer, suggest, decline, or take a form's input.

Rasa's own fallback classifier knows one threshold; this one applies the calibrated outcome and knows the state of the
conversation, because what a person types into a form, or to a member of staff, is not a question to the program.
"""

from functools import lru_cache
from typing import Any, Dict, FrozenSet, List, Optional, Type

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.lang.de.stop_words import STOP_WORDS as GERMAN_STOP_WORDS
from spacy.lang.en.stop_words import STOP_WORDS as ENGLISH_STOP_WORDS
from spacy.lang.ja.stop_words import STOP_WORDS as JAPANESE_STOP_WORDS

from bot.directory import JAPANESE_AREA, PLACE_TOPIC
from bot.nlu.calibration import OFF_TOPIC, Outcome
from bot.nlu.classifier import OUTCOME_KEY
from bot.nlu.entries import agrees, corrects
from bot.nlu.parts import comes_from_japan, is_elsewhere, suggest_of_each, take_question, without_parts
from bot.nlu.places import place_words
from bot.nlu.text import LONGEST, fold, has_words, is_command, is_question, normalise, unshield
from bot.nlu.tokens import blank_pipeline

# taken at lower confidence: a wrong greeting costs nobody anything
SMALL_TALK = frozenset({"greet", "thanks", "goodbye", "bot_challenge", "menu", "repeat", "affirm", "deny", "cancel"})
SMALL_TALK_CONFIDENCE = 0.35
# what only makes sense after a topic; behind one it need only be the likeliest, as it leads back to that topic
ASPECTS = frozenset({"aspect_cost", "aspect_time", "aspect_papers", "aspect_office"})
FOLLOW_UP_CONFIDENCE = 0.35
# what is heard in the middle of a form, whatever is asked for
ALWAYS_HEARD = frozenset({"cancel", "case_status", "privacy", "delete_data", "change_language"})
# what a question in the middle of a form may be besides one for a topic; all else is outside of what is answered
HEARD_AS_QUESTION = ALWAYS_HEARD | ASPECTS | {"nlu_fallback", "bot_challenge", "menu"}
# answers to a yes-or-no question of a form
YES_OR_NO = frozenset({"affirm", "deny", "skip", "correct"})
REFUSALS = YES_OR_NO - {"affirm"}
# slots of forms in which a question is what is asked for, or in which words of a topic are likely a name
TAKES_ANY_TEXT = frozenset({"concern", "company", "contact_name"})
FREE_TEXT = frozenset({"concern"})
HANDOFF_ENTRIES = frozenset({"consent", "company", "contact_name", "email", "phone", "municipality", "confirm"})
YES_NO_SLOTS = frozenset({"consent", "confirm"})
QUESTION_WORDS = 4  # a confident topic of more words in a name's place is a question, not a name
LONG_REFUSAL = 12
COMMAND_WORDS = 6  # longer texts in a concern's place are the concern, whatever they resemble

_STOP_WORDS = GERMAN_STOP_WORDS | ENGLISH_STOP_WORDS | JAPANESE_STOP_WORDS


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class OutcomeDecider(GraphComponent, IntentClassifier):
    """Replaces the best intent where the outcome or the state of the conversation asks for another."""

    @classmethod
    def required_components(cls) -> List[Type]:  # type: ignore[type-arg]
        return [IntentClassifier]

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "OutcomeDecider":
        return cls()

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        """Decide for each typed message; what a button sent is left alone. Parts of a message end here."""
        messages = without_parts(messages)
        for message in messages:
            text = unshield(message.get(TEXT) or "")
            if message.get(INTENT) is not None and not is_command(message.get(TEXT) or ""):
                decided = self._decide(message, text, tracker)
                if decided:
                    confidence = (message.get(INTENT) or {}).get("confidence", 1.0)
                    message.set(INTENT, {"name": decided, "confidence": confidence}, add_to_output=True)
        return messages

    def _decide(self, message: Message, text: str, tracker: Optional[DialogueStateTracker]) -> Optional[str]:
        slots = tracker.current_slot_values() if tracker else {}
        if slots.get("case_state") == "with_person":
            return "to_person"
        if len(text) > LONGEST:
            return "too_long"
        # the slot alone outlives a form that ended with its session
        form_slot = slots.get("requested_slot") if tracker and tracker.active_loop_name else None
        if form_slot:
            return _in_form(message, text, form_slot)
        if _names_only_a_place(message, text):
            return "inform_place"
        if not has_words(normalise(text)):
            return "unreadable"
        if take_question(message):
            return None
        if slots.get("last_topic") and _follows_up(message):
            return None
        decided = _by_outcome(message)
        if decided == "nlu_fallback":
            suggest_of_each(message)
        return decided


def _follows_up(message: Message) -> bool:
    """Whether a message most likely asks for an aspect of the last topic, or for that topic in another place."""
    ranking = message.get(INTENT_RANKING_KEY) or []
    if not ranking or ranking[0]["confidence"] < FOLLOW_UP_CONFIDENCE:
        return False
    name = ranking[0]["name"]
    return name in ASPECTS or (name == "inform_place" and _names_place(message))


def _by_outcome(message: Message) -> Optional[str]:
    ranking = message.get(INTENT_RANKING_KEY) or []
    best: Dict[str, Any] = ranking[0] if ranking else {"name": OFF_TOPIC, "confidence": 0.0}
    if best["name"] in SMALL_TALK and best["confidence"] >= SMALL_TALK_CONFIDENCE:
        return None
    outcome = message.get(OUTCOME_KEY)
    if outcome == Outcome.ANSWER.value:
        # the answers hold for North Rhine-Westphalia and Tokyo: what names another country is at most suggested, and
        # who says to come from Tokyo hardly asks for the way there
        doubtful = "/" in best["name"] and is_elsewhere(message)
        doubtful = doubtful or (best["name"].startswith(JAPANESE_AREA) and comes_from_japan(message.get(TEXT) or ""))
        return "nlu_fallback" if doubtful else None
    if outcome == Outcome.SUGGEST.value:
        # who is in charge of a place that is named: nobody need ask what is meant
        return None if best["name"] == PLACE_TOPIC and _names_place(message) else "nlu_fallback"
    return OFF_TOPIC


def _names_place(message: Message) -> bool:
    return any(each["entity"] in ("place", "region") for each in message.get(ENTITIES) or [])


def _in_form(message: Message, text: str, form_slot: str) -> Optional[str]:
    """What a message means while a form asks for ``form_slot``; None keeps the understood intent."""
    intent = (message.get(INTENT) or {}).get("name")
    sure = message.get(OUTCOME_KEY) == Outcome.ANSWER.value
    words = len([token for token in blank_pipeline(message.get("language") or "en")(text) if not token.is_punct])
    if form_slot in YES_NO_SLOTS and intent in YES_OR_NO:
        return None
    if form_slot == "consent" and agrees(text):
        return "affirm"
    if form_slot in HANDOFF_ENTRIES and (form_slot not in FREE_TEXT or words <= COMMAND_WORDS) and corrects(text):
        return "form_input"
    if sure and intent in ALWAYS_HEARD and (form_slot not in FREE_TEXT or words <= COMMAND_WORDS):
        return None
    # no name is as long as a refusal may be; but "Yes" may stand in one
    if sure and intent in YES_OR_NO and (form_slot not in TAKES_ANY_TEXT or words <= _most_words(intent, form_slot)):
        return None
    if form_slot in FREE_TEXT or (form_slot == "municipality" and _names_only_a_place(message, text)):
        return "form_input"
    if form_slot in HANDOFF_ENTRIES and is_question(text):
        return _question_in_form(message)
    if not sure or "/" not in _best_name(message):
        return "form_input"
    asks = text.rstrip().endswith("か") or words > QUESTION_WORDS
    return "form_input" if form_slot in TAKES_ANY_TEXT and not asks else None


def _most_words(intent: str, form_slot: str) -> int:
    return LONG_REFUSAL if intent in REFUSALS and form_slot not in FREE_TEXT else QUESTION_WORDS


def _question_in_form(message: Message) -> Optional[str]:
    decided = _by_outcome(message)
    name = decided or _best_name(message)
    return decided if "/" in name or name in HEARD_AS_QUESTION else OFF_TOPIC


def _best_name(message: Message) -> str:
    ranking = message.get(INTENT_RANKING_KEY) or [{"name": ""}]
    return str(ranking[0]["name"])


@lru_cache(maxsize=1)
def _place_fillers() -> FrozenSet[str]:
    return frozenset(fold(word) for word in place_words()["place_fillers"])


def _names_only_a_place(message: Message, text: str) -> bool:
    """Whether nothing is left of a message without the places it names and words that carry no question."""
    places = [each for each in message.get(ENTITIES) or [] if each["entity"] in ("place", "region", "outside")]
    if not places:
        return False
    # positions refer to the text as Rasa holds it, shield included
    rest = message.get(TEXT)
    for each in sorted(places, key=lambda found: -found["start"]):
        rest = f"{rest[: each['start']]} {rest[each['end'] :]}"
    fillers = _place_fillers()
    tokens = [fold(token.text) for token in blank_pipeline(message.get("language") or "en")(rest)]
    return all(not has_words(token) or token in fillers or token in _STOP_WORDS for token in tokens)
