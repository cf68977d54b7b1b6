"""A real PostgreSQL for tests: a throw-away cluster on a unix socket, from Debian's package.

Use: ``from tests.postgres import postgres_server  # noqa: F401`` in a ``conftest.py``, then
``postgres_server.new_database()`` gives the SQLAlchemy address of an empty database.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg2
import pytest

# root may not run the server; Debian's package makes this account
SERVER_ACCOUNT = "postgres"


@dataclass
class PostgresServer:
    """A running cluster. ``stop`` and ``start`` let a test take the database away and bring it back."""

    binaries: Path
    folder: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    def start(self) -> None:
        """Start and wait until it answers. TCP stays off; without fsync, as nothing here outlives the tests."""
        options = f"-c listen_addresses='' -c unix_socket_directories={self.folder} -c port={self.port} -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-D", self.data, "-l", self.folder / "log", "-o", options)

    def stop(self) -> None:
        """Stop at once; open connections break."""
        self._run("pg_ctl", "stop", "-w", "-D", self.data, "-m", "immediate")

    def create(self) -> None:
        """Make the cluster."""
        self._run("initdb", "-D", self.data, "-U", "nrwbot", "-A", "trust", "-E", "UTF8", "--no-sync")

    def new_database(self) -> str:
        """The SQLAlchemy address of an empty database: a schema of its own, which is made and removed in no time."""
        schema = f"test_{next(self._numbers)}"
        with closing(
            psycopg2.connect(host=str(self.folder), port=self.port, user="nrwbot", dbname="postgres")
        ) as connection:
            connection.autocommit = True
            connection.cursor().execute(f"CREATE SCHEMA {schema}")
        place = f"host={self.folder}&port={self.port}&options=-csearch_path%3D{schema}"
        return f"postgresql+psycopg2://nrwbot@/postgres?{place}"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(self.binaries / program), *map(str, arguments)]
        if os.geteuid() == 0:
            command = ["runuser", "-u", SERVER_ACCOUNT, "--", *command]
        # the output goes to a file: the server would keep a pipe open
        with tempfile.TemporaryFile() as output:
            result = subprocess.run(command, stdout=output, stderr=output, cwd="/", check=False)
            if result.returncode:
                output.seek(0)
                pytest.fail(f"PostgreSQL: {' '.join(command)} failed:\n{output.read().decode(errors='replace')}")


def find_binaries() -> Path:
    """Folder of the newest installed PostgreSQL's programs; fails the test, never skips it, when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).parent
    pytest.fail("PostgreSQL is not installed. Run script/test, which installs Debian's package 'postgresql'.")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One cluster for the whole test run, with a free port of its own; each test takes a database of its own."""
    folder = Path(tempfile.mkdtemp(prefix="nrwbot-pg-"))
    if os.geteuid() == 0:
        account = pwd.getpwnam(SERVER_ACCOUNT)
        os.chown(folder, account.pw_uid, account.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = PostgresServer(find_binaries(), folder, port)
    try:
        server.create()
        server.start()
        yield server
    finally:
        if (server.data / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
