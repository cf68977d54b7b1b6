"""Small, pure functions on a message's text, shared by the graph components."""

import re
import unicodedata
from typing import Iterable, Iterator, Tuple

# Word joiner: put in front of typed text that begins with the intent prefix, so that Rasa never reads it as a command.
SHIELD = "\u2060"
INTENT_PREFIX = "/"
LONGEST = 2000  # characters of a message; the chat says so and never sends more

_JAPANESE = re.compile(r"[\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f]")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff々〆]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_CONTROL = re.compile(r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SPACE = re.compile(r"\s+")
_VOICING_MARKS = ("ﾞ", "ﾟ")


def shield(text: str) -> str:
    """Typed text made safe for Rasa: what begins like a command is plain text."""
    return SHIELD + text if text.lstrip().startswith(INTENT_PREFIX) else text


def unshield(text: str) -> str:
    """The text as the user typed it."""
    return text[len(SHIELD) :] if text.startswith(SHIELD) else text


def is_command(text: str) -> bool:
    """Whether Rasa will read ``text`` as an intent with entities instead of understanding it."""
    return text.lstrip().startswith(INTENT_PREFIX)


def normalise(text: str) -> str:
    """NFKC form (half-width and full-width alike) without control characters, single spaces, trimmed."""
    return _SPACE.sub(" ", _CONTROL.sub(" ", unicodedata.normalize("NFKC", text))).strip()


def fold(text: str) -> str:
    """Key for comparing names and phrases: ``normalise``, case folded, umlauts kept."""
    return normalise(text).casefold()


def full_width(text: str) -> Iterator[Tuple[str, int, int]]:
    """The characters of the NFKC form, each with where in ``text`` it begins and ends.

    A half-width kana and the voicing mark behind it are one character.
    """
    start = 0
    while start < len(text):
        end = start + (2 if text[start + 1 : start + 2] in _VOICING_MARKS else 1)
        for sign in unicodedata.normalize("NFKC", text[start:end]):
            yield sign, start, end
        start = end


def is_question(text: str) -> bool:
    """Whether a text ends as only a question does; names do not."""
    return normalise(text).endswith(("?", "か。", "ですか", "ますか"))


def has_kana(text: str) -> bool:
    """Whether the text holds hiragana or katakana: no other of our languages does."""
    return bool(_JAPANESE.search(text))


def has_han(text: str) -> bool:
    """Whether the text holds Chinese characters."""
    return bool(_HAN.search(text))


def has_latin(text: str) -> bool:
    """Whether the text holds a letter of the Latin alphabet."""
    return bool(_LATIN.search(text))


def has_words(text: str) -> bool:
    """Whether there is anything to understand: a letter, kana or Chinese character."""
    return bool(_LATIN.search(text) or _JAPANESE.search(text) or _HAN.search(text))


def any_of(words: Iterable[str]) -> str:
    """The part of a pattern that matches any of some words."""
    # the longest first, so that "und außerdem" is not taken for "und"
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def word_pattern(words: Iterable[str]) -> "re.Pattern[str]":
    """Finds any of some words: Latin ones between spaces and punctuation, Japanese ones anywhere."""
    every = list(words)
    japanese = [word for word in every if has_kana(word) or has_han(word)]
    latin = [word for word in every if word not in japanese]
    choices = ([rf"(?<!\w)(?:{any_of(latin)})(?!\w)"] if latin else []) + ([any_of(japanese)] if japanese else [])
    return re.compile("|".join(choices), re.IGNORECASE)
