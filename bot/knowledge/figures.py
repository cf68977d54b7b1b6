"""The figures of a text, so that the three languages of an answer can be held against each other.

A figure is a number written in digits, as a plain number with a decimal point: ``25.000 €``, ``25,000 euros`` and
``2万5,000ユーロ`` are all ``25000``. Month names count as their number (``1. Januar`` = ``1月1日``). A letter that
belongs to a paragraph of law stays (``§ 18g`` is ``18g``), and so does one in front (``A1``). The numbers of a list and
addresses of web pages are no figures. Percent signs, units and signs are not looked at.
"""

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from bot.knowledge.records import Texts
from bot.languages import LANGUAGES

_MONTHS = {
    "de": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
}
_SHORT_MONTHS = {
    "de": ["Jan", "Feb", "Mär|Mrz", "Apr", "", "Jun", "Jul", "Aug", "Sep|Sept", "Okt", "Nov", "Dez"],
    "en": ["Jan", "Feb", "Mar", "Apr", "", "Jun", "Jul", "Aug", "Sep|Sept", "Oct", "Nov", "Dec"],
}
_UNITS = {
    "de": {
        r"Tsd\b\.?|[Tt]ausend\b|TEUR\b|T€": 3,
        r"Mio\b\.?|Million(?:en)?\b": 6,
        r"Mrd\b\.?|Milliarden?\b": 9,
        r"Billion(?:en)?\b": 12,
    },
    "en": {r"thousand\b": 3, r"million\b": 6, r"(?:billion|bn)\b": 9, r"trillion\b": 12},
    "ja": {"千万": 7, "百万": 6, "兆": 12, "億": 8, "万": 4, "千": 3, "割": 1},
}
_NUMBER = {
    # 4.0 stays a word of its own in German too (Industrie 4.0)
    "de": r"\d{1,3}(?:\.\d{3})+(?!\d)(?:,\d+)?|\d\.0(?![\d.])|\d+(?:,\d+)?",
    "en": r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?",
}
_NUMBER["ja"] = _NUMBER["en"]
_TOKEN = {
    language: re.compile(
        rf"(?P<prefix>(?<![A-Za-z\d])[A-Z](?=\d))?(?P<number>{number})"
        r"(?:(?P<letter>[A-Za-z])(?![A-Za-z\d])"
        + "".join(rf"|[ -]?(?P<unit{power}>{unit})" for unit, power in _UNITS[language].items())
        + ")?"
    )
    for language, number in _NUMBER.items()
}
# what may stand between the two ends of a range, whose unit is written once: 1 bis 2 Mio., 1〜2万
_RANGE = re.compile(r"\s*(?:-|–|—|~|〜|から|bis|und|to|and)\s*(?:€|EUR)?\s*")
_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s（）)」、。]+|\S+@\S+")
_LIST_NUMBER = re.compile(rf"^[ \t]*\d+\.[ \t]+(?!(?:{'|'.join(_MONTHS['de'])})\b)", flags=re.MULTILINE)
_SUPERSCRIPTS = re.compile("[²³¹⁰⁴-⁹₀-₉]")
# "May" and "may" are common words: only next to a day, a year, another month or a word of time is it the month
_MAY = re.compile(
    r"(?:(?<=\d )|(?<=\b(?:[Ii]n|[Bb]y|to|of|or) )|(?<=\b(?:and|mid|end) )|(?<=\b(?:from|each|late) )"
    r"|(?<=\b(?:until|since|every|after|early) )|(?<=\bbefore ))May\b"
    rf"|\bMay(?=(?: \d|(?: or| and| to|,|-|–|/) ?(?:{'|'.join(_MONTHS['en'])})))"
)
_PM = re.compile(r"\b(\d{1,2})((?:[:.]\d\d)?) ?p\.?m\b\.?", flags=re.IGNORECASE)
_AFTERNOON = re.compile(r"午後 ?(\d{1,2})(?=[時:])")


