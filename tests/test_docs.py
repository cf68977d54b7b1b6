"""The documentation says what is there: every setting and every command, and nothing that is not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import PROJECT_ROOT, Settings, secret_names

DOCUMENTS = [PROJECT_ROOT / "README.md", *sorted((PROJECT_ROOT / "docs").glob("**/*.md"))]
OPERATIONS = PROJECT_ROOT / "docs" / "operations.md"
# made from the names of partners, or of Rasa's own files: no settings
OTHER_VARIABLES = re.compile(r"NRWBOT_(?:NOTICE_URL|STAFF_CHANNEL|SECOND_CONTACT|RASA)_|NRWBOT_SETTINGS_FILE$")


def documented() -> dict[str, str]:
    """Setting to its line in the table of docs/operations.md."""
    lines = OPERATIONS.read_text(encoding="utf-8").splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("| setting "))
    rows = {}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        found = re.match(r"\| `([a-z_]+)` \|", line)
        assert found, f"Not a row of the table of settings: {line}"
        assert found.group(1) not in rows, f"{found.group(1)} stands twice"
        rows[found.group(1)] = line
    return rows


def test_every_setting_is_documented_and_every_documented_setting_exists() -> None:
    assert set(documented()) == set(Settings.__fields__)


@pytest.mark.parametrize("name", sorted(Settings.__fields__))
def test_the_documented_default_is_the_default(name: str) -> None:
    shown = documented()[name].split("|")[2].strip()
    if name in secret_names():
        assert shown in ("not set", "made by `script/server`")
        return
    default = Settings.__fields__[name].default
    if isinstance(default, Path):
        default = default.relative_to(PROJECT_ROOT)
    expected = f"`{default:g}`" if isinstance(default, float) else f"`{default}`" if str(default) else "empty"
    assert shown == expected


def words(pattern: str) -> set[tuple[str, str]]:
    """Document and finding for each match of a pattern in all documents."""
    return {
        (path.name, found.group(1))
        for path in DOCUMENTS
        for found in re.finditer(pattern, path.read_text(encoding="utf-8"))
    }


def test_variables_that_are_named_exist() -> None:
    known = {f"NRWBOT_{name.upper()}" for name in Settings.__fields__}
    named = words(r"\b(NRWBOT_[A-Z][A-Z_]*[A-Z])\b")
    assert not {each for each in named if each[1] not in known and not OTHER_VARIABLES.match(each[1])}


def test_scripts_that_are_named_exist() -> None:
    missing = {each for each in words(r"\bscript/([a-z-]+)") if not (PROJECT_ROOT / "script" / each[1]).is_file()}
    assert not missing


def test_every_script_is_named() -> None:
    """By a document, or by another script that it is a step of."""
    scripts = {path.name: path for path in (PROJECT_ROOT / "script").iterdir() if path.is_file()}
    named = {name for _, name in words(r"\bscript/([a-z-]+)")}
    for path in scripts.values():
        code = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
        named |= set(re.findall(r"\bscript/([a-z-]+)", "\n".join(code))) - {path.name}
    assert set(scripts) <= named


def test_documents_that_are_linked_exist() -> None:
    missing = {
        (path.name, link)
        for path in DOCUMENTS
        for link in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text(encoding="utf-8"))
        if not (path.parent / link).exists()
    }
    assert not missing


@pytest.mark.parametrize("module", sorted({name for _, name in words(r"python -m ((?:bot|actions|staff)[a-z.]*)")}))
def test_modules_that_are_named_exist(module: str) -> None:
    path = PROJECT_ROOT / module.replace(".", "/")
    assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


COMMANDS = sorted({name for _, name in words(r"nrwbot ([a-z][a-z-]*(?: [a-z][a-z-]+)?)\b")})


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_that_are_named_exist(command: str) -> None:
    # the second word may be prose; then the first one alone is the command
    known = help_of(*command.split()) or help_of(command.split()[0])
    assert known, f"There is no `nrwbot {command}`."


def help_of(*command: str) -> bool:
    arguments = [sys.executable, "-m", "bot", *command, "--help"]
    return subprocess.run(arguments, cwd=PROJECT_ROOT, capture_output=True, check=False).returncode == 0
