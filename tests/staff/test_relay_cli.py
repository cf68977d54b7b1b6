from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.settings import get_settings
from cases.states import CaseState
from cases.store import CaseStore
from staff.cli import app, topic_title
from tests.staff.conftest import KOELN, submit

pytestmark = pytest.mark.parametrize("url", ["sqlite"], indirect=True)


@pytest.fixture
def runner(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.setenv("NRWBOT_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("NRWBOT_DATABASE_URL", url)
    get_settings.cache_clear()
    yield CliRunner(mix_stderr=False)
    get_settings.cache_clear()


def test_once_delivers_what_is_due(store: CaseStore, runner: CliRunner, tmp_path: Path) -> None:
    number = submit(store, municipality=KOELN).number
    result = runner.invoke(app, ["once"])
    assert (result.exit_code, result.stdout) == (0, "1 tried, 0 waiting after a failure.\n")
    assert number in (tmp_path / "notices" / "koeln.log").read_text(encoding="utf-8")
    assert store.case(number).state == CaseState.WAITING


def test_once_fails_and_status_says_why(store: CaseStore, runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    number = submit(store, municipality=KOELN).number
    monkeypatch.setenv("NRWBOT_NOTICE_URL_KOELN", "json://127.0.0.1:1/SECRET")
    result = runner.invoke(app, ["once"])
    assert (result.exit_code, result.stdout) == (1, "1 tried, 1 waiting after a failure.\n")
    status = runner.invoke(app, ["status"]).stdout
    assert "to_staff: 0 delivered, 1 waiting (1 after a failure), oldest since" in status
    assert f"{number}/to_staff/notice" in status
    assert "NRWBOT_NOTICE_URL_KOELN refused the notice or cannot be reached" in status
    assert "koeln: apprise (NRWBOT_NOTICE_URL_KOELN)" in status
    assert "essen: console" in status
    assert "SECRET" not in status


def test_status_names_second_contacts(runner: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "NRWBOT_SECOND_CONTACT_ESSEN": "email:deputy@example.de",
        "NRWBOT_MAIL_ADDRESS": "assistant@example.de",
        "NRWBOT_SMTP_URL": "smtp://127.0.0.1:1",
        "NRWBOT_IMAP_URL": "imap://user:password@127.0.0.1:1",
        "NRWBOT_SECRET_KEY": "a secret of the tests",
    }.items():
        monkeypatch.setenv(name, value)
    get_settings.cache_clear()
    status = runner.invoke(app, ["status"]).stdout
    assert "essen: console (NRWBOT_NOTICE_URL_ESSEN)\n  second contact: email (NRWBOT_SECOND_CONTACT_ESSEN)" in status
    assert status.count("second contact") == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [("SECOND_CONTACT_ESSEN", "phone:1"), ("SECOND_CONTACT_ESEN", "email:deputy@example.de")],
)
def test_a_wrong_second_contact_ends_with_a_message(
    runner: CliRunner, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(f"NRWBOT_{variable}", value)
    result = runner.invoke(app, ["status"])
    assert result.exit_code == 1
    assert f"NRWBOT_{variable}" in result.stderr


@pytest.mark.parametrize("command", ["run", "once", "status"])
def test_a_wrong_address_ends_with_a_message(runner: CliRunner, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("NRWBOT_NOTICE_URL_ESSEN", "nonsense")
    result = runner.invoke(app, [command])
    assert result.exit_code == 1
    assert "NRWBOT_NOTICE_URL_ESSEN is not one address" in result.stderr


def test_without_tables(runner: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NRWBOT_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    get_settings.cache_clear()
    result = runner.invoke(app, ["status"])
    assert result.exit_code == 1
    assert "nrwbot cases migrate" in result.stderr


def test_topics_without_answer_keep_their_key(url: str) -> None:
    assert topic_title("none/such", "de") == "none/such"
