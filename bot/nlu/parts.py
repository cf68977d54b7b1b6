"""Takes a message that holds several questions apart, so that none of them is lost.

Messages part at sentence ends and at the connectives of ``data/directory/questions.yml``. Only what asks counts: a
greeting, thanks and an explanation of the situation are no questions. The parts join the message on its way through
encoder and classifier, in the same batch, and leave it again where the outcome is decided.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Dict, Iterable, List, Tuple, Type

import yaml
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import ENTITIES, INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.calibration import Outcome
from bot.nlu.classifier import OUTCOME_KEY
from bot.nlu.text import LONGEST, any_of, has_han, has_kana, has_words, is_command, word_pattern
from bot.settings import get_settings

PARTS_KEY = "parts"  # of a message: the messages made of its questions
WHOLE_KEY = "part_of_a_message"  # marks those
FURTHER_KEY = "further_topics"  # of a message: topics that were asked for beside the one that is answered
MOST_PARTS = 4  # questions of one message that are understood on their own; each costs time
MOST_FURTHER = 3
# Beside a question that is clear enough, one before it is answered from here on. The threshold for a whole message is
# bound by off-topic ones, and whoever asks one thing that is answered here hardly strays with the other; of phrases of
# topics, held back from training, that are as likely 95 in 100 are right.
LIKELY = 0.95
OFFERED = 0.5  # a button costs nobody a wrong answer: more likely than not
KEYWORDS = 4  # a line of no more words names a topic, as advisers type
KEYWORD_SIGNS = 14  # the same in Japanese, which is written without spaces
YEAR = 4  # digits

_END = re.compile(r"[?？!！。｡;；\r\n]+|\.{2,}|…+|(?<=\w)\.(?=\s)")
_ASKS = re.compile(r"[?？]")
_LISTED = re.compile(r"[;；\r\n]")
_LAST_WORD = re.compile(r"(\w+)$")
_EDGES = " \t\u3000,、:：–—-・•*\"'„“”»«()（）「」\u2060"


@dataclass(frozen=True)
class Part:
    """A stretch of a message: its text, where it stands, and how it was parted from the next one.

    ``joined``: a connective leads it in, so that what went before is a matter of its own. ``end``: the signs behind.
    """

    text: str
    start: int
    stop: int
    end: str = ""
    joined: bool = False


class Words:
    """The patterns of ``data/directory/questions.yml``, its languages together: a message may hold two of them."""

    def __init__(self, content: Dict[str, Any]) -> None:
        self.aspects = {
            name: word_pattern([word for each in by.values() for word in each])
            for name, by in content.pop("aspects").items()
        }
        words = {name: [word for each in by.values() for word in each] for name, by in content.items()}
        self.connective = word_pattern(words["connectives"])
        openers = word_pattern(words["openers"]).pattern
        self.joint = re.compile(rf"(?:{word_pattern(words['joints']).pattern})\s+(?={openers})", re.IGNORECASE)
        self.first_word = re.compile(rf"(?:{word_pattern(words['first_words']).pattern})[\s,、:：]+", re.IGNORECASE)
        self.greeting = re.compile(rf"(?:{word_pattern(words['greetings']).pattern})[\s,、:：]+", re.IGNORECASE)
        self.alternative = word_pattern(words["alternatives"])
        self.opener = re.compile(openers, re.IGNORECASE)
        self.request = word_pattern(words["requests"])
        self.wish = word_pattern(words["wishes"])
        self.ending = re.compile(f"(?:{any_of(words['endings'])})$")
        self.origin = word_pattern(words["origins"])
        self.refusal = word_pattern(words["refusals"])
        self.clause_end = re.compile(rf"[,;.!?、。！？]|{word_pattern(words['clauses']).pattern}", re.IGNORECASE)
        self.abbreviations = frozenset(word.casefold() for word in words["abbreviations"])

    def asks(self, part: Part) -> bool:
        """Whether a part asks for something, by its sign, its first words, its last ones, or as a request."""
        return bool(
            _ASKS.search(part.end)
            or self.opener.match(part.text)
            or self.ending.search(part.text)
            or self.request.search(part.text)
        )


@lru_cache(maxsize=1)
def question_words() -> Words:
    """The patterns of this process, read once."""
    path = get_settings().data_dir / "directory" / "questions.yml"
    return Words(yaml.safe_load(path.read_text(encoding="utf-8")))


def split(text: str) -> List[Part]:
    """The parts of a message in their order; one of them, or none, where there is nothing to part."""
    words = question_words()
    found: List[Part] = []
    start = 0
    for cut in [*_ends(text, words), None]:
        stop = cut.start() if cut else len(text)
        found += _sentence(text, start, stop, cut.group() if cut else "", words)
        start = cut.end() if cut else stop
    return found


def _ends(text: str, words: Words) -> List["re.Match[str]"]:
    return [cut for cut in _END.finditer(text) if cut.group() != "." or _is_full_stop(text[: cut.start()], words)]


def _is_full_stop(before: str, words: Words) -> bool:
    last = _LAST_WORD.search(before)
    word = last.group().casefold() if last else ""
    numbered = word.isdigit() and len(word) < YEAR  # "3. Mai" goes on, "seit 2026." does not
    return len(word) > 1 and not numbered and word not in words.abbreviations


def _sentence(text: str, start: int, stop: int, end: str, words: Words) -> List[Part]:
    """The parts of one sentence, parted at connectives and where a joint leads on to a question."""
    cuts = [(cut.start(), cut.end()) for cut in words.connective.finditer(text, start, stop)]
    for cut in words.joint.finditer(text, start, stop):
        if all(cut.end() <= other[0] or cut.start() >= other[1] for other in cuts):
            cuts.append((cut.start(), cut.end()))
    found: List[Part] = []
    joined = False
    for begin, after in [*sorted(cuts), (stop, stop)]:
        # what the sentence ends with says how its last part ends
        part = _trimmed(text, start, begin, end if after == stop else "", joined, words)
        if part is not None:
            found.append(part)
        start, joined = after, True
    return found


def _trimmed(text: str, start: int, stop: int, end: str, joined: bool, words: Words) -> "Part | None":
    while start < stop and text[start] in _EDGES:
        start += 1
    while stop > start and text[stop - 1] in _EDGES:
        stop -= 1
    first = words.first_word.match(text, start, stop)
    begin = first or words.greeting.match(text, start, stop)
    if begin:
        return _trimmed(text, begin.end(), stop, end, joined or first is not None, words)
    return Part(text[start:stop], start, stop, end, joined) if has_words(text[start:stop]) else None


def questions(text: str) -> List[Part]:
    """The parts of a message that ask for something; none where the message is a single sentence.

    A wish ("we want to found a GmbH") counts where a connective parts it from its neighbour or nothing else asks;
    short lines count where there is nothing but short lines.
    """
    found = split(text)
    if len(found) < 2:
        return []
    words = question_words()
    found = [part for part in found if not words.alternative.match(part.text)]
    asking = [words.asks(part) for part in found]
    parted = [part.joined or (following is not None and following.joined) for part, following in _pairs(found)]
    asked = [
        part
        for part, asks, apart in zip(found, asking, parted, strict=True)
        if asks or ((apart or not any(asking)) and words.wish.search(part.text))
    ]
    if not asked and all(_is_keywords(part) for part in found):
        asked = found
    # what stands beside a single question in one sentence may be a question that was not recognised as one
    if len(asked) == 1 and any(parted):
        return []
    return [replace(part, end="?" if words.asks(part) else "") for part in asked]


def _pairs(parts: List[Part]) -> Iterable["tuple[Part, Part | None]"]:
    return zip(parts, [*parts[1:], None], strict=True)


def _is_keywords(part: Part) -> bool:
    japanese = has_kana(part.text) or has_han(part.text)
    short = len(part.text) <= KEYWORD_SIGNS if japanese else len(part.text.split()) <= KEYWORDS
    return short and (not part.end or bool(_LISTED.search(part.end)))


def comes_from_japan(text: str) -> bool:
    """Whether a message says that somebody is from Tokyo or from Japan."""
    return bool(question_words().origin.search(text))


def asked_aspects(text: str) -> List[str]:
    """Which of costs, time, papers and office a question names, in the order in which it names them."""
    found = [(match.start(), name) for name, words in question_words().aspects.items() if (match := words.search(text))]
    return [name for _, name in sorted(found)]


def is_refused(text: str, start: int) -> bool:
    """Whether the part of a sentence that holds what begins at ``start`` says no to it."""
    cuts = list(question_words().clause_end.finditer(text))
    begin = max((cut.end() for cut in cuts if cut.end() <= start), default=0)
    stop = min((cut.start() for cut in cuts if cut.start() > start), default=len(text))
    return bool(question_words().refusal.search(text[begin:stop]))


def take_question(message: Message) -> bool:
    """Make the first of a message's questions what it asks for, and note the topics of the others.

    At least one question must be understood well enough to be answered alone. The message stays as it is and False is
    returned where none is, where the whole message is clearly about something else, or where it is not clear and
    neither is the question before the one that could be answered: that one would be passed over.
    """
    parts = _here(message)
    if not any(_is_accepted(part) for part in parts):
        return False
    first = next(part for part in parts if _is_accepted(part) or _best(part)[1] >= LIKELY)
    topic = _best(first)[0]
    offered = [each for part in parts if part is not first for each in _offered(part)]
    further = [each for each in dict.fromkeys(offered) if each != topic][:MOST_FURTHER]
    if _is_accepted(message):
        if not further or _best(message)[0] not in (topic, *further):
            return False
    elif first is not parts[0] and _best(parts[0])[0] != topic:
        return False
    asked = _entries(parts, [topic, *further])
    rest = [each for each in first.get(INTENT_RANKING_KEY) if each["name"] not in (topic, *further)]
    message.set(INTENT, first.get(INTENT), add_to_output=True)
    message.set(INTENT_RANKING_KEY, [*asked, *rest], add_to_output=True)
    message.set("response_selector", first.get("response_selector"), add_to_output=True)
    message.set(OUTCOME_KEY, Outcome.ANSWER.value, add_to_output=True)
    if further:
        message.set(FURTHER_KEY, further, add_to_output=True)
    return True


def suggest_of_each(message: Message) -> None:
    """Rank what each question of a message likely asks for first, so that suggestions leave none of them out."""
    parts = _here(message)
    if len(parts) > 1 and all(_offered(part) for part in parts):
        offered = list(dict.fromkeys(each for part in parts for each in _offered(part)))
        rest = [each for each in message.get(INTENT_RANKING_KEY) or [] if each["name"] not in offered]
        message.set(INTENT_RANKING_KEY, [*_entries(parts, offered), *rest], add_to_output=True)


def _entries(parts: List[Message], topics: List[str]) -> List[Dict[str, Any]]:
    """Entries of a ranking for some topics, each with what the question that leads to it most clearly gives it."""
    found = [each for part in parts for each in _ranked(part)]
    return [{"name": topic, "confidence": max(value for name, value in found if name == topic)} for topic in topics]


def _here(message: Message) -> List[Message]:
    return [part for part in message.get(PARTS_KEY) or [] if not is_elsewhere(part)]


def _ranked(message: Message) -> List[Tuple[str, float]]:
    """Topics with their confidence, the likeliest first; empty where something else than a topic is likeliest."""
    ranking = [(str(each["name"]), float(each["confidence"])) for each in message.get(INTENT_RANKING_KEY) or []]
    return [each for each in ranking if "/" in each[0]] if ranking and "/" in ranking[0][0] else []


def _best(message: Message) -> Tuple[str, float]:
    return next(iter(_ranked(message)), ("", 0.0))


def _is_accepted(message: Message) -> bool:
    return message.get(OUTCOME_KEY) == Outcome.ANSWER.value and bool(_ranked(message))


def _offered(part: Message) -> List[str]:
    """The topic of a question, or two where only both together are more likely than not; empty where it is open."""
    if part.get(OUTCOME_KEY) == Outcome.DECLINE.value:
        return []
    ranked = _ranked(part)[:2]
    for most in (1, 2):
        if sum(confidence for _, confidence in ranked[:most]) >= OFFERED:
            return [name for name, _ in ranked[:most]]
    return []


def is_elsewhere(message: Message) -> bool:
    """Whether a message names places outside of what the answers hold for, and none inside."""
    kinds = {each["entity"] for each in message.get(ENTITIES) or []}
    return "outside" in kinds and not kinds & {"place", "region"}


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class QuestionSplitter(GraphComponent, IntentClassifier):
    """Sends the questions of a message along with it, each as a message of its own, behind the whole ones."""

    @classmethod
    def required_components(cls) -> List[Type]:  # type: ignore[type-arg]
        return [Tokenizer]

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "QuestionSplitter":
        question_words()
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """The messages, and behind them the questions of those that hold more than one."""
        made: List[Message] = []
        for message in messages:
            text = message.get(TEXT) or ""
            if not text or is_command(text) or len(text) > LONGEST:
                continue
            parts = [self._message(part, message) for part in questions(text)[:MOST_PARTS]]
            if parts:
                message.set(PARTS_KEY, parts)
                made += parts
        return [*messages, *made]

    def _message(self, part: Part, whole: Message) -> Message:
        inside = [
            each
            for each in whole.get(ENTITIES) or []
            if part.start <= each["start"] and part.start < each["end"] <= part.stop
        ]
        return Message(data={TEXT: part.text + part.end, ENTITIES: inside, WHOLE_KEY: True})


def without_parts(messages: List[Message]) -> List[Message]:
    """The messages as they were before ``QuestionSplitter``."""
    return [message for message in messages if not message.get(WHOLE_KEY)]
