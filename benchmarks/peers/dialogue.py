"""A whole message, from its text to the reply: understanding, policies, actions.

Rasa's default answers with a fixed text that its policies choose; they learn from one story an intent. They are timed
with the intent given, and what understanding takes is known from its own step: so the costly training is not repeated.
The assistant runs with its action server and case log in a process of their own, as in operation.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from benchmarks.data import flat_intent
from bot.environment import prepare_environment, quiet_rasa
from bot.nlu.evaluation import Example
from bot.settings import PROJECT_ROOT, get_settings

MODEL = "model.tar.gz"
START_SECONDS = 120.0
EPOCHS = 100
# what Rasa takes when a configuration names none
POLICIES: list[dict[str, Any]] = [
    {"name": "MemoizationPolicy"},
    {"name": "RulePolicy"},
    {"name": "UnexpecTEDIntentPolicy", "max_history": 5, "epochs": EPOCHS},
    {"name": "TEDPolicy", "max_history": 5, "epochs": EPOCHS, "constrain_similarities": True},
]


def time_rasas_policies(examples: Sequence[Example], folder: Path) -> dict[str, Any]:
    """Train Rasa's default policies and time each message from the intent to the reply."""
    from rasa.model_training import train_core

    quiet_rasa()
    folder.mkdir(parents=True, exist_ok=True)
    intents = sorted({flat_intent(each.label) for each in examples})
    domain = {
        "version": "3.1",
        "intents": intents,
        "responses": {f"utter_{intent}": [{"text": intent}] for intent in intents},
    }
    stories = [{"story": intent, "steps": [{"intent": intent}, {"action": f"utter_{intent}"}]} for intent in intents]
    files = {
        "domain": domain,
        "stories": {"version": "3.1", "stories": stories},
        "config": {
            "recipe": "default.v1",
            "language": "en",
            "assistant_id": "peer",
            "pipeline": [],
            "policies": POLICIES,
        },
    }
    paths = {name: folder / f"{name}.yml" for name in files}
    for name, content in files.items():
        paths[name].write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    begun = time.perf_counter()
    train_core(str(paths["domain"]), str(paths["config"]), str(paths["stories"]), str(folder), fixed_model_name="model")
    seconds = time.perf_counter() - begun
    if not (folder / MODEL).exists():
        raise RuntimeError("Rasa's default policies could not be trained; the lines above say why.")
    texts = [f"/{flat_intent(each.label)}" for each in examples]
    return {"seconds": seconds, "times": _times(folder / MODEL, texts, None)}


def time_assistant(examples: Sequence[Example], folder: Path) -> dict[str, Any]:
    """Time each message through the whole assistant, with the model in ``folder``."""
    var = folder / "var"
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"VAR_DIR": str(var), "ACTIONS_PORT": str(port), "SECRET_KEY": "benchmark", "API_TOKEN": "benchmark"}
    os.environ.update({f"NRWBOT_{name}": value for name, value in settings.items()})
    get_settings.cache_clear()
    prepare_environment(get_settings(), serving=True)
    quiet_rasa()
    from bot.turns import take_turns_cheaply
    from cases.migrate import upgrade

    take_turns_cheaply()
    upgrade(get_settings().case_log_url)
    with _action_server(port, var):
        texts = [each.text for each in examples]
        return {"times": _times(folder / MODEL, texts, PROJECT_ROOT / "endpoints.yml")}


def _times(model: Path, texts: Sequence[str], endpoints_file: Path | None) -> list[float]:
    from rasa.core.agent import load_agent
    from rasa.core.utils import AvailableEndpoints

    loop = asyncio.new_event_loop()
    endpoints = AvailableEndpoints.read_endpoints(str(endpoints_file)) if endpoints_file else None
    agent = loop.run_until_complete(load_agent(model_path=str(model), endpoints=endpoints))
    times = []
    for number, text in enumerate([*texts[:10], *texts]):
        begun = time.perf_counter()
        replies = loop.run_until_complete(agent.handle_text(text, sender_id=uuid.uuid4().hex))
        if not replies:
            raise RuntimeError(f"No reply to {text!r}.")
        # the first ones load what is read on first use
        if number >= 10:
            times.append(time.perf_counter() - begun)
    return times


@contextmanager
def _action_server(port: int, folder: Path) -> Iterator[None]:
    with (folder / "actions.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "actions"], cwd=PROJECT_ROOT, stdout=log, stderr=log)
    try:
        end = time.monotonic() + START_SECONDS
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"The action server did not start; {folder / 'actions.log'} says why.")
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return True
    except (urllib.error.URLError, OSError):
        return False
