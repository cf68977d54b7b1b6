"""Which of the three languages a message is written in, and which language the reply takes.

Japanese is told by its script; German and English by function words first (spaCy's stop words), then by lingua. What
is too short or too mixed to tell keeps the language of the conversation. An explicit choice of the user wins until
it is revoked.
"""

import re
from functools import lru_cache
from typing import Any, Dict, FrozenSet, List, Optional

from lingua import Language, LanguageDetector, LanguageDetectorBuilder
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from spacy.lang.de.stop_words import STOP_WORDS as GERMAN_STOP_WORDS
from spacy.lang.en.stop_words import STOP_WORDS as ENGLISH_STOP_WORDS

from bot.languages import LANGUAGES
from bot.nlu.places import get_gazetteer, place_words
from bot.nlu.text import has_han, has_kana, is_command, is_question, normalise

DEFAULT_LANGUAGE = "en"
LANGUAGE_KEY = "language"
# how many words it takes to change the language of a conversation, and while a form asks for names and addresses
WORDS = 3
WORDS_IN_FORM = 5

_GERMAN_ONLY = frozenset(GERMAN_STOP_WORDS - ENGLISH_STOP_WORDS)
_ENGLISH_ONLY = frozenset(ENGLISH_STOP_WORDS - GERMAN_STOP_WORDS)
CLEAR = 2  # function words of one language more than of the other: nothing else need be looked at
# entries of a form that are names or numbers: they say nothing about the language of who types them
NAME_SLOTS = frozenset({"company", "contact_name", "email", "phone", "municipality"})

_WORD = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|www\.\S+", re.IGNORECASE)
_HIRAGANA = re.compile(r"[\u3041-\u309f]")
_JAPANESE = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff]+")
_UMLAUT = re.compile(r"[äöüß]", re.IGNORECASE)
# Hepburn and Kunrei syllables; a message whose every word fits and that has a particle is Japanese in Latin letters
_ROMAJI_WORD = re.compile(r"(?:(?:[kgsztdnhbpmyrwjfv]|sh|ch|ts|[kgnhbpmrjc]y)?[aiueo]|n|([kstpc])(?=\1))+")
# particles, endings and what asks: one of them makes Japanese of words that might be Italian
_ROMAJI_PARTICLES = frozenset(
    {
        *("no", "wo", "wa", "ga", "ni", "desu", "masu", "ka", "kudasai", "shitai", "desuka"),
        *("ikura", "itsu", "itsumade", "doko", "dare", "nani", "naze", "hitsuyou", "hitsuyo", "oshiete", "shitai"),
    }
)
# German names that stand in English sentences as they are; they say nothing about the sentence around them
_LEGAL_FORMS = re.compile(
    r"\b(?:g?gmbh|ug|ag|kg|ohg|gbr|kk|gk|handelsregister|gewerbeanmeldung|elster)\b", re.IGNORECASE
)


@lru_cache(maxsize=1)
def _detector() -> LanguageDetector:
    return LanguageDetectorBuilder.from_languages(Language.GERMAN, Language.ENGLISH, Language.JAPANESE).build()


def tells_clearly(text: str, least_words: int = WORDS) -> bool:
    """Whether a text is long enough to change the language of a conversation: names and keywords are not."""
    text = _ADDRESS.sub(" ", normalise(text))
    return has_kana(text) or has_han(text) or len(_WORD.findall(_LEGAL_FORMS.sub(" ", text))) >= least_words


def detect(text: str) -> Optional[str]:
    """``de``, ``en`` or ``ja``, or ``None`` where the text is too short or too mixed to tell."""
    text = _ADDRESS.sub(" ", normalise(text))
    if has_kana(text) or has_han(text):
        text = _JAPANESE.sub(" ", text) if _only_names_in_japanese(text) else text
        if has_kana(text) or has_han(text):
            return "ja"
    words = _words(text)
    if not words:
        return None
    if _is_romaji(words):
        return "ja"
    german = sum(word in _GERMAN_ONLY for word in words)
    english = sum(word in _ENGLISH_ONLY for word in words)
    if abs(german - english) < CLEAR:
        # names of places say nothing of the language, nor do their umlauts
        text = _without_places(text)
        words = _words(text)
        if _is_romaji(words):
            return "ja"
        german += len(_UMLAUT.findall(text))
        if german == english == 0 and all(word in _german_words() for word in words):
            german = len(words)
    if _decides(german, english):
        return "de" if german > english else "en"
    return _by_detector(" ".join(words)) if words else None


