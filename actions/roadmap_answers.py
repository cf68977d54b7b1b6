"""What a typed message means as the answer to a question of the guided way."""

import re
from collections.abc import Iterable, Iterator

from bot.knowledge.roadmap import UNKNOWN, Choice, Question, Roadmap
from bot.languages import LANGUAGES
from bot.nlu.text import fold, has_han, has_kana

_QUESTION_END = re.compile(r"(?:[?？]|(?:です|ます|でしょう|ません)か[。？]?)$")
_NUMBER = re.compile(r"(?<![\d.,])\d{1,4}(?![\d.,]*\d)")
# a hesitant "GmbH?" is an answer all the same
_SHORT_LATIN, _SHORT_JAPANESE = 2, 6

Span = tuple[int, int, str]


def asks_something(text: str, roadmap: Roadmap) -> bool:
    """Whether a message reads as a question to the assistant and not as an answer."""
    said = fold(text)
    japanese = has_kana(said) or has_han(said)
    if (len(said) <= _SHORT_JAPANESE) if japanese else (len(said.split()) <= _SHORT_LATIN):
        return False
    if _QUESTION_END.search(said):
        return True
    if japanese:
        return any(word in said for word in roadmap.question_words.get("ja", ()))
    first = re.split(r"\W+", said, maxsplit=1)[0]
    return any(first == fold(word) for each in ("de", "en") for word in roadmap.question_words.get(each, ()))


def read_choice(text: str, question: Question, roadmap: Roadmap) -> str | None:
    """The choice that a typed message names, in any of the languages; ``unknown`` where it is left open.

    Of names inside longer names the longer counts, and a plain no beside others: "no warehouse" names the warehouse
    too. Several choices together are the smallest one that means them all, if there is just one.
    """
    said = fold(text)
    spans = list(_spans(said, UNKNOWN, _all(roadmap.unknown_words)))
    for choice in question.choices.values():
        spans += _spans(said, choice.key, [*_all(choice.words), *(label for _, label in choice.label.items())])
    kept = {key for start, end, key in spans if not _inside_another(start, end, spans)}
    if UNKNOWN in kept:
        return UNKNOWN
    counted = _counted(said, question)
    if counted is not None:
        return counted
    refused = next((choice.key for choice in question.choices.values() if choice.no and choice.key in kept), None)
    if refused:
        return refused
    return _smallest(
        kept, {name for name, words in question.extras.items() if any(_spans(said, name, _all(words)))}, question
    )


def _smallest(kept: set[str], extras: set[str], question: Question) -> str | None:
    named = frozenset(extras).union(*(question.choices[key].means for key in kept))
    fitting = [choice for choice in question.choices.values() if named and named <= choice.means]
    sizes = [len(choice.means) for choice in fitting]
    smallest = [choice.key for choice in fitting if len(choice.means) == min(sizes)]
    return smallest[0] if len(smallest) == 1 else None


def choice_of_intent(intent: str, question: Question) -> str | None:
    """The choice that a plain yes or no means."""
    wanted = {"affirm": "yes", "deny": "no"}.get(intent)
    return next((key for key, choice in question.choices.items() if wanted and getattr(choice, wanted)), None)


def _counted(said: str, question: Question) -> str | None:
    """The choice for a number of persons; of a range such as 5-12 the first number counts."""
    counting: list[Choice] = [choice for choice in question.choices.values() if choice.least is not None]
    found = _NUMBER.search(said)
    if not counting or found is None:
        return None
    fitting = [choice for choice in counting if choice.least is not None and choice.least <= int(found[0])]
    if not fitting:
        return next((choice.key for choice in question.choices.values() if choice.no), None)
    return max(fitting, key=lambda choice: choice.least or 0).key


def _all(words: object) -> Iterator[str]:
    if isinstance(words, dict):
        for language in LANGUAGES:
            yield from words.get(language, ())


def _spans(said: str, key: str, words: Iterable[str]) -> Iterator[Span]:
    for word in words:
        name = fold(word)
        japanese = has_kana(name) or has_han(name)
        pattern = re.escape(name) if japanese else rf"(?<![a-zà-ÿ]){re.escape(name)}(?![a-zà-ÿ])"
        for found in re.finditer(pattern, said):
            yield found.start(), found.end(), key


def _inside_another(start: int, end: int, spans: list[Span]) -> bool:
    return any(first <= start and end <= last and (last - first) > (end - start) for first, last, _ in spans)
