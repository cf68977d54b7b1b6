"""The classifier: right on what lies near, the same after a restart, honest with held-back examples."""

import numpy as np
import pytest

from bot.nlu.kernel import FEW, KernelClassifier, KernelConfig

SYLLABLES = [f"{first}{second}{third}" for first in "bdfgk" for second in "aeiou" for third in "lmnrs"]


def data(count: int = 60) -> tuple[list[str], np.ndarray, list[str]]:
    random = np.random.default_rng(2)
    labels = [("tax", "visa")[index % 2] for index in range(count)]
    texts = [" ".join(random.choice(SYLLABLES, 3)) for _ in labels]
    vectors = random.normal(0, 0.3, (count, 16))
    vectors[:, 0] += [1.0 if label == "tax" else -1.0 for label in labels]
    return texts, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def test_held_back_scores_come_from_a_classifier_that_never_saw_them() -> None:
    texts, vectors, labels = data()
    held = 12
    left_out = KernelClassifier(KernelConfig()).fit(texts, vectors, labels, held)
    assert left_out.scores.shape == left_out.nearest.shape == (held, 2)
    alone = KernelClassifier(KernelConfig())
    alone.fit(texts[:-held], vectors[:-held], labels[:-held])
    # only the n-gram weights know of the others
    judged = alone.evidence(texts[-held:], vectors[-held:])
    assert np.allclose(left_out.scores, judged.scores, atol=0.1)
    assert np.allclose(left_out.nearest, judged.nearest, atol=0.1)
    assert (left_out.scores.argmax(axis=1) == [("tax", "visa").index(label) for label in labels[-held:]]).all()


def test_scores_after_restoring() -> None:
    texts, vectors, labels = data()
    trained, restored = KernelClassifier(KernelConfig()), KernelClassifier(KernelConfig())
    trained.fit(texts, vectors, labels)
    restored.restore(*trained.state())
    assert restored.classes == ["tax", "visa"]
    assert np.allclose(trained.evidence(texts, vectors).scores, restored.evidence(texts, vectors).scores, atol=1e-5)
    # each example is its own nearest
    own = restored.evidence(texts, vectors).nearest[np.arange(len(labels)), [int(label == "visa") for label in labels]]
    assert np.allclose(own, 1.0, atol=1e-4)


@pytest.mark.parametrize("text", ["", "\u0000", "完全に未知の言葉"])
def test_unknown_words_have_finite_scores(text: str) -> None:
    texts, vectors, labels = data()
    classifier = KernelClassifier(KernelConfig())
    classifier.fit(texts, vectors, labels)
    assert np.isfinite(classifier.evidence([text], vectors[:1]).scores).all()


def test_a_few_messages_have_the_scores_that_they_have_among_many() -> None:
    texts, vectors, labels = data()
    classifier = KernelClassifier(KernelConfig())
    classifier.fit(texts, vectors, labels)
    asked = [f"{text} {text[:3]} 未知" for text in texts[:-1]] + [""]
    assert len(asked) > FEW
    many = classifier.evidence(asked, vectors).scores
    parts = [slice(at, at + 3) for at in range(0, len(asked), 3)]
    few = [classifier.evidence(asked[part], vectors[part]).scores for part in parts]
    assert np.allclose(np.vstack(few), many, atol=1e-5)


def test_a_class_whose_examples_are_all_held_back_has_no_nearest() -> None:
    texts, vectors, labels = data()
    labels[-2:] = ["trade", "trade"]
    left_out = KernelClassifier(KernelConfig()).fit(texts, vectors, labels, 2)
    assert (left_out.nearest[:, 1] == -1.0).all()
    assert (left_out.nearest[:, [0, 2]] > -1.0).all()
