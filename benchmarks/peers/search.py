"""Plain search: BM25 over titles and answers, each language with tokens of its own. It learns from no phrase."""

import pickle
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi
from spacy.lang.de.stop_words import STOP_WORDS as GERMAN_STOP_WORDS
from spacy.lang.en.stop_words import STOP_WORDS as ENGLISH_STOP_WORDS
from spacy.lang.ja.stop_words import STOP_WORDS as JAPANESE_STOP_WORDS

from benchmarks.peers.base import Ranking
from bot.knowledge.loader import load_knowledge
from bot.languages import LANGUAGES
from bot.nlu.evaluation import Example
from bot.nlu.text import fold, has_words
from bot.nlu.tokens import blank_pipeline
from bot.settings import get_settings

LENGTH = 10
TITLE_WEIGHT = 3  # a word of the title counts as if it stood so often in the text
SHORTEST_STEM = 4
ENDINGS = {"de": ("ern", "em", "en", "er", "es", "e", "n", "s"), "en": ("ing", "ies", "ed", "es", "s"), "ja": ()}
STOP_WORDS = {"de": GERMAN_STOP_WORDS, "en": ENGLISH_STOP_WORDS, "ja": JAPANESE_STOP_WORDS}


def tokens(text: str, language: str) -> list[str]:
    """Words of a text, folded, without stop words and signs; Japanese ones as in the dictionary, others stemmed."""
    words = []
    for token in blank_pipeline(language)(fold(text)):
        parts = [token.lemma_ or token.text] if language == "ja" else token.text.split("-")
        words += [_stem(part, language) for part in parts if has_words(part) and part not in STOP_WORDS[language]]
    return words


def _stem(word: str, language: str) -> str:
    """A word without its ending, and German umlauts as people write them who have no such keys."""
    if language == "de":
        word = word.replace("ä", "a").replace("ö", "o").replace("ü", "u").replace("ß", "ss")
    for ending in ENDINGS[language]:
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM:
            return word.removesuffix(ending)
    return word


class PlainSearch:
    """One index a language; a question is sought in the index of its language."""

    def train(self, examples: Sequence[Example], folder: Path) -> None:
        """Index the answers and leave the indices in ``folder``."""
        answers = list(load_knowledge(get_settings().data_dir).values())
        indices = {}
        for language in LANGUAGES:
            texts = [(answer.title[language], answer.text[language]) for answer in answers]
            documents = [TITLE_WEIGHT * tokens(title, language) + tokens(text, language) for title, text in texts]
            indices[language] = BM25Okapi(documents)
        (folder / "indices.pickle").write_bytes(pickle.dumps(([answer.key for answer in answers], indices)))

    def load(self, folder: Path) -> None:
        """Take up the indices of ``folder``."""
        self._keys, self._indices = pickle.loads((folder / "indices.pickle").read_bytes())

    def rank(self, example: Example) -> Ranking:
        """Topics with their BM25 score, best first."""
        scores = self._indices[example.language].get_scores(tokens(example.text, example.language))
        return [(self._keys[index], float(scores[index])) for index in np.argsort(-scores, kind="stable")[:LENGTH]]
