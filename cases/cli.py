"""``nrwbot cases``: look into the case log, export it, keep its tables and its promises of erasure."""

# typer 0.7 does not read "str | None" in the parameters of a command
# ruff: noqa: UP045

import csv
import json
import sys
import textwrap
from collections.abc import Sequence
from datetime import date, datetime, time, timezone
from enum import Enum
from typing import Any, Optional
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from bot.directory import get_directory
from bot.settings import get_settings
from cases.migrate import require_current, upgrade
from cases.models import Case
from cases.operator import operator_errors
from cases.queries import CaseFile
from cases.records import CaseFilter
from cases.states import CaseState
from cases.store import CaseStore, open_store

app = typer.Typer(no_args_is_help=True, help="Look into the case log, export it, erase.")

# days that operators name are days in North Rhine-Westphalia
LOCAL_ZONE = ZoneInfo("Europe/Berlin")
PLAIN_FIELDS = (
    "number",
    "state",
    "owner",
    "municipality",
    "language",
    "site",
    "created_at",
    "offered_at",
    "submitted_at",
    "picked_up_at",
    "closed_at",
    "close_reason",
    "rating",
    "erased_at",
)
CONTACT_FIELDS = ("company", "contact_name", "email", "phone", "email_replies", "concern", "rating_comment", "page_url")
WIDTH = 80


