"""The command line ``nrwbot``: one sub-command for each part, defined beside the part."""

import importlib
import sys

import typer

from bot.settings import SettingsError, load_settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)

# sub-command -> module with a `typer.Typer` called `app`
SUB_COMMANDS = {
    "knowledge": "bot.knowledge.cli",
    "cases": "cases.cli",
    "relay": "staff.cli",
    "nlu": "bot.nlu.cli",
}


@app.callback()
def nrwbot() -> None:
    """Commands for editors and operators."""


@app.command("settings")
def show_settings() -> None:
    """Print every setting with its value; secrets are masked."""
    for name, value in load_settings().masked().items():
        typer.echo(f"{name} = {value}")


def main() -> None:
    """Entry point. Errors of the user end with a message, not with a traceback."""
    for name, module in SUB_COMMANDS.items():
        # only what is asked for is imported: the command line starts fast without Rasa or a database
        if name in sys.argv[1:2] or not sys.argv[1:] or "--help" in sys.argv[1:2]:
            app.add_typer(importlib.import_module(module).app, name=name)
    try:
        app()
    except SettingsError as error:
        typer.echo(f"Settings: {error}", err=True)
        sys.exit(2)
