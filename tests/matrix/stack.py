"""Rasa server, action server and relay as processes of their own, each of which a test may kill and start again."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bot.settings import PROJECT_ROOT
from bot.training import current_model
from tests.matrix.conftest import Network, free_port

TOKEN = "a token of the tests"
SECRET = "a secret of the tests"
RASA = """\
import sys
from pathlib import Path
import bot.server
bot.server.current_model = lambda: Path(sys.argv[1])
sys.exit(bot.server.main())
"""
START_SECONDS = 240


SMALL = """\
recipe: default.v1
language: de
assistant_id: small
importers: [{name: bot.knowledge.importer.KnowledgeImporter}]
pipeline: [{name: KeywordIntentClassifier}]
policies:
  - {name: bot.policies.silence.SilencePolicy}
  - {name: bot.policies.waiting.WaitingRulePolicy, restrict_rules: true}
"""
TRAIN = """\
import sys
from bot.environment import prepare_environment
from bot.settings import PROJECT_ROOT, get_settings
prepare_environment(get_settings())
import rasa.model_training
config, folder = sys.argv[1:]
rasa.model_training.train(
    domain=str(PROJECT_ROOT / "domain.yml"), config=config, training_files=[str(PROJECT_ROOT / "data" / "rules")],
    output=folder, force_training=True, fixed_model_name="small",
)
"""


def full_model() -> Path:
    """The model of the data as they are."""
    if not current_model().exists():
        pytest.fail("There is no model of the data as they are. Run script/train.")
    return current_model()


def small_model(folder: Path) -> Path:
    """A model with all rules and no understanding, trained in a few seconds."""
    config = folder / "small.yml"
    config.write_text(SMALL)
    command = [sys.executable, "-c", TRAIN, str(config), str(folder)]
    trained = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    path = folder / "small.tar.gz"
    if not path.exists():
        pytest.fail(f"The small model was not trained:\n{trained.stderr[-3000:]}")
    return path


class Stack:
    """The processes, with their data in ``folder``. ``url`` is where browsers go."""

    def __init__(self, folder: Path, network: Network, case_log: str, model: Path, **settings: str) -> None:
        self.folder = folder
        self.port, self.actions_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")}
        self.environment = {
            **kept,
            **network.environment,
            "NRWBOT_VAR_DIR": str(folder),
            "NRWBOT_DATABASE_URL": case_log,
            "NRWBOT_PORT": str(self.port),
            "NRWBOT_ACTIONS_PORT": str(self.actions_port),
            "NRWBOT_SECRET_KEY": SECRET,
            "NRWBOT_API_TOKEN": TOKEN,
            "NRWBOT_CHAT_MESSAGES_PER_MINUTE": "100000",
            "NRWBOT_CHAT_MESSAGES_AT_ONCE": "10000",
            "NRWBOT_CHAT_ADDRESS_MESSAGES_PER_MINUTE": "100000",
            **settings,
        }
        self._commands = {
            "rasa": ["-c", RASA, str(model)],
            "actions": ["-m", "actions"],
            "relay": ["-m", "staff"],
        }

    def start(self, *names: str) -> None:
        """Start processes and wait until they answer."""
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, *self._commands[name]],
                    cwd=PROJECT_ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                )
        waits = {"rasa": f"{self.url}/webhooks/webchat/", "actions": f"http://127.0.0.1:{self.actions_port}/health"}
        for name in names:
            if name in waits:
                self._wait(name, waits[name])

    def kill(self, *names: str) -> None:
        """End processes as a power cut would."""
        for name in names:
            self.processes[name].kill()
            self.processes[name].wait()

    def stop(self) -> None:
        """End everything."""
        for process in self.processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _wait(self, name: str, address: str) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.processes[name].poll() is None:
            try:
                with urllib.request.urlopen(address, timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        pytest.fail(f"{name} did not come up:\n{self.log(name)[-3000:]}")
