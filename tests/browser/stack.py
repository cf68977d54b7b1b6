"""The whole assistant as separate processes on free ports, with databases of its own, for the browser to talk to."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from bot.launch import wait_until_up
from tests.browser.conftest import ROOT

START_SECONDS = 240.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Stack:
    """Rasa server, action server and relay. Trains first where the model does not fit the data."""

    def __init__(self, folder: Path) -> None:
        self.port, self.actions_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.case_log = f"sqlite:///{folder / 'cases.db'}"
        # beside those of the outside: a developer's own settings are not the test's
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")}
        self.environment = {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "NRWBOT_SETTINGS_FILE": str(folder / "nrwbot.toml"),
            "NRWBOT_VAR_DIR": str(folder),
            "NRWBOT_PORT": str(self.port),
            "NRWBOT_ACTIONS_PORT": str(self.actions_port),
            "NRWBOT_SECRET_KEY": secrets.token_urlsafe(32),
            "NRWBOT_API_TOKEN": secrets.token_urlsafe(32),
            "NRWBOT_CHAT_MESSAGES_AT_ONCE": "100",
        }
        (folder / "nrwbot.toml").touch()
        self.folder = folder
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start everything, wait until it answers. Raises ``RuntimeError`` with the end of the log if it does not."""
        for module in (["bot", "cases", "migrate"], ["bot.training"]):
            subprocess.run([sys.executable, "-m", *module], check=True, cwd=ROOT, env=self.environment)
        for module in ("actions", "bot.server", "staff"):
            self.run(module)
        self.wait()

    def run(self, module: str) -> None:
        """Start one of the processes."""
        with (self.folder / f"{module}.log").open("ab") as log:
            self.processes[module] = subprocess.Popen(
                [sys.executable, "-m", module], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def wait(self) -> None:
        """Wait until both servers answer."""
        addresses = [f"http://127.0.0.1:{self.actions_port}/health", f"{self.url}/socket.io/?EIO=4&transport=polling"]
        end = time.monotonic() + START_SECONDS
        while not wait_until_up(addresses, 2):
            dead = [module for module, process in self.processes.items() if process.poll() is not None]
            if dead or time.monotonic() > end:
                told = "\n".join((self.folder / f"{name}.log").read_text()[-2000:] for name in dead or self.processes)
                raise RuntimeError(f"The assistant did not come up ({', '.join(dead) or 'too slow'}):\n{told}")

    def kill(self, module: str) -> None:
        """Kill a process without a chance to tidy up."""
        self.processes[module].send_signal(signal.SIGKILL)
        self.processes[module].wait()

    def stop(self) -> None:
        """End all processes."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def get(self, path: str) -> bytes:
        """What the server hands out at a path."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=10) as reply:
            body: bytes = reply.read()
            return body
