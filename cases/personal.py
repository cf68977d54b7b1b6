"""Taking what is personal out of a text before it is used for anything but its case."""

import re
from collections.abc import Iterable, Iterator

MASK = "[…]"

_ADDRESSES = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|\+?\d[\d /().-]{6,}\d|https?://\S+|\bNRW-[\w-]+")
_JAPANESE_FORMS = re.compile(r"株式会社|有限会社|合同会社|[(（][株有][)）]|㈱|㈲")
# parts of a company's name that name no company, and that questions are made of
_NO_NAMES = re.compile(
    r"g?gmbh|ag|ug|kg|ohg|gbr|e\.?[kv]\.?|[kg]\.?k\.?|co\.?|ltd\.?|inc\.?|llc|corp\.?|company|limited|founded|not|yet"
    r"|und|and|the|of|für|for|von|der|die|das|in|gründung|\(?haftungsbeschränkt\)?|設立準備中"
    r"|privat(e|person)?|個人",
    re.IGNORECASE,
)
_LONG = 5  # letters; a shorter part stands inside of too many words that have nothing to do with it


def without_personal_data(text: str, names: Iterable[str | None]) -> str:
    """``text`` without mail addresses, phone numbers, links, case numbers and ``names``, whole or in parts."""
    text = _ADDRESSES.sub(MASK, text)
    for part in sorted({part for name in names if name for part in _parts(name)}, key=len, reverse=True):
        within = len(part) >= _LONG or not part.isascii()
        text = re.sub(("" if within else r"\b") + re.escape(part), MASK, text, flags=re.IGNORECASE)
    return text


def _parts(name: str) -> Iterator[str]:
    for part in (name, *re.split(r"[\s　]+", name), *re.split(r"[\s　]+", _JAPANESE_FORMS.sub(" ", name))):
        if len(part) > 1 and not _NO_NAMES.fullmatch(part) and not _JAPANESE_FORMS.fullmatch(part):
            yield part
