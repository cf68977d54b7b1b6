"""A model belongs to its data: whatever decides on it changes its name, and nothing else does."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot import training
from bot.settings import PROJECT_ROOT, get_settings


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data that the settings name."""
    copy = tmp_path / "data"
    shutil.copytree(PROJECT_ROOT / "data", copy)
    monkeypatch.setenv("NRWBOT_DATA_DIR", str(copy))
    get_settings.cache_clear()
    yield copy
    get_settings.cache_clear()


def test_the_same_data_have_the_same_name(data: Path) -> None:
    assert training.fingerprint() == training.fingerprint()


@pytest.mark.parametrize(
    "changed",
    [
        "nlu/de/company.yml",
        "knowledge/tax.yml",
        "responses/handoff.yml",
        "rules/rules.yml",
        "directory/words.yml",
        "topics.yml",
    ],
)
def test_every_change_has_another_name(data: Path, changed: str) -> None:
    before = training.fingerprint()
    with (data / changed).open("a", encoding="utf-8") as file:
        file.write("\n# changed\n")
    assert training.fingerprint() != before


def test_a_new_and_a_moved_file_have_another_name(data: Path) -> None:
    before = training.fingerprint()
    (data / "nlu/de/new.yml").write_text("")
    assert training.fingerprint() != before
    (data / "nlu/de/new.yml").unlink()
    assert training.fingerprint() == before
    path = data / "nlu/de/company.yml"
    path.rename(data / "nlu/en/company_de.yml")
    assert training.fingerprint() != before


def test_two_files_that_change_places_have_another_name(data: Path) -> None:
    before = training.fingerprint()
    one, other, aside = data / "nlu/de/tax.yml", data / "nlu/en/tax.yml", data / "aside"
    one.rename(aside)
    other.rename(one)
    aside.rename(other)
    assert training.fingerprint() != before


def test_another_encoder_has_another_name(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = training.fingerprint()
    monkeypatch.setenv("NRWBOT_ENCODER", "sentence-transformers:example")
    get_settings.cache_clear()
    assert training.fingerprint() != before


@pytest.mark.parametrize("module", ["bot.server", "bot.training", "actions"])
def test_a_wrong_setting_is_told_without_a_traceback(tmp_path: Path, module: str) -> None:
    environment = {"NRWBOT_PORT": "none", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-m", module], cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "NRWBOT_PORT" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("missing", "told"), [("model", "script/train"), ("token", "NRWBOT_API_TOKEN")])
def test_the_server_says_what_is_missing(tmp_path: Path, missing: str, told: str) -> None:
    environment = {"NRWBOT_VAR_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "NRWBOT_API_TOKEN": "x"}
    if missing == "model":
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "topics.yml").write_text("")
        environment["NRWBOT_DATA_DIR"] = str(tmp_path / "data")
    else:
        del environment["NRWBOT_API_TOKEN"]
        if not training.current_model().exists():
            pytest.skip("the token is asked for after the model, which is not trained")
    done = subprocess.run(
        [sys.executable, "-m", "bot.server"],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr
    assert "Traceback" not in done.stderr
