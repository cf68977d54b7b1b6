"""``nrwbot nlu``: how well the assistant understands."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import typer

from bot.settings import PROJECT_ROOT, get_settings

if TYPE_CHECKING:
    from bot.nlu.evaluation import Judgement

app = typer.Typer(no_args_is_help=True, help="How well the assistant understands.")

QUESTIONS = PROJECT_ROOT / "tests" / "understanding"
HEADING = (
    "| language | on topic | first right | within three | answered | right of answered | off topic | of them answered "
    "| calibration error |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
)


@app.callback()
def nlu() -> None:
    """How well the assistant understands."""


@app.command()
def evaluate(
    folds: int = typer.Option(5, min=2, help="Parts of the cross-validation over the training phrases."),
    questions: Path = typer.Option(QUESTIONS, help="Folder of questions kept apart from training."),  # noqa: B008
    off_topic: bool = typer.Option(False, help="Print what becomes of each off-topic question."),
    skip_cross_validation: bool = typer.Option(False, help="Only the questions kept apart."),
    confused: int = typer.Option(15, help="How many pairs of confused topics to print."),
    report: Optional[Path] = typer.Option(None, help="Write the report to this file as well."),  # noqa: B008
) -> None:
    """Print figures per language on held-back phrases and on the questions kept apart, with confusion pairs."""
    from bot.environment import prepare_environment
    from bot.nlu import evaluation
    from bot.nlu.encoder import load_encoder
    from bot.training import current_model

    prepare_environment(get_settings())
    lines: list[str] = []
    if not skip_cross_validation:
        typer.echo(f"Cross-validation in {folds} parts ...", err=True)
        phrases = evaluation.load_phrases(get_settings().data_dir / "nlu")
        judged = evaluation.cross_validate(phrases, load_encoder(get_settings().encoder), folds)
        lines += [f"## Cross-validation over {len(phrases)} phrases", *_table(judged), *_confusions(judged, confused)]
    model = current_model()
    if not model.exists():
        typer.echo(f"There is no model for the data as they are ({model}). Run script/train.", err=True)
        raise typer.Exit(2)
    typer.echo("Asking the trained model the questions kept apart ...", err=True)
    judged = asyncio.run(evaluation.ask_model(model, evaluation.load_questions(questions)))
    lines += ["", f"## {len(judged)} questions kept apart", *_table(judged), *_confusions(judged, confused)]
    if off_topic:
        lines += [
            "",
            "## Off-topic questions",
            "| language | question | outcome | ranked first |",
            "| --- | --- | --- | --- |",
        ]
        lines += [
            f"| {each.example.language} | {each.example.text} | {each.outcome.value} | {each.first} |"
            for each in judged
            if not each.example.on_topic
        ]
    text = "\n".join(lines)
    typer.echo(text)
    if report is not None:
        report.write_text(text + "\n", encoding="utf-8")


def _table(judged: Sequence["Judgement"]) -> list[str]:
    from bot.nlu.evaluation import LANGUAGES, figures

    lines = [HEADING]
    for language in LANGUAGES:
        found = figures(each for each in judged if each.example.language == language)
        lines.append(
            f"| {language} | {found.count} | {found.first:.1%} | {found.within_three:.1%} | {found.answered:.1%} "
            f"| {found.right_of_answered:.1%} | {found.off_count} | {found.off_topic_answered:.1%} "
            f"| {found.calibration_error:.3f} |"
        )
    return lines


def _confusions(judged: Sequence["Judgement"], most: int) -> list[str]:
    from bot.nlu.evaluation import confusions

    pairs = [f"| {right} | {wrong} | {count} |" for right, wrong, count in confusions(judged, most)]
    return ["", "| right topic | ranked first instead | times |", "| --- | --- | --- |", *pairs]
