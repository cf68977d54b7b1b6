"""``nrwbot nlu``: how well the assistant understands, and what it did not."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Optional
from zoneinfo import ZoneInfo

import typer

from bot.settings import PROJECT_ROOT, get_settings

if TYPE_CHECKING:
    from bot.nlu.evaluation import Judgement
    from cases.unanswered import UnansweredQuestion

app = typer.Typer(no_args_is_help=True, help="How well the assistant understands.")

QUESTIONS = PROJECT_ROOT / "tests" / "understanding"
BERLIN = ZoneInfo("Europe/Berlin")
Since = typer.Option(None, formats=["%Y-%m-%d"], help="Only cases opened on this day or later (Europe/Berlin).")
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


@app.command()
def review(
    since: Optional[datetime] = Since,
    least: int = typer.Option(2, min=2, help="In how many cases something must have been asked to be shown."),
    most: int = typer.Option(20, min=1, help="How many groups to print."),
) -> None:
    """Print questions that were suggested or not understood most often, as blocks for data/nlu.

    Only from cases whose users agreed, and without personal data; see docs/editing-answers.md.
    """
    from bot.environment import prepare_environment
    from cases.migrate import require_current
    from cases.operator import operator_errors
    from cases.store import open_store

    prepare_environment(get_settings())
    with operator_errors():
        require_current(get_settings().case_log_url)
        asked = open_store().unanswered_questions(since.replace(tzinfo=BERLIN) if since else None)
        typer.echo(_reviewed(asked, least, most))


def _reviewed(asked: Sequence["UnansweredQuestion"], least: int, most: int) -> str:
    from bot.nlu import review
    from bot.nlu.encoder import load_encoder
    from bot.nlu.evaluation import load_phrases
    from bot.nlu.text import fold

    data_dir = get_settings().data_dir
    phrases = load_phrases(data_dir / "nlu")
    known = review.known_words([*((each.text, each.language) for each in phrases), *_own_texts()])
    shown = review.without_rare_words(asked, known, least)
    groups = review.grouped(shown, load_encoder(get_settings().encoder).encode, least)[:most]
    head = (
        f"# {len(asked)} questions were not answered at once in cases whose users agreed; {len(shown)} can be shown "
        f"without personal data; {len(groups)} groups asked in {least} cases or more."
    )
    ranked = _ranked([each for group in groups for each in group.questions if not group.chosen and not group.offered])
    folded = frozenset(fold(each.text) for each in phrases)
    blocks = [review.as_phrases(group, review.likely_topic(group, ranked), folded) for group in groups]
    return "\n\n".join([head, *blocks])


def _own_texts() -> list[tuple[str, str]]:
    """Texts whose words are no secret, with their languages: the answers and the names of places."""
    from bot.directory import get_directory
    from bot.knowledge.loader import load_knowledge

    answers = load_knowledge(get_settings().data_dir).values()
    texts = [(text, language) for answer in answers for language, text in (*answer.title.items(), *answer.text.items())]
    return texts + [(place.alias, place.language) for place in get_directory().all_places()]


def _ranked(questions: Sequence["UnansweredQuestion"]) -> dict[str, str]:
    """What the model ranks first now; off-topic where there is no model for the data as they are."""
    from bot.nlu import evaluation
    from bot.nlu.calibration import OFF_TOPIC
    from bot.training import current_model
    from cases.personal import MASK

    if not questions or not current_model().exists():
        return {each.text: OFF_TOPIC for each in questions}
    examples = [evaluation.Example(each.text.replace(MASK, " "), each.language, "") for each in questions]
    judged = asyncio.run(evaluation.ask_model(current_model(), examples))
    pairs = zip(questions, judged, strict=True)
    return {question.text: each.topics[0] if each.topics else OFF_TOPIC for question, each in pairs}


def _table(judged: Sequence["Judgement"]) -> list[str]:
    from bot.languages import LANGUAGES
    from bot.nlu.evaluation import figures

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
