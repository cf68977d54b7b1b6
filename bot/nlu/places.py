"""Finds places, legal forms and languages in a message, with spaCy's entity rulers built from ``data/directory/``.

Latin names are matched on tokens without regard to case. Japanese text has no spaces and the tokeniser does not know
foreign names, so it is matched character by character, with a check that a match does not end within a katakana word.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Dict, Iterator, List

import spacy
import yaml
from babel import Locale
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message
from spacy.language import Language
from spacy.pipeline import EntityRuler
from spacy.tokens import Doc, Span

from bot.directory import Directory, get_directory
from bot.nlu.text import full_width, has_han, has_kana, has_latin, is_command
from bot.settings import get_settings

NOT_OUTSIDE = frozenset({"DE", "JP", "EU", "EZ", "UN", "QO", "ZZ", "XA", "XB"})

_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]")
_JAPANESE_RUN = re.compile(r"[\u3000-\u30ff\u31f0-\u31ff\u3400-\u9fff\uff00-\uffef]")
_JOINERS = "・＝=･‐-－ "
_POSTCODE = re.compile(r"(?<![\d.,€¥])(\d{5})(?![\d.,]*\s*(?:€|euro|eur|yen|円|ユーロ|\d))", re.IGNORECASE)
# dialect spellings of a letter on keyboards without it
_PLAIN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_DROPPED = str.maketrans({"ä": "a", "ö": "o", "ü": "u", "ß": "s"})


@dataclass(frozen=True)
class Found:
    """An entity in a text: its kind, value (for a place: municipality keys, most likely first), and where it stands."""

    entity: str
    value: tuple[str, ...]
    start: int
    end: int


@lru_cache(maxsize=1)
def place_words() -> Dict[str, Any]:
    """The word lists of ``data/directory/words.yml``."""
    path = get_settings().data_dir / "directory" / "words.yml"
    words: Dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return words


def _other_countries() -> Iterator[str]:
    """Names of all countries but Germany and Japan in the three languages (Unicode CLDR, by way of Babel)."""
    for language in ("de", "en", "ja"):
        for code, name in Locale(language).territories.items():
            # two letters are countries; numbers, EU, UN and the like are regions and unions
            if len(code) == 2 and code.isalpha() and code not in NOT_OUTSIDE:
                yield name


class Gazetteer:
    """Rulers for Latin and for Japanese script over everything that ``data/directory/`` names."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._words = place_words()
        self._common = {word.casefold() for word in self._words["common_words"]}
        self._before = {word.casefold() for word in self._words["before"]}
        self._joints = {word.casefold() for word in self._words["joints"]}
        names: Dict[str, Dict[str, List[str]]] = {}
        for label, value, name in self._names():
            values = names.setdefault(label, {}).setdefault(name, [])
            if value not in values:
                values.append(value)
        self._latin = _ruler(spacy.blank("de"), _patterns(names, latin=True))
        japanese = spacy.blank("xx")
        japanese.tokenizer = lambda text: Doc(
            japanese.vocab, words=list(text) or [" "], spaces=[False] * len(text or " ")
        )
        self._japanese = _ruler(japanese, _patterns(names, latin=False))

    def find(self, text: str) -> List[Found]:
        """All entities of a text, by their place in it; of two that overlap the longer one."""
        found = [*self._in_latin(text), *self._postcodes(text)]
        if has_kana(text) or has_han(text):
            found += self._in_japanese(text)
        chosen: List[Found] = []
        for each in sorted(found, key=lambda item: (item.start - item.end, item.start)):
            if all(each.end <= other.start or each.start >= other.end for other in chosen):
                chosen.append(each)
        return sorted(chosen, key=lambda item: item.start)

    def _names(self) -> Iterator[tuple[str, str, str]]:
        for place in self._directory.all_places():
            yield "place", place.ags, place.alias
            if place.language == "de":
                yield "place", place.ags, place.alias.casefold().translate(_PLAIN)
                yield "place", place.ags, place.alias.casefold().translate(_DROPPED)
        for partner in self._directory.partners.values():
            # a region of a single town is that town
            if len(partner.municipalities) > 1:
                for name in (*partner.region.values(), *partner.aliases):
                    if not self._directory.places(name):
                        yield "region", partner.id, name
        for name in (*self._words["outside"], *self._words["outside_ja"], *_other_countries()):
            yield "outside", name, name
        for kind in ("legal_forms", "languages"):
            label = {"legal_forms": "legal_form", "languages": "target_language"}[kind]
            for value, names in self._words[kind].items():
                for name in names:
                    yield label, value, name

    def _in_latin(self, text: str) -> Iterator[Found]:
        if not has_latin(text):
            return
        document = self._latin.find(_JAPANESE_RUN.sub(" ", text))
        behind_place = -1  # the token behind the place before
        for entity in document.ents:
            if entity.label_ == "place":
                if entity.text.casefold() in self._common and not self._is_meant(entity, behind_place):
                    continue
                behind_place = entity.end
            yield Found(entity.label_, tuple(entity.ent_id_.split(";")), entity.start_char, entity.end_char)

    def _is_meant(self, entity: Span, behind_place: int) -> bool:
        """Whether an ordinary word is meant as a place: alone, behind what stands before one, or joined to one."""
        document, start = entity.doc, entity.start
        joined = start > 0 and document[start - 1].lower_ in self._joints
        if sum(token.is_alpha for token in document) == len(entity) + (joined and start == 1):
            return True
        return start > 0 and (document[start - 1].lower_ in self._before or (joined and behind_place == start - 1))

    def _in_japanese(self, text: str) -> Iterator[Found]:
        signs = [each for each in full_width(text) if each[0] not in _JOINERS]
        plain = "".join(sign for sign, _, _ in signs)
        for entity in self._japanese.find(plain).ents:
            start, end = entity.start_char, entity.end_char
            if _inside_katakana(plain, start, end):
                continue
            if entity.text in self._words["common_katakana"] and not (
                end == len(plain) or any(plain.startswith(sign, end) for sign in self._words["katakana_behind"])
            ):
                continue
            yield Found(entity.label_, tuple(entity.ent_id_.split(";")), signs[start][1], signs[end - 1][2])

    def _postcodes(self, text: str) -> Iterator[Found]:
        for match in _POSTCODE.finditer(text):
            keys = tuple(municipality.ags for municipality in self._directory.by_postcode(match.group(1)))
            if keys:
                yield Found("place", keys, match.start(1), match.end(1))


