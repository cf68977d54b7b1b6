"""Hands the answers and the wording to Rasa: a training-data importer, named in ``config.yml``.

Adds to the domain, next to ``domain.yml``:

- for each answer a response ``utter_<area>/<topic>``, and for each response of ``data/responses`` one of its name, each
  with a variation for German and Japanese (condition on the slot ``language``) and an English one without condition,
  so that an unset slot never yields nothing;
- the areas that have training phrases, as retrieval intents; conversational intents stand in ``domain.yml``.

Local parts and aspects stay out of the domain; actions send them from :class:`bot.knowledge.loader.Knowledge`. Measured
on two cores with 95 topics of full length, 40 of them with texts for 8 partners and 18 municipalities: with them, a
model's domain has 2.7 MB and takes Rasa 10 s to write and, on every start of the server, 21 s to read; without them
0.3 MB, 0.5 s and 0.8 s. ``Knowledge`` reads the same records (3 MB) in 0.6 s.
"""

import logging
import os
from pathlib import Path
from typing import Any

from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.importers.utils import story_graph_from_paths
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.common import cached_method

from bot.knowledge.loader import KNOWLEDGE_FOLDER, TOPICS_FILE, Knowledge, load_knowledge
from bot.knowledge.problems import Problem
from bot.knowledge.records import FALLBACK_LANGUAGE
from bot.knowledge.wording import WORDING_FOLDER, Response, Wording, load_wording
from bot.languages import LANGUAGES
from bot.settings import get_settings

logger = logging.getLogger(__name__)

Variation = dict[str, Any]

# in the data folder, but in a form of our own that Rasa's readers would take for theirs, or read slowly for nothing
_NOT_RASAS = frozenset(
    {KNOWLEDGE_FOLDER, WORDING_FOLDER, "directory", TOPICS_FILE, "glossary.yml", "phrases.yml", "roadmap.yml"}
)


class KnowledgeImporter(RasaFileImporter):  # Rasa is untyped here
    """Rasa's file importer plus the project's answers and wording.

    ``data_dir`` in ``config.yml``, beside the importer's name, takes the place of the setting of that name.
    """

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        data_dir: str | None = None,
    ) -> None:
        self._data_dir = Path(data_dir) if data_dir else get_settings().data_dir
        super().__init__(config_file, domain_path, _rasas_own(training_data_paths, self._data_dir))

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Training phrases of ``data/nlu`` (see parent class), and the titles of the answers: buttons show them.

        ``language`` makes no difference: Rasa asks with one and without, and the phrases are read once.
        """
        return self._phrases_and_titles()

    @cached_method
    def _phrases_and_titles(self) -> TrainingData:
        phrases = super().get_nlu_data()
        known = {example.get_full_intent() for example in phrases.intent_examples}
        titles = [
            Message.build(text=title, intent=answer.key)
            for answer in load_knowledge(self._data_dir).values()
            if answer.key in known
            for _, title in answer.title.items()
        ]
        return phrases.merge(TrainingData(titles))

    def get_domain(self) -> Domain:
        """``domain.yml`` with the responses described at the head of this module."""
        return super().get_domain().merge(Domain.from_dict({"responses": self._responses()}))

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Rules and stories, read with the areas as known intents (see parent class).

        Rasa declares them in the final domain itself; declaring them in ``get_domain`` too makes it warn of duplicates.
        """
        # a domain of its own each time, as Domain.merge changes the one it is called on
        areas = Domain.from_dict({"intents": sorted(self.get_nlu_data().retrieval_intents)})
        return story_graph_from_paths(self._story_files, self.get_domain().merge(areas), exclusion_percentage)

    @cached_method
    def _responses(self) -> dict[str, list[Variation]]:
        knowledge = load_knowledge(self._data_dir)
        wording = load_wording(self._data_dir / WORDING_FOLDER)
        for problem in (*knowledge.problems, *wording.problems):
            _tell(problem)
        return {**answer_responses(knowledge), **wording_responses(wording)}


def answer_responses(knowledge: Knowledge) -> dict[str, list[Variation]]:
    """Rasa responses of the answers: name -> variations, the one without condition last."""
    return {
        answer.response: [_conditional(language, {"text": answer.text[language]}) for language in _fallback_last()]
        for answer in knowledge.values()
    }


def wording_responses(wording: Wording) -> dict[str, list[Variation]]:
    """Rasa responses of ``data/responses``: name -> variations, the one without condition last."""
    return {
        name: [_conditional(language, _worded(response, language)) for language in _fallback_last()]
        for name, response in wording.responses.items()
    }


def _worded(response: Response, language: str) -> Variation:
    variation: Variation = {}
    if response.text is not None:
        variation["text"] = response.text[language]
    if response.buttons:
        # Rasa fills in what stands in single braces; doubled ones come out as they are
        variation["buttons"] = [
            {"title": each.title[language], "payload": each.payload.replace("{", "{{").replace("}", "}}")}
            for each in response.buttons
        ]
    if response.custom is not None:
        variation["custom"] = {**response.custom, "language": language}
    return variation


def _conditional(language: str, variation: Variation) -> Variation:
    if language == FALLBACK_LANGUAGE:
        return variation
    return {"condition": [{"type": "slot", "name": "language", "value": language}], **variation}


def _fallback_last() -> list[str]:
    return sorted(LANGUAGES, key=lambda language: language == FALLBACK_LANGUAGE)


def _rasas_own(paths: list[str] | str | None, data_dir: Path) -> list[str]:
    """The given training paths with the data folder replaced by those of its entries that are in Rasa's form."""
    kept: list[str] = []
    for path in [paths] if isinstance(paths, str) else paths or []:
        if os.path.isdir(path) and Path(path).resolve() == data_dir.resolve():
            kept += (str(entry) for entry in sorted(Path(path).iterdir()) if entry.name not in _NOT_RASAS)
        else:
            kept.append(path)
    return kept


def _tell(problem: Problem) -> None:
    # training goes on with what is sound, as one half-written record must not stop everybody; the check refuses it
    logger.warning("Left out: %s", problem)