def figures(text: str, language: str) -> frozenset[str]:
    """The figures in ``text``, written as ``language`` (de, ja or en) writes them."""
    return frozenset(_figures(_prepared(text, language), language))


def plain(number: str) -> str:
    """A plain number without needless zeros: ``8.60`` becomes ``8.6``, ``018g`` becomes ``18g``."""
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    return _written(Decimal(digits)) + number[len(digits) :] if digits else number


def missing_figures(texts: Texts) -> dict[str, list[str]]:
    """Figures that not all three languages have: figure -> languages that lack it. Empty when all agree."""
    found = {language: figures(text, language) for language, text in texts.items()}
    everywhere = frozenset().union(*found.values())
    lacking = {figure: [language for language in LANGUAGES if figure not in found[language]] for figure in everywhere}
    return {figure: languages for figure, languages in sorted(lacking.items()) if languages}


def _prepared(text: str, language: str) -> str:
    text = unicodedata.normalize("NFKC", _SUPERSCRIPTS.sub("", text))
    text = _LIST_NUMBER.sub("", _ADDRESS.sub(" ", text)).replace("**", "")
    if language == "en":
        text = _MAY.sub(" 5 ", text)
        text = _PM.sub(lambda found: f"{_afternoon(found[1])}{found[2]}", text)
    if language == "ja":
        text = _AFTERNOON.sub(lambda found: _afternoon(found[1]), text)
    for number, (name, short) in enumerate(
        zip(_MONTHS.get(language, ()), _SHORT_MONTHS.get(language, ()), strict=True), start=1
    ):
        if name != "May":
            text = re.sub(rf"(?<![A-Za-z]){name}s?\b", f" {number} ", text)
        if short:
            text = re.sub(rf"(?<=\d )(?:{short})\b\.?|(?<=\d\. )(?:{short})\b\.?", f" {number} ", text)
            text = re.sub(rf"(?<![A-Za-z])(?:{short})\b\.?(?= ?\d)", f" {number} ", text)
    return text


def _afternoon(hour: str) -> str:
    return str(int(hour) % 12 + 12)


def _figures(text: str, language: str) -> Iterator[str]:
    tokens = list(_TOKEN[language].finditer(text))
    values = [_value(token, language) for token in tokens]
    # Japanese writes one number in groups: 1億2,000万 or 2万5千
    index = 0
    while index < len(tokens):
        token, (number, power, letter) = tokens[index], values[index]
        total = number.scaleb(power)
        last = index
        while language == "ja" and power > 1 and last + 1 < len(tokens):
            following, (more, next_power, more_letter) = tokens[last + 1], values[last + 1]
            if following.start() != tokens[last].end() or next_power >= power or more_letter or following["prefix"]:
                break
            total += more.scaleb(next_power)
            power, last = next_power, last + 1
        if last == index and not power and last + 1 < len(tokens):
            other, other_power, _ = values[last + 1]
            if other_power > 1 and number < other and _RANGE.fullmatch(text, token.end(), tokens[last + 1].start()):
                total = number.scaleb(other_power)
        yield (token["prefix"] or "").casefold() + _written(total) + letter
        index = last + 1


def _value(token: re.Match[str], language: str) -> tuple[Decimal, int, str]:
    """Number, power of ten of its unit, letter behind it."""
    digits = token["number"]
    if language == "de":
        digits = digits[:-2] if digits.endswith(".0") else digits.replace(".", "").replace(",", ".")
    else:
        digits = digits.replace(",", "")
    power = next((power for power in _UNITS[language].values() if token[f"unit{power}"]), 0)
    letter = (token["letter"] or "").casefold()
    if letter == "s" and len(digits) == 4:  # the 1990s
        letter = ""
    return Decimal(digits), power, letter


def _written(number: Decimal) -> str:
    text = f"{number.normalize():f}"
    return text if text != "-0" else "0"
