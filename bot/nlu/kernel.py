"""Kernel ridge classifier over sentence vectors and character n-grams, with scores of held-back examples.

Two kernels are added: a Gaussian one on the encoder's vectors (meaning, across the languages), in which directions that
tell topics apart count a second time, and a cosine one on character n-grams (spelling, abbreviations, names of
offices). Against logistic regression on the same vectors it is right far more often (docs/understanding.md has the
figures): with nearly a hundred topics that lie close together, what counts is which phrases are near, and that a linear
boundary in 512 dimensions cannot hold.

The dual solution costs one Cholesky factorisation. With the held-back examples put last, the scores that a classifier
without them would give them follow from its trailing block and the dual solution, without a second training (block
leave-out, Rifkin and Lippert 2007, "Notes on regularized least squares").
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve
from scipy.linalg.lapack import spotrf
from scipy.sparse import csr_matrix
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.nlu.shares import in_shares

Array = npt.NDArray[np.float32]

FEW = 8  # messages, for which general methods spend more time on preparing than on the work
BLOCK = 512  # rows of the kernel matrix made at a time, so that no second matrix of its size is needed


@dataclass(frozen=True)
class KernelConfig:
    """Weights of the two kernels and the ridge, chosen on held-back phrases."""

    gamma: float = 1.3  # width of the Gaussian kernel: exp(-gamma * squared distance)
    lexical_weight: float = 0.3  # share of the n-gram kernel, 0 to 1
    ridge: float = 0.1  # added to the diagonal
    shortest: int = 1  # of the character n-grams
    longest: int = 3
    dimensions: int = 128  # principal directions of the vectors that are kept
    kept: int = 128  # directions of both kinds together that are kept in the end: memory read for each message
    separating_share: float = 0.23  # of the squared distance: along directions that tell the classes apart, 0 to 1
    shrinkage: float = 0.5  # of the covariance within classes when those directions are sought, 0 to 1


def ngram_vectorizer(config: KernelConfig, vocabulary: dict[str, int] | None = None) -> TfidfVectorizer:
    """Character n-grams within words, weighted by tf-idf, rows of length 1."""
    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(config.shortest, config.longest),
        sublinear_tf=True,
        # an n-gram of one example alone says nothing of any other, one of every tenth example says nothing at all
        min_df=2 if vocabulary is None else 1,
        max_df=0.1 if vocabulary is None else 1.0,
        vocabulary=vocabulary,
        dtype=np.float32,
    )


@dataclass(frozen=True)
class Evidence:
    """What speaks for each class, in two arrays of shape (m, classes) for m messages.

    ``scores`` are near 1 for the right class and near 0 else; ``nearest`` is the similarity of the vectors, from -1
    to 1, to the nearest example of the class.
    """

    scores: Array
    nearest: Array


class KernelClassifier:
    """``fit`` on n texts with their vectors (n, d) and labels, then ``evidence`` on others."""

    def __init__(self, config: KernelConfig) -> None:
        self.config = config
        self.classes: list[str] = []
        self._vectorizer = ngram_vectorizer(config)
        # principal directions of the vectors, shape (d, dimensions): what lies beside them is noise, and costs time
        self._directions: Array = np.zeros((0, 0), dtype=np.float32)
        # directions that tell the classes apart, shape (d, classes - 1): linear discriminant analysis
        self._separating: Array = np.zeros((0, 0), dtype=np.float32)
        # principal directions of both together, shape (dimensions + classes - 1, kept)
        self._kept: Array = np.zeros((0, 0), dtype=np.float32)
        self._vectors: Array = np.zeros((0, 0), dtype=np.float32)
        # n-grams by examples: one row is the list of examples that hold an n-gram
        self._postings = csr_matrix((0, 0), dtype=np.float32)
        self._dual: Array = np.zeros((0, 0), dtype=np.float32)
        # where the examples of each class begin, shape (classes + 1,): they are kept in the order of the classes
        self._bounds: npt.NDArray[np.int64] = np.zeros(1, dtype=np.int64)
        self._idf: Array = np.zeros(0, dtype=np.float32)
        # what each n-gram says for each class, shape (n-grams, classes); follows from the two before
        self._lexical: Array = np.zeros((0, 0), dtype=np.float32)

    def fit(self, texts: list[str], vectors: Array, labels: list[str], held_back: int = 0) -> Evidence:
        """Learn from all n examples.

        Returns the evidence which the last ``held_back`` examples get from a classifier that never saw them; columns
        are in the order of ``classes``.
        """
        self.classes = sorted(set(labels))
        column = {label: index for index, label in enumerate(self.classes)}
        targets = np.zeros((len(labels), len(self.classes)), dtype=np.float32)
        targets[np.arange(len(labels)), [column[label] for label in labels]] = 1.0
        self._directions = _principal_directions(vectors, self.config.dimensions)
        known = len(labels) - held_back
        # the classes of the held-back examples must not be known to what judges them
        self._separating = _separating_directions(vectors[:known], labels[:known], self.config.shrinkage)
        both = self._both(vectors)
        self._kept = _principal_directions(both, self.config.kept)
        self._vectors = _unit(both @ self._kept)
        ngrams = self._vectorizer.fit_transform(texts)
        self._postings = ngrams.T.tocsr()
        gram = self._gram(ngrams)
        gram[np.diag_indices_from(gram)] += np.float32(self.config.ridge)
        # the transpose of the lower half is the upper half, and in LAPACK's own order: nothing is copied
        factor, info = spotrf(gram.T, lower=0, clean=0, overwrite_a=1)
        if info != 0:
            raise ValueError(
                "The kernel matrix is not positive definite; raise `ridge` of TopicClassifier in config.yml."
            )
        self._dual = np.ascontiguousarray(cho_solve((factor, False), targets, check_finite=False), dtype=np.float32)
        # what the trailing block of the inverse is the inverse of; below its diagonal stands what was not cleaned
        block = np.triu(factor[known:, known:])
        left_out: Array = targets[known:] - block.T @ (block @ self._dual[known:])
        columns = np.array([column[label] for label in labels])
        nearest = self._nearest_known(columns, known)
        self._sort(columns, ngrams)
        self._weigh_ngrams()
        return Evidence(left_out, nearest)

    def _nearest_known(self, columns: npt.NDArray[np.int64], known: int) -> Array:
        """Similarity of each held-back example to the nearest known one of each class."""
        order, bounds = _by_class(columns[:known], len(self.classes))
        examples, asked = self._vectors[:known][order], self._vectors[known:]
        blocks = [asked[start : start + BLOCK] for start in range(0, len(asked), BLOCK)]
        empty = np.zeros((0, len(self.classes)), dtype=np.float32)
        return np.vstack([empty, *(_nearest_of_each(block @ examples.T, bounds) for block in blocks)])

    def _sort(self, columns: npt.NDArray[np.int64], ngrams: csr_matrix) -> None:
        order, self._bounds = _by_class(columns, len(self.classes))
        self._vectors, self._dual = self._vectors[order], self._dual[order]
        self._postings = ngrams[order].T.tocsr()

    def evidence(self, texts: list[str], vectors: Array) -> Evidence:
        """What speaks for each class, for m texts with their vectors (m, d)."""
        projected = self._project(vectors)
        scores = self._lexical_scores(texts)
        nearest = np.empty_like(scores)
        for start in range(0, len(projected), BLOCK):
            block = slice(start, start + BLOCK)
            similarities = np.matmul(projected[block], self._vectors.T)
            nearest[block] = _nearest_of_each(similarities, self._bounds)
            scores[block] += self._gaussian(similarities) @ self._dual
        return Evidence(scores, nearest)

    def _lexical_scores(self, texts: list[str]) -> Array:
        """The share of n-grams in the scores. Their kernel is linear, so each n-gram has a weight for each class."""
        if len(texts) > FEW:
            found: Array = self._vectorizer.transform(texts) @ self._lexical
            return found
        # what ``transform`` gives, for a message or two in a fifth of its time
        vocabulary, analyze = self._vectorizer.vocabulary_, self._vectorizer.build_analyzer()
        result = np.zeros((len(texts), len(self.classes)), dtype=np.float32)
        for row, text in zip(result, texts, strict=True):
            counts = Counter(vocabulary[each] for each in analyze(text) if each in vocabulary)
            columns = np.fromiter(counts.keys(), dtype=np.int32, count=len(counts))
            weights = 1.0 + np.log(np.fromiter(counts.values(), dtype=np.float32, count=len(counts)))
            weights *= self._idf[columns]
            weights /= max(float(np.linalg.norm(weights)), 1e-9)
            row += weights @ self._lexical[columns]
        return result

    def _project(self, vectors: Array) -> Array:
        return _unit(self._both(vectors) @ self._kept)

    def _both(self, vectors: Array) -> Array:
        """Rows of length 1 whose squared distance is the weighted sum of the distances in both sets of directions."""
        vectors = vectors.astype(np.float32)
        share = self.config.separating_share if self._separating.size else 0.0
        parts = [_unit(vectors @ self._directions) * np.float32(np.sqrt(1.0 - share))]
        if share:
            parts.append(_unit(vectors @ self._separating) * np.float32(np.sqrt(share)))
        return np.ascontiguousarray(np.hstack(parts))

    def _gram(self, ngrams: csr_matrix) -> Array:
        """Kernel of all examples with each other; it is symmetric, and only its lower half is filled in."""
        count = len(self._vectors)
        gram = np.zeros((count, count), dtype=np.float32)

        def fill(start: int) -> None:
            block, end = slice(start, start + BLOCK), min(start + BLOCK, count)
            rows = self._gaussian(np.matmul(self._vectors[block], self._vectors[:end].T))
            _add_product(rows, ngrams[block], self._postings[:, :end], np.float32(self.config.lexical_weight))
            gram[block, :end] = rows

        # the longest rows first, so that no thread is left with them at the end
        in_shares(fill, reversed(range(0, count, BLOCK)))
        return gram

    def _gaussian(self, rows: Array) -> Array:
        """The share of the vectors in the kernel, in place of ``rows``, the cosines of messages with examples."""
        # vectors have length 1, so the squared distance is 2 - 2 cos
        rows -= 1.0
        rows *= np.float32(2.0 * self.config.gamma)
        np.exp(rows, out=rows)
        rows *= np.float32(1.0 - self.config.lexical_weight)
        return rows

    def _weigh_ngrams(self) -> None:
        # the vectorizer works it out anew each time it is asked
        self._idf = self._vectorizer.idf_
        weighed = self._postings @ self._dual
        weighed *= np.float32(self.config.lexical_weight)
        self._lexical = np.ascontiguousarray(weighed, dtype=np.float32)

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What must be kept: a part for JSON and a part of arrays."""
        words = {word: int(index) for word, index in self._vectorizer.vocabulary_.items()}
        arrays = {
            "directions": self._directions,
            "separating": self._separating,
            "kept": self._kept,
            "vectors": self._vectors,
            "dual": self._dual,
            "bounds": self._bounds,
            "idf": self._vectorizer.idf_,
            "posting_data": self._postings.data,
            "posting_indices": self._postings.indices,
            "posting_indptr": self._postings.indptr,
        }
        return {"classes": self.classes, "vocabulary": words}, arrays

    def restore(self, plain: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take up what ``state`` gave."""
        self.classes = list(plain["classes"])
        self._vectorizer = ngram_vectorizer(self.config, plain["vocabulary"])
        self._vectorizer.idf_ = arrays["idf"]
        self._directions, self._separating, self._kept = (arrays[key] for key in ("directions", "separating", "kept"))
        self._vectors, self._dual, self._bounds = (arrays[key] for key in ("vectors", "dual", "bounds"))
        shape = (len(plain["vocabulary"]), len(self._vectors))
        self._postings = csr_matrix(
            (arrays["posting_data"], arrays["posting_indices"], arrays["posting_indptr"]), shape=shape, dtype=np.float32
        )
        self._weigh_ngrams()


def _principal_directions(rows: Array, count: int) -> Array:
    """The ``count`` directions, shape (d, count), along which rows differ most from zero."""
    _, axes = np.linalg.eigh(rows.T @ rows)
    return np.ascontiguousarray(axes[:, ::-1][:, :count], dtype=np.float32)


def _separating_directions(vectors: Array, labels: list[str], shrinkage: float) -> Array:
    """Directions, shape (d, classes - 1), along which classes differ most for what they spread (Fisher 1936)."""
    classes = len(set(labels))
    if not 1 < classes < len(labels):
        return np.zeros((vectors.shape[1], 0), dtype=np.float32)
    analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage).fit(vectors, labels)
    return np.ascontiguousarray(analysis.scalings_[:, : classes - 1], dtype=np.float32)


def _by_class(columns: npt.NDArray[np.int64], classes: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """An order of examples by their class, and where each class begins in it, shape (classes + 1,)."""
    order = np.argsort(columns, kind="stable")
    return order, np.searchsorted(columns[order], np.arange(classes + 1))


def _nearest_of_each(similarities: Array, bounds: npt.NDArray[np.int64]) -> Array:
    """The greatest of each class in rows of similarities to examples in the order of their classes; -1 without any."""
    result = np.full((len(similarities), len(bounds) - 1), -1.0, dtype=np.float32)
    filled = np.flatnonzero(np.diff(bounds))
    if filled.size:
        result[:, filled] = np.maximum.reduceat(similarities, bounds[filled], axis=1)
    return result


def _unit(rows: Array) -> Array:
    lengths: Array = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return rows / lengths


def _add_product(rows: Array, ngrams: csr_matrix, postings: csr_matrix, weight: np.float32) -> None:
    """``rows += weight * ngrams @ postings`` where the product is sparse."""
    product = ngrams @ postings
    product *= weight
    for row, start, end in zip(rows, product.indptr[:-1], product.indptr[1:], strict=True):
        row[product.indices[start:end]] += product.data[start:end]
