"""The report of a run: Markdown tables beside the plots."""

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.outcomes import Measured, Outcomes, Results
from benchmarks.plots import confusion_by_area, coverage_against_errors, learning_curve
from benchmarks.run import Step
from bot.languages import LANGUAGES
from bot.nlu.evaluation import Figures, figures

REPORT = "report.md"
TRAINING_FASTER, MESSAGE_FASTER = 5.0, 2.0  # bars against Rasa's default
MEGABYTE = 1024 * 1024


def write_report(results: Results, steps: Sequence[Step], folder: Path, per_topic: int, epochs: int) -> str:
    """Write report and plots to ``folder``; returns the report."""
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = Outcomes(results, steps)
    peers, whole = outcomes.peers(), outcomes.with_all_phrases()
    across, curves = outcomes.across(), outcomes.curve()
    shown = {"assistant, all phrases": whole[0], f"assistant, {per_topic} phrases": peers[0], peers[1].name: peers[1]}
    confusion_by_area(shown, folder / "confusion.png")
    coverage_against_errors(peers, folder / "coverage.png")
    coverage_against_errors(whole, folder / "coverage-all.png")
    rasa = {language: (float(per_topic), _figures(peers[1], language).first) for language in LANGUAGES}
    bots = {language: (float(per_topic), _figures(peers[2], language).first) for language in LANGUAGES}
    search = {language: _figures(peers[3], language).first for language in LANGUAGES}
    learning_curve(curves, {peers[3].name: search}, {peers[1].name: rasa, peers[2].name: bots}, folder / "learning.png")
    times = sorted(each["at"] for each in results.values())
    lines = [
        "# Understanding, beside its peers",
        "",
        f"Measured {times[0]} to {times[-1]} UTC by `benchmarks/understanding.py` on {_machine()}; "
        f"{sum(1 for each in peers[0].judged if each.example.on_topic)} on-topic and "
        f"{sum(1 for each in peers[0].judged if not each.example.on_topic)} off-topic questions that no peer has seen.",
        "",
        f"## {per_topic} phrases a topic and language, the same for all peers",
        "",
        f"Rasa's default: DIET, {epochs} epochs, topics as flat intents; each of the three bots gets the questions of "
        "its language only. A peer's thresholds are chosen on held-back phrases that no peer learned from, with the "
        "assistant's promises (its own are chosen within its training). The confidence of search and nearest phrase is "
        "their score after logistic regression on the same phrases.",
        "",
        *_quality(peers),
        "",
        *_costs(peers),
        "",
        "Memory is the most that the process took; of three bots that of all three serving, and of the largest "
        "training. A message is timed within the process, one after another, without network.",
        "",
        "## A whole message",
        "",
        "From the text to the reply of a conversation's first message, in one process beside the action server, "
        "without the network of the chat.",
        "",
        "| peer | p50 ms | p95 ms |",
        "| --- | --- | --- |",
        *(f"| {name} | {1000 * p50:.1f} | {1000 * p95:.1f} |" for name, (p50, p95) in outcomes.whole_message().items()),
        "",
        "## All phrases",
        "",
        *_quality(whole),
        "",
        *_costs(whole),
        "",
        "## Trained on one language, asked in another",
        "",
        f"{per_topic} phrases a topic, share ranked right first.",
        "",
        *_across(across),
        "",
        "## Bars",
        "",
        *_bars(peers, whole),
        "",
        "## Plots",
        "",
        "![Confusion by area: assistant with all phrases, with the shared part, Rasa's default](confusion.png)",
        "![Coverage against errors, shared phrases; the dot is where the thresholds stand](coverage.png)",
        "![Coverage against errors, all phrases](coverage-all.png)",
        "![Learning curve](learning.png)",
    ]
    text = "\n".join(lines) + "\n"
    (folder / REPORT).write_text(text, encoding="utf-8")
    return text


def _figures(peer: Measured, language: str) -> Figures:
    return figures(peer.of(language))


def _quality(peers: Iterable[Measured]) -> list[str]:
    lines = [
        "| peer | language | first right | within three | answered | right of answered | off-topic answered "
        "| calibration error |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for peer in peers:
        for language in LANGUAGES:
            found = _figures(peer, language)
            right = f"{found.right_of_answered:.1%}" if found.answered else "–"
            lines.append(
                f"| {peer.name} | {language} | {found.first:.1%} | {found.within_three:.1%} | {found.answered:.1%} "
                f"| {right} | {found.off_topic_answered:.1%} | {found.calibration_error:.3f} |"
            )
    return lines


def _costs(peers: Iterable[Measured]) -> list[str]:
    lines = [
        "| peer | phrases | training s | of the processor s | message p50 ms | p95 ms | memory training MB "
        "| serving MB | model MB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for peer in peers:
        cost = peer.cost
        lines.append(
            f"| {peer.name} | {cost.phrases or 'none'} | {cost.training:.0f} | {cost.processor:.0f} "
            f"| {1000 * cost.median:.1f} | {1000 * cost.p95:.1f} | {cost.memory_training / MEGABYTE:.0f} "
            f"| {cost.memory_asking / MEGABYTE:.0f} | {cost.size / MEGABYTE:.1f} |"
        )
    return lines


def _across(table: dict[str, dict[tuple[str, str], float]]) -> list[str]:
    lines = [
        "| trained on | asked in | " + " | ".join(table) + " |",
        "| --- | --- |" + " --- |" * len(table),
    ]
    for learned in LANGUAGES:
        for asked in LANGUAGES:
            if learned != asked:
                shares = " | ".join(f"{peer[learned, asked]:.1%}" for peer in table.values())
                lines.append(f"| {learned} | {asked} | {shares} |")
    return lines


def _bars(peers: Sequence[Measured], whole: Sequence[Measured]) -> list[str]:
    lines = ["| bar | measured | kept |", "| --- | --- | --- |"]
    assistant, rasa = peers[0], peers[1]
    for rivals, title in ((peers[1:], "same phrases"), (whole[1:], "all phrases")):
        own = whole[0] if rivals[0] is whole[1] else assistant
        for rival in rivals:
            ahead = [_figures(own, each).first - _figures(rival, each).first for each in LANGUAGES]
            measured = ", ".join(f"{each} {100 * lead:+.1f}" for each, lead in zip(LANGUAGES, ahead, strict=True))
            lines.append(_bar(f"first right ahead of {rival.name}, {title}", f"{measured} points", min(ahead) > 0))
    for own, title in ((assistant, "same phrases"), (whole[0], "assistant with all phrases")):
        times = rasa.cost.training / own.cost.training
        lines.append(
            _bar(
                f"training five times faster than one Rasa bot, {title}", f"{times:.1f} times", times >= TRAINING_FASTER
            )
        )
        times = rasa.cost.median / own.cost.median
        lines.append(
            _bar(f"message twice as fast as one Rasa bot, {title}", f"{times:.1f} times", times >= MESSAGE_FASTER)
        )
    return lines


def _bar(bar: str, measured: str, kept: bool) -> str:
    return f"| {bar} | {measured} | {'yes' if kept else 'no'} |"


def _machine() -> str:
    return f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
