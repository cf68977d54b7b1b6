"""The answers as values: what one record of ``data/knowledge/<area>.yml`` says, ready for use in code."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from bot.languages import LANGUAGES

# what an unset or unknown language falls back to: the language most readers share
FALLBACK_LANGUAGE = "en"
# follow-up questions that a record may answer: what it costs, how long it takes, which papers, who is responsible
ASPECTS = ("cost", "time", "papers", "office")


@dataclass(frozen=True)
class Texts:
    """One text in the three languages. ``texts["de"]`` is strict, ``texts.get(language)`` falls back to English."""

    de: str
    ja: str
    en: str

    def __getitem__(self, language: str) -> str:
        if language not in LANGUAGES:
            raise KeyError(language)
        text: str = getattr(self, language)
        return text

    def get(self, language: str | None) -> str:
        """The text in ``language``; in English when the language is unknown or not set."""
        return self[language] if language in LANGUAGES else self[FALLBACK_LANGUAGE]

    def items(self) -> Iterator[tuple[str, str]]:
        """Pairs of language and text, in the order of ``LANGUAGES``."""
        return ((language, self[language]) for language in LANGUAGES)


@dataclass(frozen=True)
class Source:
    """An official page on which an answer rests."""

    title: Texts
    url: str


@dataclass(frozen=True)
class VolatileFigure:
    """A figure that changes from year to year. ``figure`` is a plain number with a decimal point, as text."""

    figure: str
    what: str
    year: int
    confirmed: bool
    page: str


@dataclass(frozen=True)
class Aspect:
    """The answer to a follow-up question: a text of its own, or the key of the topic that answers it."""

    name: str
    text: Texts | None = None
    topic: str | None = None


@dataclass(frozen=True)
class LocalPart:
    """What holds in one place: in all of a partner's region, or in one municipality.

    For a municipality ``ags`` is its official key (8 digits) and ``place`` its German name.
    """

    partner: str
    text: Texts
    sources: tuple[Source, ...] = ()
    ags: str | None = None
    place: str = ""


@dataclass(frozen=True)
class Local:
    """How an answer differs by place.

    ``comparison`` is for a reader whose place is unknown. ``partners`` is keyed by partner id, ``municipalities`` by
    (partner id, municipality key); a municipality's text adds to what holds for its whole district.
    """

    comparison: Texts | None = None
    partners: Mapping[str, LocalPart] = field(default_factory=dict)
    municipalities: Mapping[tuple[str, str], LocalPart] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """One reviewed answer. ``key`` is ``area/topic``: the retrieval intent and the contract with everything else."""

    key: str
    area: str
    title: Texts
    text: Texts
    sources: tuple[Source, ...]
    reviewed_on: date
    review_by: date
    related: tuple[str, ...]
    aspects: Mapping[str, Aspect] = field(default_factory=dict)
    volatile: tuple[VolatileFigure, ...] = ()
    local: Local | None = None

    @property
    def response(self) -> str:
        """Name of the Rasa response that holds the text: ``utter_company/share_capital``."""
        return f"utter_{self.key}"

    def is_overdue(self, today: date) -> bool:
        """Whether the review that was due by ``review_by`` has not taken place."""
        return today > self.review_by

    def aspect(self, name: str) -> Aspect | None:
        """The answer to one follow-up question, ``None`` where the record has none. Names: see ``ASPECTS``."""
        return self.aspects.get(name)

    def local_part(self, partner: str | None, ags: str | None = None) -> LocalPart | None:
        """What holds in the user's place, ``None`` where nothing differs or the place is unknown.

        Where the municipality ``ags`` has a text of its own, it follows the text of its district, with the sources of
        both.
        """
        if self.local is None or partner is None:
            return None
        district = self.local.partners.get(partner)
        town = self.local.municipalities.get((partner, ags)) if ags else None
        if district is None or town is None:
            return town or district
        text = Texts(*(f"{district.text[language].rstrip()}\n\n{town.text[language]}" for language in LANGUAGES))
        more = tuple(source for source in town.sources if source not in district.sources)
        return LocalPart(partner, text, district.sources + more, ags, town.place)

    def message(self, language: str | None, local: Sequence[LocalPart] = ()) -> dict[str, Any]:
        """The custom message that goes with the answer: what it is, its sources, its date, where to go next.

        ``local`` are the local parts that were shown with it: their sources come first. Values are fit for JSON.
        """
        sources = list(dict.fromkeys([*(source for part in local for source in part.sources), *self.sources]))
        return {
            "type": "answer",
            "language": language if language in LANGUAGES else FALLBACK_LANGUAGE,
            "topic": self.key,
            "sources": [{"title": source.title.get(language), "url": source.url} for source in sources],
            "reviewed_on": self.reviewed_on.isoformat(),
            "related": list(self.related),
        }


@dataclass(frozen=True)
class Area:
    """A group of topics: one file, one retrieval intent, one entry of the menu. ``topics`` are keys (``tax/vat``)."""

    key: str
    title: Texts
    topics: tuple[str, ...]
