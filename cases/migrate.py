"""Brings the case log's tables to what this version of the code needs."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from cases.database import make_engine, unreachable
from cases.models import Base
from cases.states import CaseLogUnavailable

MIGRATIONS = Path(__file__).resolve().parent / "migrations"
# PostgreSQL advisory lock: one process migrates, the others wait and find it done
MIGRATION_LOCK = 0x4E525742


def configuration() -> Config:
    """Alembic's configuration, independent of the current folder."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def upgrade(url: str) -> tuple[str | None, str | None]:
    """Create or update the tables. Safe to run on every start and by several processes at the same time.

    Returns the revision before and after. Raises ``CaseLogUnavailable`` when the database cannot be reached.
    """
    engine = make_engine(url)
    config = configuration()
    try:
        with engine.execution_options(writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            before = _current(connection)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            return before, _current(connection)
    except DBAPIError as error:
        raise CaseLogUnavailable(unreachable(engine, error)) from error
    finally:
        engine.dispose()


def require_current(url: str) -> None:
    """Raise ``CaseLogUnavailable`` unless the tables are exactly those that this version of the code needs."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            current = _current(connection)
    except DBAPIError as error:
        raise CaseLogUnavailable(unreachable(engine, error)) from error
    finally:
        engine.dispose()
    wanted = ScriptDirectory.from_config(configuration()).get_current_head()
    if current != wanted:
        raise CaseLogUnavailable(
            f"The case log's tables are at revision {current or 'none'}, this version needs {wanted}. "
            "Run 'nrwbot cases migrate'."
        )


def differences(url: str) -> list[Any]:
    """Where the tables at this address differ from the models; empty when a migration is not missing."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, Base.metadata))
    finally:
        engine.dispose()


def _current(connection: Connection) -> str | None:
    revision: str | None = MigrationContext.configure(connection).get_current_revision()
    return revision
