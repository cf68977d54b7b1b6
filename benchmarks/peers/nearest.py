"""The nearest training phrase by the sentence encoder: no training beyond encoding the phrases."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.peers.base import Ranking
from bot.nlu.encoder import load_encoder
from bot.nlu.evaluation import Example
from bot.nlu.text import normalise
from bot.settings import get_settings

Array = npt.NDArray[np.float32]

LENGTH = 10


class NearestPhrase:
    """A label's score is the cosine of its nearest phrase."""

    def train(self, examples: Sequence[Example], folder: Path) -> None:
        """Encode the phrases and leave them in ``folder``."""
        vectors = load_encoder(get_settings().encoder).encode([normalise(each.text) for each in examples])
        np.save(folder / "vectors.npy", vectors)
        (folder / "labels.json").write_text(json.dumps([each.label for each in examples]), encoding="utf-8")

    def load(self, folder: Path) -> None:
        """Take up the phrases of ``folder``, those of a label together."""
        self._encoder = load_encoder(get_settings().encoder)
        labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        self._nearest = Nearest(np.load(folder / "vectors.npy"), labels)

    def rank(self, example: Example) -> Ranking:
        """Labels with the cosine of their nearest phrase, best first."""
        return self._nearest.rank(self._encoder.encode([normalise(example.text)])[0])


class Nearest:
    """Vectors of shape (n, d) with their labels, those of a label together."""

    def __init__(self, vectors: Array, labels: Sequence[str]) -> None:
        order = np.argsort(np.array(labels), kind="stable")
        self._vectors = vectors[order]
        self._classes, self._starts = np.unique(np.array(labels)[order], return_index=True)

    def rank(self, vector: Array) -> Ranking:
        """Labels with the cosine of their phrase nearest to a vector of shape (d,), best first."""
        scores = np.maximum.reduceat(self._vectors @ vector, self._starts)
        return [(str(self._classes[index]), float(scores[index])) for index in np.argsort(-scores)[:LENGTH]]


def rank_all(vectors: Array, labels: Sequence[str], asked: Array) -> list[Ranking]:
    """Rankings for vectors of shape (m, d) by labelled vectors of shape (n, d)."""
    nearest = Nearest(vectors, labels)
    return [nearest.rank(vector) for vector in asked]
