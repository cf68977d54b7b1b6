"""Plots of a run: confusion by area, coverage against errors, learning curve."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from benchmarks.outcomes import Measured
from bot.languages import LANGUAGES
from bot.nlu.calibration import OFF_TOPIC
from bot.nlu.evaluation import Judgement

TITLES = {"de": "German", "en": "English", "ja": "Japanese"}
CONVERSATION = "conversation"
# one colour and line a peer in every plot, readable for colour-blind people too (Okabe and Ito 2008)
LOOKS = {
    "assistant": ("#0072B2", "-"),
    "Rasa's default, one bot": ("#D55E00", "--"),
    "Rasa's default, three bots": ("#E69F00", "-."),
    "plain search (BM25)": ("#009E73", ":"),
    "nearest phrase": ("#CC79A7", (0, (3, 1, 1, 1))),
}
RESOLUTION = 110


def area_of(label: str) -> str:
    """The area of a topic; off-topic and conversational intents are areas of their own."""
    if "/" in label:
        return label.split("/")[0]
    return "off-topic" if label == OFF_TOPIC else CONVERSATION


def confusion_by_area(peers: dict[str, Measured], path: Path) -> None:
    """One matrix a peer, by its title: right area in rows, area ranked first in columns, shares of a row."""
    judged = next(iter(peers.values())).judged
    topics = {area_of(each.example.label) for each in judged if each.example.on_topic}
    areas = [*sorted(topics), "off-topic"]
    columns = [*areas, CONVERSATION]
    figure, axes = plt.subplots(1, len(peers), figsize=(7.0 * len(peers), 6.2), squeeze=False)
    for axis, (title, peer) in zip(axes[0], peers.items(), strict=True):
        counts = np.zeros((len(areas), len(columns)))
        for each in peer.judged:
            column = columns.index(area_of(each.first)) if area_of(each.first) in columns else len(columns) - 1
            counts[areas.index(area_of(each.example.label)), column] += 1
        shares = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=100)
        for row, column in zip(*np.nonzero(shares >= 0.5), strict=True):
            ink = "white" if shares[row, column] > 55 else "black"
            axis.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", fontsize=8, color=ink)
        axis.set_xticks(range(len(columns)), columns, rotation=45, ha="right")
        axis.set_yticks(range(len(areas)), areas)
        axis.set_xlabel("area ranked first")
        axis.set_ylabel("right area")
        axis.set_title(f"{title}: % of questions")
    _save(figure, path)


def coverage_against_errors(peers: Sequence[Measured], path: Path) -> None:
    """What share of the questions could be answered at which share of wrong answers, and where each peer stands."""
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), sharey=True)
    for axis, language in zip(axes, LANGUAGES, strict=True):
        for peer in peers:
            colour, style = LOOKS[peer.name]
            coverage, errors = risk_curve(peer.of(language))
            axis.plot(100 * coverage, 100 * errors, color=colour, linestyle=style, label=peer.name)
            chosen = working_point(peer.of(language))
            if chosen is not None:
                axis.plot(100 * chosen[0], 100 * chosen[1], "o", color=colour)
        axis.set_title(TITLES[language])
        axis.set_xlabel("on-topic questions answered, %")
        axis.set_xlim(0, 100)
        axis.set_ylim(0, 60)
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("wrong among all answers, off-topic ones too, %")
    axes[0].legend(fontsize=8, loc="upper left")
    _save(figure, path)


def risk_curve(judged: Sequence[Judgement]) -> tuple["np.ndarray[tuple[int], np.dtype[np.float64]]", ...]:
    """Coverage and error, each of shape (n,), when the n surest questions whose first label is a topic are answered."""
    rows = sorted((each for each in judged if "/" in each.first), key=lambda each: -_sureness(each))
    on_topic = sum(each.example.on_topic for each in judged)
    covered = np.cumsum([each.example.on_topic for each in rows]) / max(on_topic, 1)
    wrong = np.cumsum([not each.right for each in rows]) / np.arange(1, len(rows) + 1)
    return covered, wrong


def _sureness(judgement: Judgement) -> float:
    return judgement.confidence if judgement.chance is None else judgement.chance


def working_point(judged: Sequence[Judgement]) -> tuple[float, float] | None:
    """Coverage and error at the thresholds in force; None when nothing is answered."""
    answered = [each for each in judged if each.answered]
    on_topic = sum(each.example.on_topic for each in judged)
    if not answered:
        return None
    wrong = sum(not each.right for each in answered) / len(answered)
    return sum(each.example.on_topic for each in answered) / on_topic, wrong


def learning_curve(
    curves: dict[str, dict[str, list[tuple[float, float]]]],
    flat: dict[str, dict[str, float]],
    single: dict[str, dict[str, tuple[float, float]]],
    path: Path,
) -> None:
    """Share ranked right first over the phrases of a topic; ``flat`` learns from none, ``single`` has one point."""
    figure, axes = plt.subplots(1, 3, figsize=(15, 4.8), sharey=True)
    for axis, language in zip(axes, LANGUAGES, strict=True):
        for name, points in curves.items():
            x, y = zip(*points[language], strict=True)
            axis.plot(x, [100 * each for each in y], marker="o", color=LOOKS[name][0], label=name)
        for name, level in flat.items():
            axis.axhline(100 * level[language], linestyle=":", color=LOOKS[name][0], label=name)
        for name, point in single.items():
            axis.plot(point[language][0], 100 * point[language][1], "D", color=LOOKS[name][0], label=name)
        axis.set_xscale("log", base=2)
        ticks = [2, 4, 8, 16, 32, 64]
        axis.set_xticks(ticks, [str(each) for each in ticks])
        axis.set_title(TITLES[language])
        axis.set_xlabel("phrases a topic and language")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("right topic first, %")
    axes[0].set_ylim(0, 100)
    axes[0].legend(fontsize=8, loc="lower right")
    _save(figure, path)


def _save(figure: "plt.Figure", path: Path) -> None:
    figure.tight_layout()
    # titles above square matrices would be cut off otherwise
    figure.savefig(path, dpi=RESOLUTION, bbox_inches="tight")
    plt.close(figure)
