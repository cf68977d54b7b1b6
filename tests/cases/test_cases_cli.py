"""The commands as operators run them, on a real SQLite file."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bot.settings import PROJECT_ROOT, get_settings
from cases.cli import app, csv_cell
from cases.migrate import upgrade
from cases.records import Contact
from cases.store import CaseStore

Run = Callable[..., Result]


@pytest.fixture
def log(tmp_path: Path) -> CaseStore:
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    return CaseStore(url)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Runs ``nrwbot cases`` with the case log in ``tmp_path``."""
    monkeypatch.setenv("NRWBOT_VAR_DIR", str(tmp_path))
    get_settings.cache_clear()
    runner = CliRunner(mix_stderr=False, env={"COLUMNS": "200"})
    yield lambda *arguments: runner.invoke(app, list(arguments))
    get_settings.cache_clear()


def fill(log: CaseStore) -> str:
    log.record_turn("talk", topic="tax/vat", outcome="answered", language="de", site="www.example.de")
    contact = Contact('=HYPERLINK("https://example.com")', "Example Person", "contact@example.jp")
    case = log.submit("talk", contact, "+1 Frage", language="de", consent_at=log.clock(), municipality="05315000")
    log.record_turn("other", topic="living/school", outcome="answered", language="ja")
    return case.number


def test_migrate_twice_and_list_nothing(run: Run) -> None:
    assert run("migrate").stdout == "From nothing to revision 0003.\n"
    assert run("migrate").stdout == "Already at revision 0003.\n"
    listed = run("list")
    assert listed.exit_code == 0
    assert "0 cases" in listed.stdout


def test_as_a_process_without_tables_the_message_says_what_to_do(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "bot", "cases", "list"],
        cwd=PROJECT_ROOT,
        env={**os.environ, "NRWBOT_VAR_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "nrwbot cases migrate" in result.stderr
    assert "Traceback" not in result.stderr


def test_list_filters_and_hides_contact_data(run: Run, log: CaseStore) -> None:
    number = fill(log)
    table = run("list", "--partner", "koeln").stdout
    assert number in table
    assert "1 cases" in table
    assert all(len(line) <= 80 for line in run("list").stdout.splitlines())
    assert "Example Person" not in table
    rows = json.loads(run("list", "--topic", "living", "--format", "json").stdout)
    assert [(row["state"], row["topics"]) for row in rows] == [("bot", ["living/school"])]
    assert "email" not in rows[0]
    assert json.loads(run("list", "--since", "2999-01-01", "--format", "json").stdout) == []
    assert len(json.loads(run("list", "--until", "2999-01-01", "--format", "json").stdout)) == 2


def test_unknown_filters_name_what_there_is(run: Run, log: CaseStore) -> None:
    wrong = run("list", "--partner", "berlin")
    assert wrong.exit_code == 2
    assert "rhein_kreis_neuss" in wrong.stderr
    assert "with_person" in run("list", "--state", "lost").stderr


def test_export_is_csv_that_no_spreadsheet_runs(run: Run, log: CaseStore) -> None:
    number = fill(log)
    rows = list(csv.DictReader(io.StringIO(run("export", "--contact", "--state", "waiting").stdout)))
    assert len(rows) == 1
    assert rows[0]["number"] == number
    assert rows[0]["company"].startswith("'=HYPERLINK")
    assert rows[0]["concern"] == "'+1 Frage"
    assert "email" not in run("export").stdout


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", "\n=1"])
def test_formulas_are_neutralised(value: str) -> None:
    assert csv_cell(value) == f"'{value}"


@pytest.mark.parametrize(
    ("value", "cell"), [(None, ""), ("a=b", "a=b"), (3, "3"), (["a", "b"], "a; b"), (True, "True")]
)
def test_harmless_values_stay(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


def test_show_with_and_without_contact(run: Run, log: CaseStore) -> None:
    number = fill(log)
    plain = run("show", number.lower())
    assert "koeln" in plain.stdout
    assert "contact@example.jp" not in plain.stdout
    record = json.loads(run("show", number, "--format", "json", "--contact").stdout)
    assert record["email"] == "contact@example.jp"
    assert [message["text"] for message in record["messages"]] == ["+1 Frage"]
    assert [entry["key"].split("/")[2] for entry in record["outbox"]] == ["notice"]
    missing = run("show", "NRW-2222-2222-22")
    assert (missing.exit_code, missing.stderr) == (1, "There is no case NRW-2222-2222-22.\n")


def test_erase_asks_first(run: Run, log: CaseStore) -> None:
    number = fill(log)
    assert run("erase", number).exit_code != 0
    assert log.case(number).erased_at is None
    assert run("erase", number, "--yes").stdout == f"Case {number} is erased.\n"
    assert log.case(number).email is None


def test_retention_tells_counts(run: Run, log: CaseStore) -> None:
    fill(log)
    assert run("retention").stdout == "0 idle cases closed, 0 cases erased.\n"
