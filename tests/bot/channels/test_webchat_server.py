"""The web chat in a real Rasa server with a tiny model: staff replies, and an action server that is away."""

import os
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from bot.settings import PROJECT_ROOT
from cases.migrate import upgrade
from tests.bot.channels.clients import Browser
from tests.bot.channels.conftest import free_port

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("browsers")]
TOKEN = "a token of the tests"

CONFIG = """\
recipe: default.v1
language: en
assistant_id: tiny
pipeline: [{name: KeywordIntentClassifier}]
policies: [{name: RulePolicy}]
"""
DOMAIN = """\
version: "3.1"
intents: [greet, thanks, menu, staff_event]
entities: [language]
slots:
  language: {type: text, influence_conversation: false, mappings: [{type: from_entity, entity: language}]}
responses:
  utter_greet: [{text: Welcome, custom: {type: smalltalk, name: greet, language: en}}]
  utter_thanks: [{text: You are welcome}]
  utter_staff:
    - text: A person speaks
      custom: {type: handoff, state: with_person, partner: koeln, from: person, language: en}
actions: [action_away]
"""
RULES = """\
version: "3.1"
nlu:
  - {intent: thanks, examples: "- thank you\\n- thanks\\n"}
  - {intent: menu, examples: "- menu\\n- show menu\\n"}
rules:
  - {rule: greet, steps: [{intent: greet}, {action: utter_greet}]}
  - {rule: thanks, steps: [{intent: thanks}, {action: utter_thanks}]}
  - {rule: staff, steps: [{intent: staff_event}, {action: utter_staff}]}
  - {rule: away, steps: [{intent: menu}, {action: action_away}]}
"""


@pytest.fixture(scope="module")
def rasa_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rasa")


@pytest.fixture(scope="module")
def rasa_url(rasa_folder: Path) -> Iterator[str]:
    """A trained and running Rasa server; its action server does not exist."""
    folder = rasa_folder
    port = free_port()
    files = {"config.yml": CONFIG, "domain.yml": DOMAIN, "data.yml": RULES}
    files["credentials.yml"] = "bot.channels.webchat.WebChatInput:\n"
    files["endpoints.yml"] = (
        f"action_endpoint: {{url: 'http://127.0.0.1:{free_port()}/webhook'}}\n"
        f"tracker_store: {{type: bot.conversations.ConversationStore, url: 'sqlite:///{folder}/conversations.db'}}\n"
    )
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")} | {
        "NRWBOT_SECRET_KEY": "a secret of the tests",
        "NRWBOT_API_TOKEN": TOKEN,
        "NRWBOT_VAR_DIR": str(folder),
        "NRWBOT_PORT": str(port),
        "RASA_TELEMETRY_ENABLED": "false",
        "PYTHONPATH": str(PROJECT_ROOT),
    }
    rasa = [sys.executable, "-m", "rasa"]
    train = [*rasa, "train", "--data", "data.yml", "--fixed-model-name", "tiny"]
    done = subprocess.run(train, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    run = ["run", "--enable-api", "--auth-token", TOKEN, "-i", "127.0.0.1", "-p", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*rasa, *run], cwd=folder, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{url}/webhooks/webchat/", timeout=2)
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, (folder / "log").read_text()[-3000:]
                assert time.monotonic() < end
                time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


async def staff_says(url: str, conversation: str) -> None:
    address = f"{url}/conversations/{conversation}/trigger_intent"
    async with httpx.AsyncClient(timeout=20) as client:
        answer = await client.post(
            address, params={"token": TOKEN, "output_channel": "webchat"}, json={"name": "staff_event"}
        )
        answer.raise_for_status()


async def test_a_staff_reply_arrives_live_and_in_the_replay(rasa_url: str) -> None:
    tab = await Browser(rasa_url).open(language="en")
    await staff_says(rasa_url, tab.conversation)
    (live,) = await tab.until(1)
    assert (live["from"], live["text"], live["partner"]) == ("person", "A person speaks", "koeln")
    assert live["partner_name"].startswith("KölnBusiness")
    await tab.close()
    await staff_says(rasa_url, tab.conversation)
    back = await Browser(rasa_url).open(tab.session, live["id"])
    (missed,) = await back.until(1)
    assert (missed["from"], missed["id"] > live["id"]) == ("person", True)


async def test_an_action_server_that_is_away_becomes_an_apology(rasa_url: str) -> None:
    tab = await Browser(rasa_url).open(language="en")
    await tab.say("show menu", "1")
    (apology,) = await tab.until(1)
    assert apology["custom"]["type"] == "fault"
    await tab.say("thank you", "2")
    assert (await tab.until(2))[1]["text"] == "You are welcome"


async def test_erasing_at_the_end_leaves_nothing(rasa_url: str, rasa_folder: Path) -> None:
    tab = await Browser(rasa_url).open(language="en")
    await tab.say("thank you", "1")
    await tab.until(1)
    # the case log has no tables yet: nothing is said to be erased that is not
    assert (await tab.call("end_session", {"erase": True}))["status"] == "fault"
    upgrade(f"sqlite:///{rasa_folder / 'cases.db'}")
    assert (await tab.call("end_session", {"erase": True}))["status"] == "ok"
    with closing(sqlite3.connect(rasa_folder / "conversations.db")) as database:
        for query in (
            "SELECT * FROM events WHERE sender_id = ?",
            "SELECT * FROM chat_messages WHERE conversation_id = ?",
        ):
            assert database.execute(query, [tab.conversation]).fetchall() == []
    assert not (await Browser(rasa_url).open(tab.session)).confirm["resumed"]
