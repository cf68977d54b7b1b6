"""Real servers for the web chat, and browsers that talk to them."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.settings import PROJECT_ROOT, get_settings
from tests.bot.channels.clients import Browser, close_all
from tests.postgres import PostgresServer, postgres_server  # noqa: F401

START_SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ChatProcess:
    """The scripted server in a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        values = {
            "secret_key": "a secret of the tests",
            "api_token": "a token of the tests",
            "var_dir": folder,
            "port": self.port,
            "chat_messages_per_minute": 100_000,
            "chat_messages_at_once": 100_000,
            "chat_address_messages_per_minute": 100_000,
            "chat_address_sessions_per_hour": 100_000,
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")}
        self._environment = kept | {f"NRWBOT_{name.upper()}": str(value) for name, value in values.items()}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "ChatProcess":
        with (self.folder / f"{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.bot.channels.chat_process"],
                cwd=PROJECT_ROOT, env=self._environment, stdout=log, stderr=log,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/webhooks/webchat/", timeout=2)
            except (urllib.error.URLError, OSError):
                assert self.process.poll() is None, self.log
                assert time.monotonic() < end, self.log
                time.sleep(0.1)
            else:
                return self

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @property
    def log(self) -> str:
        """What it wrote, with the warnings of the libraries on import left out."""
        lines = (self.folder / f"{self.port}.log").read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if "Warning" not in line and "tensorflow" not in line)[-4000:]

    @property
    def tracker_url(self) -> str:
        return f"sqlite:///{self.folder / 'conversations.db'}"


@pytest.fixture(scope="session")
def chat_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatProcess]:
    """One server for all tests that leave it as it is."""
    server = ChatProcess(tmp_path_factory.mktemp("chat")).start()
    yield server
    server.kill()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., ChatProcess]]:
    """Starts servers of a test's own, with settings."""
    servers = []

    def start(**settings: Any) -> ChatProcess:
        servers.append(ChatProcess(tmp_path, **settings).start())
        return servers[-1]

    yield start
    for server in servers:
        server.kill()


OpenBrowser = Callable[..., Awaitable[Browser]]


@pytest_asyncio.fixture
async def browsers() -> AsyncIterator[None]:
    """Closes every browser that a test opened."""
    yield
    await close_all()


@pytest.fixture
def browser(chat_server: ChatProcess, browsers: None) -> OpenBrowser:
    """Opens tabs: ``await browser(session, last_id, origin=...)``."""

    async def opened(
        session: str | None = None, last_id: int | None = None, origin: str | None = None, **more: Any
    ) -> Browser:
        return await Browser(chat_server.url, origin).open(session, last_id, **more)

    return opened


@pytest.fixture
def secret_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A signing key for tests that sign in their own process."""
    monkeypatch.setenv("NRWBOT_SECRET_KEY", "a secret of the tests")
    get_settings.cache_clear()
    yield "a secret of the tests"
    get_settings.cache_clear()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def conversations_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty database for conversations."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'conversations.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.new_database()
