"""``nrwbot knowledge``: commands for the editors of the answers."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import typer

from bot.knowledge.check import check
from bot.knowledge.problems import KnowledgeError
from bot.knowledge.report import write_report
from bot.settings import get_settings

app = typer.Typer(no_args_is_help=True, help="Check and review the answers.")


@app.callback()
def knowledge() -> None:
    """Check and review the answers."""


@app.command("check")
def check_command(
    area: str = typer.Option("", help="Look at this area only, such as tax."),
    report: Path = typer.Option(None, dir_okay=False, help="Also write the editors' report to this HTML file."),  # noqa: B008
) -> None:
    """Check answers, training phrases and wording. Ends with 1 when something must be mended; warnings do not count."""
    data_dir = get_settings().data_dir
    today = datetime.now(ZoneInfo("Europe/Berlin")).date()
    try:
        problems = check(data_dir, today, area or None)
        if report is not None:
            write_report(data_dir, report, today, problems)
    except KnowledgeError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    except KeyError as error:
        typer.echo(f"There is no area {error}. See {data_dir / 'topics.yml'} for the areas.", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"The report cannot be written to {report}: {error.strerror}. Choose another path.", err=True)
        raise typer.Exit(2) from error
    for problem in problems:
        typer.echo(str(problem))
    errors = sum(not problem.warning for problem in problems)
    typer.echo(f"{errors} to mend, {len(problems) - errors} warnings.")
    if report is not None:
        typer.echo(f"Report: {report}")
    if errors:
        raise typer.Exit(1)


@app.command("candidates")
def candidates_command(
    drop: int = typer.Option(0, help="Remove the candidate of this number: it has been dealt with."),
) -> None:
    """List answers that staff proposed with !suggest, newest first. They hold no personal data."""
    # the case log is not needed for the other commands
    from cases.migrate import require_current
    from cases.operator import operator_errors
    from cases.store import open_store

    with operator_errors():
        require_current(get_settings().case_log_url)
        store = open_store()
        if drop:
            store.drop_candidate(drop)
            typer.echo(f"Candidate {drop} is removed.")
            return
        found = store.candidates()
        for each in found:
            about = each.topic or "no topic named"
            typer.echo(f"{each.id}  {each.at:%Y-%m-%d}  {each.partner}  {about}  (user's language: {each.language})")
            typer.echo("".join(f"    {line}\n" for line in each.text.splitlines()))
        typer.echo(f"{len(found)} candidates.")
