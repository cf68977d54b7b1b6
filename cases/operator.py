"""What all commands for operators share: errors as one message, logging without personal data."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from bot.directory import DirectoryError
from bot.knowledge.problems import KnowledgeError
from bot.settings import SettingsError
from cases.states import CaseError


@contextmanager
def operator_errors() -> Iterator[None]:
    """End the command with the error's own message and exit code 1 instead of a traceback."""
    try:
        yield
    except (CaseError, DirectoryError, KnowledgeError, SettingsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def log_to_console() -> None:
    """Log what happens to standard error, one line an event."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