def _words(text: str) -> List[str]:
    return [word.casefold() for word in _WORD.findall(_LEGAL_FORMS.sub(" ", text))]


def _decides(german: int, english: int) -> bool:
    return german != english and abs(german - english) >= max(1, min(german, english))


@lru_cache(maxsize=1)
def _german_words() -> FrozenSet[str]:
    return frozenset(word.casefold() for word in place_words()["german_words"])


def written_language(text: str, tracker: Optional[DialogueStateTracker] = None) -> Optional[str]:
    """The language of a message within its conversation; ``None`` for what is a name in any language."""
    if tracker and tracker.active_loop_name and tracker.get_slot("requested_slot") in NAME_SLOTS:
        return detect(text) if is_question(text) else None
    return detect(text)


def _without_places(text: str) -> str:
    """A message in Latin letters without the places it names: they say nothing of its language."""
    if has_kana(text) or has_han(text):
        return text
    for found in reversed(get_gazetteer().find(text)):
        if found.entity in ("place", "region", "outside"):
            text = f"{text[: found.start]} {text[found.end :]}"
    return text


def _by_detector(text: str) -> Optional[str]:
    best = _detector().compute_language_confidence_values(text)[0]
    # a single short word of either language scores close to even: better keep what we know
    if best.value < 0.75 or len(text) < 4:
        return None
    return {Language.GERMAN: "de", Language.ENGLISH: "en", Language.JAPANESE: "ja"}[best.language]


def _only_names_in_japanese(text: str) -> bool:
    """Whether a sentence in another language only names things in Japanese: "Do we need 就業規則 for the GmbH?"."""
    words = [word.casefold() for word in _WORD.findall(_JAPANESE.sub(" ", text))]
    return (
        not _HIRAGANA.search(text)
        and len(words) >= WORDS
        and any(word in GERMAN_STOP_WORDS or word in ENGLISH_STOP_WORDS for word in words)
    )


def _is_romaji(words: List[str]) -> bool:
    """Whether words are Japanese in Latin letters. "wo" and "no" are words of other languages, too."""
    others = [word for word in words if word not in _ROMAJI_PARTICLES]
    return (
        len(words) >= 2
        and len(others) < len(words)
        and all(_ROMAJI_WORD.fullmatch(word) for word in words)
        and not any(word in _GERMAN_ONLY for word in others)
    )


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class LanguageRecognizer(GraphComponent):
    """Marks each message with its language and adds the entity that fills the slot ``language``."""

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "LanguageRecognizer":
        return cls()

    def process(self, messages: List[Message], tracker: Optional[DialogueStateTracker] = None) -> List[Message]:
        """Set ``language`` on each message; explicit choice, then the text, then the conversation, then English."""
        slots = tracker.current_slot_values() if tracker else {}
        for message in messages:
            if is_command(message.get(TEXT) or ""):
                continue
            written = written_language(message.get(TEXT) or "", tracker)
            page = (message.get("metadata") or {}).get("page_language")
            known = slots.get("language") or (page if page in LANGUAGES else None)
            # a name or an address typed into a form says nothing of the language somebody reads
            least = WORDS_IN_FORM if slots.get("requested_slot") else WORDS
            # nor does "im in Essen": without the place too little is left to tell
            if known and written != known and not tells_clearly(_without_places(message.get(TEXT) or ""), least):
                written = known
            language = slots.get("language_choice") or written or known or DEFAULT_LANGUAGE
            message.set(LANGUAGE_KEY, written or language)
            message.set("reply_language", language, add_to_output=True)
            entity = {"entity": "language", "value": language, "start": 0, "end": 0, "extractor": "LanguageRecognizer"}
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), entity], add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Mark training examples with their language, so that each is split into tokens by its own rules."""
        for message in training_data.training_examples:
            message.set(LANGUAGE_KEY, detect(message.get(TEXT) or "") or DEFAULT_LANGUAGE)
        return training_data
