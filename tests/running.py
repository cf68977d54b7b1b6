"""The whole assistant as real processes, and somebody who talks to it over REST.

``Assistant`` starts Rasa server, action server and relay on free ports, each with a folder of its own for databases and
notices, on the model that ``python -m bot.training`` makes (trained once when it is missing). ``Chat`` is one
conversation: it types, and presses buttons by their label. ``says`` compares with the project's wording, never with
words of its own.
"""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.knowledge.records import Texts
from bot.knowledge.wording import get_wording
from bot.settings import PROJECT_ROOT
from cases.migrate import upgrade
from cases.store import CaseStore

MODULES = {"rasa": "bot.server", "actions": "actions", "relay": "staff"}
TOKEN = "a token of the tests"
START_SECONDS = 180  # a machine that is busy with other tests still has to get there
PATIENCE_SECONDS = 60


def free_port() -> int:
    """A port that nobody listens on at present."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Any, what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """The first true value of ``condition()``; fails, and says what was waited for, when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"Waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.05)


class Assistant:
    """Rasa server, action server and relay, each a process that can be started, stopped and killed on its own."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self.ports = {"rasa": free_port(), "actions": free_port()}
        values = {
            "secret_key": "a secret of the tests",
            "api_token": TOKEN,
            "var_dir": folder,
            "port": self.ports["rasa"],
            "actions_port": self.ports["actions"],
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")}
        self.environment = kept | {f"NRWBOT_{name.upper()}": str(value) for name, value in values.items()}
        self.case_log_url = str(settings.get("database_url") or f"sqlite:///{folder / 'cases.db'}")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        """Address of the Rasa server."""
        return f"http://127.0.0.1:{self.ports['rasa']}"

    def prepare(self) -> None:
        """Bring the case log up to date and train if the data changed."""
        upgrade(self.case_log_url)
        done = subprocess.run([sys.executable, "-m", "bot.training"], cwd=PROJECT_ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def start(self, *names: str) -> "Assistant":
        """Start some processes, all of them without names, and wait until they answer."""
        for name in names or tuple(MODULES):
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, "-m", MODULES[name]],
                    cwd=PROJECT_ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                )
        for name in names or tuple(MODULES):
            if name in self.ports:
                path = "/webhooks/rest/" if name == "rasa" else "/health"
                self._wait_until_up(name, f"http://127.0.0.1:{self.ports[name]}{path}")
        return self

    def _wait_until_up(self, name: str, address: str) -> None:
        def answers() -> bool:
            assert self.processes[name].poll() is None, f"{name} ended:\n{self.log(name)[-3000:]}"
            try:
                with urllib.request.urlopen(address, timeout=2):
                    return True
            except (urllib.error.URLError, OSError):
                return False

        wait_for(answers, f"{name} on {address}", START_SECONDS)

    def stop(self, *names: str) -> None:
        """Ask processes to end and wait for it; those that do not are killed."""
        self._end(names, signal.SIGTERM)

    def kill(self, *names: str) -> None:
        """SIGKILL: nothing is tidied up."""
        self._end(names, signal.SIGKILL)

    def _end(self, names: tuple[str, ...], how: signal.Signals) -> None:
        ending = [self.processes.pop(name) for name in names or tuple(self.processes) if name in self.processes]
        for process in ending:
            process.send_signal(how)
        for process in ending:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str) -> str:
        """What a process wrote so far."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        """A process that is away for a while; it runs again afterwards."""
        self.kill(name)
        try:
            yield
        finally:
            self.start(name)

    @contextmanager
    def without_case_log(self) -> Iterator[None]:
        """The SQLite file of the case log cannot be opened for a while; afterwards it is there, as it was.

        A folder stands in its place: permissions would not keep root, who may run the tests, from reading the file.
        """
        path = self.folder / "cases.db"
        aside = path.with_suffix(".aside")
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path.rename(aside)
        path.mkdir()
        try:
            yield
        finally:
            shutil.rmtree(path)
            aside.rename(path)

    @contextmanager
    def on_case_log(self, url: str) -> Iterator[None]:
        """The action server works on another case log for a while."""
        before = self.case_log_url, dict(self.environment)
        try:
            self.case_log_url, self.environment["NRWBOT_DATABASE_URL"] = url, url
            self.kill("actions")
            self.start("actions")
            yield
        finally:
            self.case_log_url, self.environment = before
            self.kill("actions")
            self.start("actions")

    @property
    def cases(self) -> CaseStore:
        """The case log, to look into."""
        return CaseStore(self.case_log_url)

    def conversation_rows(self, sender: str) -> list[tuple[str, str]]:
        """Type and JSON of every event that Rasa's database holds of a conversation."""
        with closing(sqlite3.connect(self.folder / "conversations.db")) as database:
            query = "SELECT type_name, data FROM events WHERE sender_id = ? ORDER BY id"
            return list(database.execute(query, [sender]))

    def notices(self, number: str) -> list[str]:
        """The notices that staff have got of a case, whole blocks of the partners' files."""
        found: list[str] = []
        for path in sorted((self.folder / "notices").glob("*.log")):
            blocks = re.findall(r"^=== (\S+) .*?^=== end \1$", path.read_text(), re.MULTILINE | re.DOTALL)
            whole = re.finditer(r"^=== (\S+) .*?^=== end \1$", path.read_text(), re.MULTILINE | re.DOTALL)
            found += [block.group(0) for block, key in zip(whole, blocks, strict=True) if number in key]
        return found