class Format(str, Enum):
    """How to print."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


Partner = typer.Option(None, "--partner", help="Only cases of this partner (its id in partners.yml).")
State = typer.Option(None, "--state", help="Only cases in this state.")
Topic = typer.Option(None, "--topic", help="Only cases with a question on this topic (area/topic) or area.")
Since = typer.Option(None, "--since", formats=["%Y-%m-%d"], help="Opened on this day or later (Europe/Berlin).")
Until = typer.Option(None, "--until", formats=["%Y-%m-%d"], help="Opened on this day or earlier (Europe/Berlin).")
Printed = typer.Option(Format.TABLE, "--format", help="How to print.")
Exported = typer.Option(Format.CSV, "--format", help="How to print.")
Number = typer.Argument(..., help="The case number, in any spelling.")
Yes = typer.Option(False, "--yes", help="Do not ask.")
Contact = typer.Option(False, "--contact", help="Print contact data and the concern as well.")


def _store() -> CaseStore:
    require_current(get_settings().case_log_url)
    return open_store()


def _midnight(day: datetime | None, *, after: bool = False) -> datetime | None:
    if day is None:
        return None
    ordinal = day.toordinal() + after
    return datetime.combine(date.fromordinal(ordinal), time(), tzinfo=LOCAL_ZONE)


def _rows(
    partner: str | None,
    state: CaseState | None,
    topic: str | None,
    since: datetime | None,
    until: datetime | None,
    contact: bool,
) -> list[dict[str, Any]]:
    if partner is not None and partner not in get_directory().partners:
        raise typer.BadParameter(f"There are: {', '.join(get_directory().partners)}.", param_hint="--partner")
    store = _store()
    cases = store.query(CaseFilter(partner, state, topic, _midnight(since), _midnight(until, after=True)))
    topics = store.topics([case.id for case in cases])
    return [{**_record(case, contact), "topics": topics[case.id]} for case in cases]


def _record(case: Case, contact: bool) -> dict[str, Any]:
    names = PLAIN_FIELDS + (CONTACT_FIELDS if contact else ())
    return {name: _plain(getattr(case, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.astimezone(timezone.utc).isoformat(timespec="seconds") if isinstance(value, datetime) else value


def csv_cell(value: Any) -> str:
    """A value for a spreadsheet. Text that one would run as a formula is kept from it by an apostrophe (CWE-1236)."""
    if value is None:
        return ""
    text = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
    # whatever stands before the sign: spreadsheets skip white space, and some take full-width signs too
    dangerous = text.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) or text.startswith(
        ("\t", "\r", "\n")
    )
    return f"'{text}" if dangerous else text


def write_csv(rows: Sequence[dict[str, Any]], columns: Sequence[str], target: Any) -> None:
    """Write rows as CSV with a heading."""
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([csv_cell(row[column]) for column in columns] for row in rows)


def _print(rows: list[dict[str, Any]], form: Format, contact: bool) -> None:
    columns = [*PLAIN_FIELDS, *(CONTACT_FIELDS if contact else ()), "topics"]
    if form is Format.JSON:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        write_csv(rows, columns, sys.stdout)
    else:
        for row in rows:
            _print_lines(row, contact)
        typer.echo(f"{len(rows)} cases")


def _print_lines(row: dict[str, Any], contact: bool) -> None:
    """One case for a narrow window: what it is in one line, the rest below it."""
    opened = datetime.fromisoformat(row["created_at"]).astimezone(LOCAL_ZONE)
    head = f"{row['number']:<16}  {row['state']:<11}  {opened:%Y-%m-%d %H:%M}  {row['owner']:<20}  {row['language']}"
    typer.echo(head)
    names = ("municipality", "close_reason", "rating", *(CONTACT_FIELDS if contact else ()), "topics")
    for name in names:
        if row[name] not in (None, "", [], False):
            words = " ".join(f"{name}: {_cell(row[name])}".split())
            typer.echo(textwrap.fill(words, WIDTH, initial_indent="    ", subsequent_indent="      "))


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)


@app.command("list")
def list_cases(
    partner: Optional[str] = Partner,
    state: Optional[CaseState] = State,
    topic: Optional[str] = Topic,
    since: Optional[datetime] = Since,
    until: Optional[datetime] = Until,
    form: Format = Printed,
    contact: bool = Contact,
) -> None:
    """List cases, newest first."""
    with operator_errors():
        _print(_rows(partner, state, topic, since, until, contact), form, contact)


@app.command()
def export(
    partner: Optional[str] = Partner,
    state: Optional[CaseState] = State,
    topic: Optional[str] = Topic,
    since: Optional[datetime] = Since,
    until: Optional[datetime] = Until,
    form: Format = Exported,
    contact: bool = Contact,
) -> None:
    """Print cases for a spreadsheet or another program, newest first. Times are in UTC."""
    with operator_errors():
        _print(_rows(partner, state, topic, since, until, contact), form, contact)


@app.command()
def show(
    number: str = Number,
    form: Format = Printed,
    contact: bool = Contact,
) -> None:
    """Show one case: fields, questions, audit, outbox; with --contact also contact data and messages."""
    with operator_errors():
        record = _file_record(_store().case_file(number), contact)
    if form is Format.JSON:
        typer.echo(json.dumps(record, ensure_ascii=False, indent=2))
        return
    if form is Format.CSV:
        raise typer.BadParameter("One case has no rows of one kind; take table or json.", param_hint="--format")
    console = Console(markup=False)
    for name, value in record.items():
        if not isinstance(value, list):
            console.print(f"{name}: {_cell(value)}", highlight=False)
    for name, rows in record.items():
        if isinstance(rows, list) and rows:
            table = Table(*rows[0], title=name)
            for row in rows:
                table.add_row(*(_cell(value) for value in row.values()))
            console.print(table)


def _file_record(file: CaseFile, contact: bool) -> dict[str, Any]:
    def fields(row: Any, *names: str) -> dict[str, Any]:
        return {name: _plain(getattr(row, name)) for name in names}

    outbox = ("key", "partner", "due_at", "attempts", "delivered_at", "cancelled_at", "last_error")
    record: dict[str, Any] = _record(file.case, contact)
    record["turns"] = [fields(turn, "at", "topic", "outcome", "language", "feedback") for turn in file.turns]
    if contact:
        record["messages"] = [fields(message, "seq", "at", "author", "text") for message in file.messages]
    record["events"] = [fields(event, "at", "kind", "old", "new", "by") for event in file.events]
    record["outbox"] = [fields(entry, *outbox) for entry in file.outbox]
    return record


@app.command()
def migrate() -> None:
    """Create the tables of the case log, or bring them up to date."""
    with operator_errors():
        before, after = upgrade(get_settings().case_log_url)
    typer.echo(
        f"Already at revision {after}." if before == after else f"From {before or 'nothing'} to revision {after}."
    )


@app.command()
def retention() -> None:
    """Close idle cases and erase what was closed too long ago, as the relay does every hour."""
    with operator_errors():
        counts = _store().retention()
    typer.echo(f"{counts.closed_idle} idle cases closed, {counts.erased} cases erased.")


@app.command()
def erase(
    number: str = Number,
    yes: bool = Yes,
) -> None:
    """Erase contact data, texts and messages of one case for good; staff who were told are asked to do the same."""
    with operator_errors():
        store = _store()
        case = store.case(number)
        if not yes:
            typer.confirm(f"Erase all personal data of case {case.number} for good?", abort=True)
        store.erase_case(case.number)
    typer.echo(f"Case {case.number} is erased.")
