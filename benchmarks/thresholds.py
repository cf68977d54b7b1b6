"""When a peer answers: thresholds chosen for it on held-back phrases, with the promises that the assistant keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from benchmarks.peers.base import Ranking
from bot.nlu.calibration import OFF_TOPIC, Outcome, Promises
from bot.nlu.evaluation import Example, Judgement

CONFIDENCES = np.arange(0.0, 1.0, 0.01)
MARGINS = np.arange(0.0, 0.55, 0.05)
LEAST_ANSWERED = 0.5  # share of on-topic examples; thresholds that answer less serve nobody
MOST_LOWERED = 0.3  # as far as a promise on right answers may be lowered for a peer that cannot keep it


@dataclass(frozen=True)
class Thresholds:
    """The least confidence and the least distance to the second, and the promise that they keep."""

    confidence: float
    margin: float
    promised: float


class Confidence:
    """The chance that the first label is right.

    A model's own probabilities are taken as they are. For a score that is none, logistic regression on the score and
    its distance to the second (Platt 1999) makes one, fitted on the held-back phrases.
    """

    def __init__(self, rankings: Sequence[Ranking], examples: Sequence[Example], *, own: bool) -> None:
        self._model: LogisticRegression | None = None
        if not own:
            right = [ranking[0][0] == example.label for ranking, example in zip(rankings, examples, strict=True)]
            self._model = LogisticRegression(C=100.0, max_iter=1000).fit(_evidence(rankings), right)

    def of(self, rankings: Sequence[Ranking]) -> "npt.NDArray[np.float64]":
        """Confidences, shape (n,)."""
        evidence = _evidence(rankings)
        confidence: npt.NDArray[np.float64] = (
            evidence[:, 0] if self._model is None else self._model.predict_proba(evidence)[:, 1]
        )
        return confidence


def _evidence(rankings: Sequence[Ranking]) -> "npt.NDArray[np.float64]":
    first = [ranking[0][1] for ranking in rankings]
    second = [ranking[1][1] if len(ranking) > 1 else 0.0 for ranking in rankings]
    return np.column_stack([first, np.subtract(first, second)])


def choose(
    rankings: Sequence[Ranking], examples: Sequence[Example], confidence: Confidence, promises: Promises
) -> Thresholds:
    """The thresholds that answer most on-topic examples while the promises hold.

    A promise on right answers that cannot be kept while at least half is answered is lowered step by step, which the
    assistant's own is not; the one on off-topic messages is not. Where even that fails, fewer answers are given.
    """
    sure, margin = confidence.of(rankings), _evidence(rankings)[:, 1]
    names_topic = np.array(["/" in ranking[0][0] for ranking in rankings])
    right = np.array([ranking[0][0] == each.label for ranking, each in zip(rankings, examples, strict=True)])
    on_topic = np.array([each.on_topic for each in examples])
    off_topic = np.array([each.label == OFF_TOPIC for each in examples])
    found = []
    for least in CONFIDENCES:
        for least_margin in MARGINS:
            answered = names_topic & (sure >= least) & (margin >= least_margin)
            count = int((answered & on_topic).sum())
            if count and answered[off_topic].mean() <= promises.off_topic_answered:
                share = float(right[answered & on_topic].mean())
                found.append((count, share, float(least), float(least_margin)))
    least_count = LEAST_ANSWERED * on_topic.sum()
    for lowered in np.arange(0.0, MOST_LOWERED, 0.01):
        promised = promises.right_of_answered - lowered
        kept = [each for each in found if each[1] >= promised and each[0] >= least_count]
        if kept:
            return _most(kept, promised)
    kept = [each for each in found if each[1] >= promises.right_of_answered]
    return _most(kept, promises.right_of_answered) if kept else Thresholds(1.01, 0.0, promises.right_of_answered)


def _most(kept: Sequence[tuple[int, float, float, float]], promised: float) -> Thresholds:
    best = max(kept)
    return Thresholds(best[2], best[3], promised)


def judge(
    rankings: Sequence[Ranking], examples: Sequence[Example], confidence: Confidence, thresholds: Thresholds
) -> list[Judgement]:
    """What the peer does with each example."""
    judged = []
    rows = zip(rankings, examples, confidence.of(rankings), _evidence(rankings)[:, 1], strict=True)
    for ranking, example, sure, margin in rows:
        answers = sure >= thresholds.confidence and margin >= thresholds.margin and "/" in ranking[0][0]
        outcome = Outcome.ANSWER if answers else Outcome.SUGGEST
        topics = tuple(name for name, _ in ranking if "/" in name)
        judged.append(Judgement(example, ranking[0][0], topics, outcome, float(sure)))
    return judged
