"""The classifiers that were compared, each a function from examples to a function that scores others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bot.languages import LANGUAGES
from bot.nlu.evaluation import Example
from bot.nlu.kernel import KernelClassifier, KernelConfig
from bot.nlu.text import fold

Array = npt.NDArray[np.float32]
NEIGHBOURS = 10
SHARPNESS = 12.0  # how much a nearer neighbour counts for more: exp(sharpness * cosine)
TINY = 1e-9


@dataclass(frozen=True)
class Examples:
    """Texts with languages, labels and vectors of shape (n, d)."""

    texts: list[str]
    languages: list[str]
    labels: list[str]
    vectors: Array

    @classmethod
    def of(cls, examples: Sequence[Example], vectors: Array) -> "Examples":
        """Examples with the vectors that were made of them."""
        return cls(
            [fold(each.text) for each in examples],
            [each.language for each in examples],
            [each.label for each in examples],
            vectors,
        )

    def at(self, rows: "npt.NDArray[np.intp]") -> "Examples":
        """Those at some places."""
        texts, languages, labels = (
            [column[row] for row in rows] for column in (self.texts, self.languages, self.labels)
        )
        return Examples(texts, languages, labels, self.vectors[rows])

    def with_more(self, more: "Examples") -> "Examples":
        """These, and behind them others."""
        return Examples(
            [*self.texts, *more.texts],
            [*self.languages, *more.languages],
            [*self.labels, *more.labels],
            np.vstack([self.vectors, more.vectors]),
        )


Predict = Callable[[Examples], tuple[Array, list[str]]]  # scores of shape (m, classes), and the classes
Learner = Callable[[Examples], Predict]


def _logistic(learn: Examples) -> Predict:
    model = LogisticRegression(C=50.0, max_iter=300).fit(learn.vectors, np.array(learn.labels))
    return lambda ask: (model.predict_log_proba(ask.vectors), list(model.classes_))


def _svm(learn: Examples) -> Predict:
    model = CalibratedClassifierCV(LinearSVC(C=1.0), method="sigmoid", cv=3).fit(learn.vectors, np.array(learn.labels))
    return lambda ask: (np.log(model.predict_proba(ask.vectors) + TINY), list(model.classes_))


def _neighbours(learn: Examples) -> Predict:
    classes, column = np.unique(np.array(learn.labels), return_inverse=True)

    def predict(ask: Examples) -> tuple[Array, list[str]]:
        cosine = ask.vectors @ learn.vectors.T
        nearest = np.argpartition(-cosine, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        scores = np.full((len(ask.texts), len(classes)), TINY, dtype=np.float32)
        for row, places in enumerate(nearest):
            np.add.at(scores[row], column[places], np.exp(SHARPNESS * (cosine[row, places] - 1.0)))
        return np.log(scores / scores.sum(axis=1, keepdims=True)), [str(each) for each in classes]

    return predict


def _blended(learn: Examples) -> Predict:
    logistic, neighbours = _logistic(learn), _neighbours(learn)

    def predict(ask: Examples) -> tuple[Array, list[str]]:
        scores, classes = logistic(ask)
        return np.log((np.exp(scores) + np.exp(neighbours(ask)[0])) / 2), classes

    return predict


class _Ngrams:
    """Character n-grams, the same for all languages or counted for each language apart."""

    def __init__(self, examples: Examples, *, apart: bool) -> None:
        self._apart = apart
        self._vectorizers: dict[str, TfidfVectorizer] = {}
        for language in LANGUAGES if apart else ("",):
            texts = [text for text, of in zip(examples.texts, examples.languages, strict=True) if language in ("", of)]
            vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True, min_df=2)
            self._vectorizers[language] = vectorizer.fit(texts)

    def of(self, examples: Examples) -> csr_matrix:
        """One row a text; n-grams of the other languages are zero where they are counted apart."""
        blocks = []
        for language, vectorizer in self._vectorizers.items():
            pairs = zip(examples.texts, examples.languages, strict=True)
            blocks.append(vectorizer.transform([text if language in ("", of) else "" for text, of in pairs]))
        return hstack(blocks).tocsr()


def _lexical(apart: bool, weight: float) -> Learner:
    def learner(learn: Examples) -> Predict:
        ngrams = _Ngrams(learn, apart=apart)

        def features(examples: Examples) -> csr_matrix:
            parts = [ngrams.of(examples) * weight]
            if weight < 1.0:
                parts.append(csr_matrix(examples.vectors))
            return hstack(parts).tocsr()

        model = LinearSVC(C=1.0).fit(features(learn), learn.labels)
        return lambda ask: (model.decision_function(features(ask)), list(model.classes_))

    return learner


def _kernel(lexical: bool) -> Learner:
    def learner(learn: Examples) -> Predict:
        config = KernelConfig() if lexical else replace(KernelConfig(), lexical_weight=0.0)
        model = KernelClassifier(config)
        model.fit(learn.texts, learn.vectors, learn.labels)
        return lambda ask: (model.evidence(ask.texts, ask.vectors).scores, model.classes)

    return learner


# name -> learner, and whether it is also tried with further examples
LEARNERS: dict[str, tuple[Learner, bool]] = {
    "logistic regression": (_logistic, False),
    "linear SVM, calibrated": (_svm, False),
    "10 nearest": (_neighbours, False),
    "10 nearest and logistic regression, mean": (_blended, False),
    "linear SVM on n-grams alone": (_lexical(apart=False, weight=1.0), False),
    "linear SVM, vectors and n-grams": (_lexical(apart=False, weight=0.5), False),
    "linear SVM, vectors and n-grams of each language": (_lexical(apart=True, weight=0.5), False),
    "kernel on vectors": (_kernel(lexical=False), False),
    "kernel on vectors and n-grams (in use)": (_kernel(lexical=True), True),
}
