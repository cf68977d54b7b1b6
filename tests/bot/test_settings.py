"""Settings: where they come from, what is refused, and that no secret is printed."""

from pathlib import Path

import pytest

from bot.settings import PROJECT_ROOT, Settings, SettingsError, load_settings, secret_names


@pytest.fixture
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty settings file that is in force; the environment sets nothing else."""
    for name in Settings.__fields__:
        monkeypatch.delenv(f"NRWBOT_{name.upper()}", raising=False)
    path = tmp_path / "nrwbot.toml"
    path.write_text("")
    monkeypatch.setenv("NRWBOT_SETTINGS_FILE", str(path))
    return path


@pytest.mark.usefixtures("settings_file")
def test_defaults_need_nothing() -> None:
    settings = load_settings()
    assert settings.case_log_url == f"sqlite:///{settings.var_dir / 'cases.db'}"
    assert settings.data_dir == PROJECT_ROOT / "data"
    assert settings.browser_url == "http://127.0.0.1:5005"


def test_the_environment_stands_above_the_file(settings_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings_file.write_text("port = 6000\nactions_port = 6001\n")
    monkeypatch.setenv("NRWBOT_PORT", "7000")
    settings = load_settings()
    assert (settings.port, settings.actions_port) == (7000, 6001)


def test_relative_folders_are_below_the_project(settings_file: Path) -> None:
    settings_file.write_text('var_dir = "elsewhere"\n')
    assert load_settings().var_dir == PROJECT_ROOT / "elsewhere"


@pytest.mark.parametrize("name", sorted(secret_names()))
def test_a_secret_in_the_file_is_refused(settings_file: Path, name: str) -> None:
    settings_file.write_text(f'{name} = "geheim"\n')
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert f"NRWBOT_{name.upper()}" in str(refused.value)
    assert str(settings_file) in str(refused.value)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("content", ["port = ", "= 3", "port: 3", "\x00"])
def test_a_broken_file_is_named(settings_file: Path, content: str) -> None:
    settings_file.write_text(content)
    with pytest.raises(SettingsError, match="TOML"):
        load_settings()


def test_a_file_that_is_not_there(settings_file: Path) -> None:
    settings_file.unlink()
    with pytest.raises(SettingsError, match="no such file"):
        load_settings()


@pytest.mark.usefixtures("settings_file")
@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "0"), ("port", "70000"), ("port", "five"), ("retention_case_days", "0"), ("file_megabytes", "-1")],
)
def test_a_wrong_value_is_named_with_its_origin(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"NRWBOT_{name.upper()}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert f"{name} (from NRWBOT_{name.upper()})" in str(refused.value)


def test_a_wrong_value_in_the_file_names_the_file(settings_file: Path) -> None:
    settings_file.write_text('port = "five"\n')
    with pytest.raises(SettingsError, match=r"port \(from .*nrwbot\.toml\)"):
        load_settings()


@pytest.mark.usefixtures("settings_file")
def test_unknown_settings_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NRWBOT_PROT", "1")
    with pytest.raises(SettingsError, match="NRWBOT_PROT"):
        load_settings()


def test_unknown_settings_in_the_file_are_refused(settings_file: Path) -> None:
    settings_file.write_text("prot = 1\n")
    with pytest.raises(SettingsError, match="prot"):
        load_settings()


@pytest.mark.usefixtures("settings_file")
def test_no_secret_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in secret_names():
        monkeypatch.setenv(f"NRWBOT_{name.upper()}", "geheim")
    monkeypatch.setenv("NRWBOT_DATABASE_URL", "postgresql://user:ge%40heim@db.example.com/x")
    monkeypatch.setenv("NRWBOT_TRACKER_DATABASE_URL", "postgresql://user:a@heim:geheim@db.example.com/x")
    monkeypatch.setenv("NRWBOT_REDIS_URL", "redis://:geheim@db.example.com/0")
    settings = load_settings()
    shown = "\n".join(f"{name} = {value}" for name, value in settings.masked().items())
    assert "heim" not in shown
    assert shown.count("db.example.com") == 3
    assert "geheim" not in repr(settings).replace(settings.database_url, "").replace(
        settings.tracker_database_url, ""
    ).replace(settings.redis_url, "")


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
@pytest.mark.usefixtures("settings_file")
def test_own_processes_reach_a_server_that_listens_everywhere(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("NRWBOT_HOST", host)
    assert load_settings().rasa_url == "http://127.0.0.1:5005"


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        load_settings().port = 1
