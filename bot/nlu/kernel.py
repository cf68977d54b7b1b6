"""Kernel ridge classifier over sentence vectors and character n-grams, with exact leave-one-out scores.

Two kernels are added: a Gaussian one on the encoder's vectors (meaning, across the languages) and a cosine one on
character n-grams (spelling, abbreviations, names of offices). The dual solution costs one Cholesky factorisation of an
n by n matrix, and the scores each example would get if it were left out of training follow in closed form (Allen 1974;
Cawley and Talbot 2008, "Efficient approximate leave-one-out cross-validation for kernel logistic regression"). They
are what calibration needs: held-back data for every phrase without training twice.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class KernelConfig:
    """Weights of the two kernels and the ridge."""

    gamma: float = 1.5  # width of the Gaussian kernel: exp(-gamma * squared distance)
    lexical_weight: float = 0.5  # share of the n-gram kernel, 0 to 1
    ridge: float = 0.3  # added to the diagonal
    shortest: int = 1  # of the character n-grams
    longest: int = 4


def ngram_vectorizer(config: KernelConfig, vocabulary: dict[str, int] | None = None) -> TfidfVectorizer:
    """Character n-grams within words, weighted by tf-idf, rows of length 1."""
    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(config.shortest, config.longest),
        sublinear_tf=True,
        vocabulary=vocabulary,
        dtype=np.float32,
    )


class KernelClassifier:
    """``fit`` on n texts with their vectors (n, d) and labels, then ``scores`` of shape (m, classes)."""

    def __init__(self, config: KernelConfig) -> None:
        self.config = config
        self.classes: list[str] = []
        self._vectorizer = ngram_vectorizer(config)
        self._vectors: Array = np.zeros((0, 0), dtype=np.float32)
        self._ngrams = csr_matrix((0, 0), dtype=np.float32)
        self._dual: Array = np.zeros((0, 0), dtype=np.float32)

    def fit(self, texts: list[str], vectors: Array, labels: list[str]) -> Array:
        """Learn from examples; returns their leave-one-out scores, shape (n, classes), columns in ``classes``."""
        self.classes = sorted(set(labels))
        column = {label: index for index, label in enumerate(self.classes)}
        targets = np.zeros((len(labels), len(self.classes)), dtype=np.float64)
        targets[np.arange(len(labels)), [column[label] for label in labels]] = 1.0
        self._vectors = vectors.astype(np.float32)
        self._ngrams = self._vectorizer.fit_transform(texts)
        gram = self._kernel(self._vectors, self._ngrams).astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.config.ridge
        inverse = cho_solve(cho_factor(gram, overwrite_a=True, check_finite=False), np.eye(len(labels)))
        dual = inverse @ targets
        self._dual = dual.astype(np.float32)
        left_out: Array = (targets - dual / np.diag(inverse)[:, np.newaxis]).astype(np.float32)
        return left_out

    def scores(self, texts: list[str], vectors: Array) -> Array:
        """Scores of shape (m, classes) for m texts with their vectors (m, d): near 1 for the right class, 0 else."""
        result: Array = self._kernel(vectors.astype(np.float32), self._vectorizer.transform(texts)) @ self._dual
        return result

    def _kernel(self, vectors: Array, ngrams: csr_matrix) -> Array:
        # vectors have length 1, so the squared distance is 2 - 2 cos
        meaning = np.exp(self.config.gamma * (2.0 * (vectors @ self._vectors.T) - 2.0))
        spelling = (ngrams @ self._ngrams.T).toarray()
        weight = self.config.lexical_weight
        return np.asarray((1.0 - weight) * meaning + weight * spelling, dtype=np.float32)

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What must be kept: a part for JSON and a part of arrays."""
        words = {word: int(index) for word, index in self._vectorizer.vocabulary_.items()}
        arrays = {
            "vectors": self._vectors,
            "dual": self._dual,
            "idf": self._vectorizer.idf_,
            "ngram_data": self._ngrams.data,
            "ngram_indices": self._ngrams.indices,
            "ngram_indptr": self._ngrams.indptr,
        }
        return {"classes": self.classes, "vocabulary": words}, arrays

    def restore(self, plain: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take up what ``state`` gave."""
        self.classes = list(plain["classes"])
        self._vectorizer = ngram_vectorizer(self.config, plain["vocabulary"])
        self._vectorizer.idf_ = arrays["idf"]
        self._vectors, self._dual = arrays["vectors"], arrays["dual"]
        shape = (len(self._vectors), len(plain["vocabulary"]))
        self._ngrams = csr_matrix(
            (arrays["ngram_data"], arrays["ngram_indices"], arrays["ngram_indptr"]), shape=shape, dtype=np.float32
        )
