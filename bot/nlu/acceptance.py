"""How likely it is that the best topic's answer is right: classification with a reject option (Chow 1970).

The classifier's scores say which topic is likeliest, but not how much a message is like anything that was learnt: a
question that no topic answers may resemble one of them more than all others. So the decision to answer has a model of
its own, logistic regression on a few features of a message, fitted on examples that the classifier was not taught.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from bot.nlu.kernel import Evidence

Array = npt.NDArray[np.float32]

FOLDS = 5
STRENGTH = 0.3  # inverse of the penalty on large weights, chosen on held-back phrases
UNSEEN = -1.0  # similarity to a class without an example


@dataclass(frozen=True)
class Acceptance:
    """Logistic regression on standardised features, their squares and their products."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def of(self, features: Array) -> Array:
        """The chance that the best topic is right, shape (n,), for features of shape (n, 6)."""
        rows = (features - np.array(self.mean, dtype=np.float32)) / np.array(self.spread, dtype=np.float32)
        result: Array = 1.0 / (1.0 + np.exp(-(_with_products(rows) @ np.array(self.weights) + self.bias)))
        return result


def features_of(evidence: Evidence, off_topic: int | None) -> tuple[Array, npt.NDArray[np.int64]]:
    """Features of shape (n, 6) for n messages, and the column of each one's best class, off-topic left aside.

    They are the scores of the best class, of the second best and of off-topic, and the similarity to the nearest
    example of the best class, of off-topic and of any other class. ``off_topic`` is its column, if there is one.
    """
    scores, nearest = evidence.scores.copy(), evidence.nearest.copy()
    rows = np.arange(len(scores))
    if off_topic is None:
        of_off_topic = [np.zeros(len(scores)), np.full(len(scores), UNSEEN)]
    else:
        of_off_topic = [scores[:, off_topic].copy(), nearest[:, off_topic].copy()]
        scores[:, off_topic] = -np.inf
        nearest[:, off_topic] = UNSEEN
    best = scores.argmax(axis=1)
    first, near_first = scores[rows, best].copy(), nearest[rows, best].copy()
    scores[rows, best] = -np.inf
    nearest[rows, best] = UNSEEN
    # a model of a single class has no second
    second = np.maximum(scores.max(axis=1), -1.0)
    features = np.column_stack([first, second, of_off_topic[0], near_first, of_off_topic[1], nearest.max(axis=1)])
    return features.astype(np.float32), best


def fit(features: Array, right: npt.NDArray[np.bool_]) -> tuple[Acceptance, Array]:
    """Fit on n examples; also returns the chances, shape (n,), which they get from a model fitted without them."""
    fewest = int(min(right.sum(), (~right).sum()))
    if fewest < FOLDS:
        constant = _constant(features.shape[1], right)
        return constant, constant.of(features)
    chances = np.zeros(len(right), dtype=np.float32)
    for learnt, asked in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(features, right):
        chances[asked] = _fitted(features[learnt], right[learnt]).of(features[asked])
    return _fitted(features, right), chances


def _fitted(features: Array, right: npt.NDArray[np.bool_]) -> Acceptance:
    mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    model = LogisticRegression(C=STRENGTH, max_iter=5000).fit(_with_products((features - mean) / spread), right)
    return Acceptance(
        tuple(map(float, mean)),
        tuple(map(float, spread)),
        tuple(map(float, model.coef_[0])),
        float(model.intercept_[0]),
    )


def _constant(width: int, right: npt.NDArray[np.bool_]) -> Acceptance:
    """For examples that give nothing to tell apart by: the share of them that is right (Laplace's estimate)."""
    share = (float(right.sum()) + 1.0) / (len(right) + 2.0)
    weights = (0.0,) * (width + len(_pairs(width)[0]))
    return Acceptance((0.0,) * width, (1.0,) * width, weights, float(np.log(share / (1.0 - share))))


@lru_cache(maxsize=1)
def _pairs(width: int) -> tuple[npt.NDArray[np.int64], ...]:
    return np.triu_indices(width)


def _with_products(rows: Array) -> Array:
    """Columns of rows (n, d) with their squares and products behind them, shape (n, d + d (d + 1) / 2)."""
    one, other = _pairs(rows.shape[1])
    return np.hstack([rows, rows[:, one] * rows[:, other]])