@dataclass
class Reply:
    """Everything the assistant sent in one turn."""

    messages: list[dict[str, Any]]

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.messages if message.get("text")]

    @property
    def text(self) -> str:
        return "\n\n".join(self.texts)

    @property
    def customs(self) -> list[dict[str, Any]]:
        """The custom messages of the turn, in order."""
        return [message["custom"] for message in self.messages if message.get("custom")]

    @property
    def custom(self) -> dict[str, Any]:
        """The last custom message; empty when there is none."""
        return self.customs[-1] if self.customs else {}

    @property
    def type(self) -> str | None:
        return self.custom.get("type")

    @property
    def buttons(self) -> dict[str, str]:
        """Label to token of every button of the turn."""
        return {
            button["title"]: button["payload"] for message in self.messages for button in message.get("buttons") or []
        }

    def says(self, name: str, language: str, **values: Any) -> bool:
        """Whether one of the texts is the response or text ``name`` of data/responses, whatever fills its braces."""
        pattern = re.compile(wording_pattern(name, language, **values), re.DOTALL)
        return any(pattern.fullmatch(text.strip()) for text in self.texts)


def wording(name: str) -> Texts:
    """A response's text or a text of data/responses, in its three languages."""
    words = get_wording()
    if name in words.texts:
        return words.texts[name]
    text = words.responses[name].text
    assert text is not None, f"{name} has no text"
    return text


def wording_pattern(name: str, language: str, **values: Any) -> str:
    """A regular expression for a text of data/responses; braces without a value take anything."""
    parts = re.split(r"\{([a-z][a-z0-9_]*)\}", wording(name)[language])
    return "".join(
        re.escape(part) if index % 2 == 0 else re.escape(str(values[part])) if part in values else ".*?"
        for index, part in enumerate(parts)
    )


@dataclass
class Chat:
    """One conversation over REST. ``page_language`` is what the page around a chat would tell."""

    assistant: Assistant
    page_language: str | None = None
    sender: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex}")
    last: Reply = field(default_factory=lambda: Reply([]))

    def say(self, text: str, sender: str | None = None) -> Reply:
        """Type a message and return what comes back."""
        body: dict[str, Any] = {"sender": sender or self.sender, "message": text}
        if self.page_language:
            body["metadata"] = {"page_language": self.page_language}
        status, answer = post(f"{self.assistant.url}/webhooks/rest/webhook", body)
        assert status == 200, (status, answer)
        self.last = Reply(answer)
        return self.last

    def press(self, key: str, language: str | None = None, **values: str) -> Reply:
        """Press a button of the last turn: by its label, or by the key of its text and a language."""
        label = get_wording().text(key, language, **values) if language else key
        assert label in self.last.buttons, f"No button '{label}'; there are {sorted(self.last.buttons)}"
        return self.say(self.last.buttons[label])


def post(url: str, body: Any, token: str | None = TOKEN) -> tuple[int, Any]:
    """POST JSON (bytes go as they are); returns status and decoded answer, also of a refusal."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"null")