def _inside_katakana(text: str, start: int, end: int) -> bool:
    """Whether a katakana match is only a part of a longer katakana word, such as the town in the word for essence."""
    joined_before = start > 0 and _KATAKANA.match(text[start]) and _KATAKANA.match(text[start - 1])
    joined_behind = end < len(text) and _KATAKANA.match(text[end - 1]) and _KATAKANA.match(text[end])
    return bool(joined_before or joined_behind)


def _patterns(names: Dict[str, Dict[str, List[str]]], latin: bool) -> List[Dict[str, str]]:
    patterns = []
    for label, by_name in names.items():
        for name, values in by_name.items():
            japanese = bool(_JAPANESE_RUN.search(name))
            if japanese == latin:
                continue
            pattern = name if latin else "".join(sign for sign in name if sign not in _JOINERS)
            patterns.append({"label": label, "pattern": pattern, "id": ";".join(values)})
    return patterns


class _Ruler(EntityRuler):
    """spaCy's ruler on the texts of one pipeline. It asks at each text whether there are patterns, by counting all."""

    def __init__(self, pipeline: Language, patterns: List[Any]) -> None:
        self._pipeline = pipeline
        self._count = len(patterns)
        super().__init__(pipeline, phrase_matcher_attr="LOWER", patterns=patterns)

    def __len__(self) -> int:
        return self._count

    def find(self, text: str) -> Doc:
        """The text with its entities."""
        document: Doc = self(self._pipeline.make_doc(text))
        return document


def _ruler(pipeline: Language, patterns: List[Dict[str, str]]) -> _Ruler:
    merged: Dict[tuple[str, str], List[str]] = {}
    for pattern in patterns:
        values = merged.setdefault((pattern["label"], pattern["pattern"].casefold()), [])
        values += [value for value in pattern["id"].split(";") if value not in values]
    found = [{"label": label, "pattern": name, "id": ";".join(values)} for (label, name), values in merged.items()]
    return _Ruler(pipeline, found)


@lru_cache(maxsize=1)
def get_gazetteer() -> Gazetteer:
    """The gazetteer of this process."""
    return Gazetteer(get_directory())


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PlaceExtractor(GraphComponent, EntityExtractorMixin):
    """Adds the entities ``place``, ``region``, ``outside``, ``legal_form`` and ``target_language``."""

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "PlaceExtractor":
        get_gazetteer()
        return cls()

    def process(self, messages: List[Message]) -> List[Message]:
        """Find the entities of each typed message; a place's value is a list of municipality keys."""
        for message in messages:
            text = message.get(TEXT)
            if not text or is_command(text):
                continue
            found = [
                {
                    "entity": each.entity,
                    "value": list(each.value) if each.entity == "place" else each.value[0],
                    "start": each.start,
                    "end": each.end,
                    "extractor": self.name,
                }
                for each in get_gazetteer().find(text)
            ]
            message.set(ENTITIES, [*(message.get(ENTITIES) or []), *found], add_to_output=True)
        return messages
