"""The connection to the case log's database: SQLite by default, PostgreSQL by URL, and sessions for both."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DataError, DBAPIError, DisconnectionError, IntegrityError, ProgrammingError
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from cases.states import CaseLogUnavailable, Unstorable

Clock = Callable[[], datetime]

# how long a writer waits for another one before it gives up
LOCK_TIMEOUT_SECONDS = 15


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(timezone.utc)


def make_engine(url: str) -> Engine:
    """An engine for the case log at this SQLAlchemy address; the folder of a SQLite file is made when missing.

    SQLite runs with write-ahead log, foreign keys and a busy timeout. A transaction that writes asks for the write lock
    at its beginning (``BEGIN IMMEDIATE``): otherwise two that began by reading could each refuse the other.
    """
    address = make_url(url)
    if address.get_backend_name() != "sqlite":
        # READ COMMITTED, PostgreSQL's own default, is what the locking in the store is written for
        return create_engine(address, future=True, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    if address.database and address.database != ":memory:":
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    # kept open: opening the file anew, and tidying its log at each close, takes longer than a transaction
    engine = create_engine(
        address,
        future=True,
        poolclass=QueuePool,
        connect_args={"timeout": LOCK_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    path = address.database or ""

    def prepare(connection: Any, record: Any) -> None:
        record.info["file"] = _file_at(path)
        # pysqlite would otherwise decide on its own when a transaction begins
        connection.isolation_level = None
        _keep_write_ahead_log(connection)
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    def check(_: Any, record: Any, __: Any) -> None:
        # a connection would write on into a file that has been moved away; the pool opens another then
        if record.info["file"] != _file_at(path):
            raise DisconnectionError("the file is another one")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", check)
    event.listen(engine, "begin", begin)
    return engine


def _file_at(path: str) -> tuple[int, int] | None:
    """Which file lies at a path, by device and inode; None for no file and for a database in memory."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _keep_write_ahead_log(connection: Any) -> None:
    """Switch a SQLite database to its write-ahead log; waits as long as for any lock.

    While two processes open a new database at once, SQLite refuses the switch without asking its busy timeout.
    """
    end = time.monotonic() + LOCK_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)


class Database:
    """Sessions on the case log. ``clock`` gives the present moment (aware)."""

    def __init__(self, url: str, *, clock: Clock = utc_now) -> None:
        self.engine = make_engine(url)
        self.clock = clock
        self._writing = self.engine.execution_options(writes=True)

    @property
    def is_sqlite(self) -> bool:
        """Whether the case log lies in SQLite, which knows no row locks."""
        return bool(self.engine.dialect.name == "sqlite")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads. Raises ``CaseLogUnavailable`` when the database cannot be reached."""
        with self._session(self.engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are stored together at the end, or not at all when anything raises."""
        with self._session(self._writing) as session:
            yield session
            session.commit()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        try:
            with Session(engine, future=True, expire_on_commit=False) as session:
                yield session
        except IntegrityError:
            raise
        except DataError as error:
            # the database's own words could quote what was to be stored
            raise Unstorable("The case log does not take a value.") from error
        except ProgrammingError as error:
            raise CaseLogUnavailable(unready(error)) from error
        except DBAPIError as error:
            reason = unready(error) if "no such table" in str(error.orig) else unreachable(self.engine, error)
            raise CaseLogUnavailable(reason) from error

    def drop_old_pages(self) -> None:
        """After an erasure: SQLite's write-ahead log forgets what stood there before. PostgreSQL does it by vacuum."""
        if self.is_sqlite:
            connection: Any = self.engine.raw_connection()
            try:
                # while others read it stays as it is; the next erasure or the last connection's end does it then
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def dispose(self) -> None:
        """Close all connections, before a fork or at the end of a process."""
        self.engine.dispose()


def unready(error: DBAPIError) -> str:
    first = (str(error.orig).splitlines() or [""])[0]
    return f"The case log's tables are missing or old ({first}). Run 'nrwbot cases migrate'."


def unreachable(engine: Engine, error: DBAPIError) -> str:
    """What to tell operators of a database that does not answer: where, why, what to check; no password."""
    first = (str(error.orig).strip().splitlines() or ["no detail"])[0]
    address = engine.url.render_as_string(hide_password=True)
    return (
        f"The case log at {address} cannot be reached: {first}. Check NRWBOT_DATABASE_URL and that the database runs."
    )
