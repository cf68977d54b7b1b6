"""Alembic's way in: runs on the connection that ``cases.migrate`` hands over, or on the case log of the settings."""

from typing import Any, Literal

from alembic import context
from sqlalchemy.engine import Connection

from bot.settings import get_settings
from cases.database import make_engine
from cases.models import Base, UtcDateTime


def render_item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Migrations stand alone: they name the database's type, not ours, which may change later."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    """Run the migrations asked for, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        compare_type=True,
        # SQLite cannot alter most of a table in place
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    engine = make_engine(get_settings().case_log_url)
    with engine.execution_options(writes=True).begin() as connection:
        run(connection)
    engine.dispose()
