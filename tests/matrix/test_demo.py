"""What script/staff-demo prepares, and the whole way through it: as a newcomer would try it, with a real client."""

import asyncio
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from nio import AsyncClient, LoginResponse, RoomMessage, SyncResponse, UploadResponse

from bot.directory import get_directory
from bot.settings import PROJECT_ROOT, load_settings
from staff.demo import STAFF, prepare
from staff.synapse import Synapse
from staff.targets import Targets
from tests.bot.channels.clients import Browser, close_all
from tests.matrix.conftest import eventually, free_port
from tests.matrix.stack import full_model
from tests.matrix.test_whole_stack import User

START_SECONDS = 240
# the limit of the setting file_megabytes in these tests, in bytes
MOST_BYTES = 2000
PDF = b"%PDF-1.4 " + bytes(range(256))


def test_the_demonstration_is_prepared_once_and_again(
    synapse: Synapse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for partner in get_directory().partners.values():
        monkeypatch.setenv(partner.channel_env, "")
    for name in ("URL", "USER", "TOKEN"):
        monkeypatch.setenv(f"NRWBOT_MATRIX_{name}", "")
    prepare(synapse)
    prepare(synapse)
    shown = capsys.readouterr().out
    assert all(name in shown for name in (*STAFF, synapse.url, "#koeln:localhost"))
    (channel,) = Targets(get_directory(), load_settings().var_dir, os.environ, load_settings()).two_way()
    assert channel.partners == frozenset(get_directory().partners)
    rooms = synapse.call("GET", "/_matrix/client/v3/joined_rooms", None, os.environ["NRWBOT_MATRIX_TOKEN"])
    assert len(rooms["joined_rooms"]) == len(get_directory().partners)


@dataclass
class Demonstration:
    """The running demonstration, as it told whoever started it."""

    process: "subprocess.Popen[str]"
    environment: dict[str, str]
    page: str
    matrix: str
    accounts: list[str]
    password: str
    rooms: list[str]


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[Demonstration]:
    """HANDOFF_DEMO names another command to start it with, such as script/staff-demo."""
    full_model()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")}
    environment = {
        **kept,
        "NRWBOT_VAR_DIR": str(tmp_path),
        "NRWBOT_PORT": str(free_port()),
        "NRWBOT_ACTIONS_PORT": str(free_port()),
        "NRWBOT_FILE_MEGABYTES": str(MOST_BYTES / 1_000_000),
        "PYTHONUNBUFFERED": "1",
    }
    command = [os.environ["HANDOFF_DEMO"]] if "HANDOFF_DEMO" in os.environ else [sys.executable, "-m", "staff.demo"]
    shown = tmp_path / "output.log"
    with shown.open("w") as output:
        process = subprocess.Popen(
            command, cwd=PROJECT_ROOT, env=environment, stdout=output, stderr=output, text=True, start_new_session=True
        )
    try:
        text = _until_up(process, shown)
        yield Demonstration(
            process,
            environment,
            page=_told(r"Demonstration page\s+(\S+?)/?$", text),
            matrix=_told(r"Server\s+(\S+)", text),
            accounts=_told(r"Accounts\s+(.+?)\s+password", text).split(", "),
            password=_told(r"password (\S+)", text),
            rooms=re.findall(r"^\s+(#\S+:\S+)$", text, re.MULTILINE),
        )
    finally:
        # Ctrl-C reaches everything that the terminal started
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until_up(process: "subprocess.Popen[str]", shown: Path) -> str:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        text = shown.read_text()
        if "The assistant is up" in text and "Ctrl-C stops everything." in text:
            return text
        assert process.poll() is None, text
        time.sleep(0.2)
    pytest.fail(f"The demonstration did not come up:\n{shown.read_text()[-3000:]}")


def _told(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    assert found, f"{pattern} is not told in:\n{text}"
    return found.group(1)


class Member:
    """A member of staff who logs in with name and password, and reads what the client synchronises."""

    def __init__(self, told: Demonstration, account: str) -> None:
        self.told, self.client = told, AsyncClient(told.matrix, f"@{account}:localhost")
        self.events: list[dict[str, Any]] = []
        self.room = ""
        self.client.add_event_callback(self._keep, RoomMessage)

    async def _keep(self, room: Any, event: Any) -> None:
        self.events.append({**event.source, "room_id": room.room_id})

    async def log_in(self, room: str) -> None:
        assert isinstance(await self.client.login(self.told.password), LoginResponse)
        assert isinstance(await self.client.sync(full_state=True), SyncResponse)
        assert len(self.client.rooms) == len(self.told.rooms)
        self.room = str((await self.client.room_resolve_alias(room)).room_id)

    async def until(self, words: str) -> dict[str, Any]:
        """The message in the room that holds ``words``, once it is there."""

        async def look() -> dict[str, Any] | None:
            await self.client.sync(timeout=200)
            found = [each for each in self.events if words in each["content"]["body"] and each["room_id"] == self.room]
            return found[-1] if found else None

        found: dict[str, Any] = await eventually(look, 60)
        return found

    async def write(self, card: dict[str, Any], text: str, **content: Any) -> None:
        relation = {"rel_type": "m.thread", "event_id": card["event_id"]}
        body = {"msgtype": "m.text", "body": text, "m.relates_to": relation, **content}
        await self.client.room_send(self.room, "m.room.message", body)

    async def send_file(self, card: dict[str, Any], name: str, content: bytes, **more: Any) -> None:
        uploaded, _ = await self.client.upload(
            io.BytesIO(content), "application/octet-stream", name, filesize=len(content)
        )
        assert isinstance(uploaded, UploadResponse), uploaded
        file = {"msgtype": "m.file", "url": uploaded.content_uri, **more}
        await self.write(card, more.get("body", name), **file)


@pytest.mark.server
async def test_the_whole_way_through_the_demonstration(demonstration: Demonstration) -> None:
    told = demonstration
    assert told.accounts == list(STAFF)
    browser = await Browser(told.page, told.page).open(language="ja")
    user = User(browser, [])
    member = Member(told, told.accounts[0])
    try:
        await member.log_in("#rhein-kreis-neuss:localhost")
        number = await _submit(user, browser)
        card = await member.until(number)
        await user.say("GmbHの設立について教えてください")
        await user.until("GmbH")
        waiting = await member.until("während es wartet")
        assert "GmbHの設立について教えてください" in waiting["content"]["body"]
        assert "Der Assistent hat dazu geantwortet: " in waiting["content"]["body"]
        await member.write(card, "!take")
        await user.until("担当者が内容を確認")
        await member.until("Übernommen.")
        await member.write(card, "Guten Tag Example Person, die Frist ist 14 Tage.")
        assert (await user.until("die Frist ist 14 Tage."))["from"] == "person"
        await member.write(card, "!suggest company/gmbh_formation")
        await member.until("Für die Redaktion vorgemerkt")
        await _send_files(user, member, card)
        await user.say("ありがとうございます")
        await member.until("ありがとうございます")
        await member.write(card, "!close answered")
        await user.press(await user.until("完了しました"), "rate_case", 4)
        await user.until("一言お聞かせください")
        await _candidates(told)
    finally:
        await member.client.close()
        await close_all()


async def _submit(user: User, browser: Browser) -> str:
    """From the offer to the case; returns its number."""
    await user.say("担当者と話したいです")
    await user.press(await user.until("同意いただけますか"), "affirm")
    await user.until("会社名")
    entries = {
        "company": "ほしぞら株式会社",
        "contact_name": "Example Person",
        "email": "user@example.jp",
        "phone": "",
        "municipality": "ノイス",
        "concern": "ノイスで倉庫を探しています。",
    }
    assert (await browser.call("form_submit", {"form": "handoff", "values": entries}))["status"] == "ok"
    message = await user.until("")
    while message["custom"].get("field") != "confirm":
        message = await user.until("")
    await user.press(message, "affirm")
    while message["custom"].get("state") != "submitted":
        message = await user.until("")
    return str(message["custom"]["case"])


async def _send_files(user: User, member: Member, card: dict[str, Any]) -> None:
    """A file reaches the user as a download; what is too large or of another kind does not."""
    await member.send_file(card, "Lageplan Ä.pdf", PDF, filename="Lageplan Ä.pdf", body="Hier ist der **Plan**.")
    message = await user.until("Lageplan")
    assert message["text"].startswith("Hier ist der ∗∗Plan∗∗.\n\n")
    assert message["custom"]["file"]["media_type"] == "application/pdf"
    link = message["custom"]["file"]["url"]
    assert link in message["text"]
    async with aiohttp.ClientSession() as session:
        async with session.get(link) as response:
            assert (response.status, await response.read()) == (200, PDF)
            assert response.headers["Content-Type"] == "application/pdf"
            assert response.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''Lageplan%20")
            assert response.headers["X-Content-Type-Options"] == "nosniff"
        async with session.get(link[:-1] + ("a" if link[-1] != "a" else "b")) as response:
            assert response.status == 404
    said = len(user.browser.messages)
    # with its size told, and with a lie about it
    await member.send_file(card, "gross.pdf", PDF * 10, info={"size": len(PDF) * 10})
    await member.until("Die Datei ist zu groß")
    await member.send_file(card, "luege.pdf", PDF * 10, info={"size": 5})
    await member.send_file(card, "programm.pdf", b"MZ" + bytes(100))
    await member.until("Nur PDF, PNG und JPEG")
    refused = [each for each in member.events if "Die Datei ist zu groß" in each["content"]["body"]]
    assert len(refused) == 2
    assert len(user.browser.messages) == said


async def _candidates(told: Demonstration) -> None:
    """What ``!suggest`` proposed is there for editors, without personal data, until they have dealt with it."""

    def candidates(*more: str) -> str:
        command = [sys.executable, "-m", "bot", "knowledge", "candidates", *more]
        done = subprocess.run(command, cwd=PROJECT_ROOT, env=told.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    listed = await asyncio.to_thread(candidates)
    assert "rhein_kreis_neuss  company/gmbh_formation  (user's language: ja)" in listed
    assert "die Frist ist 14 Tage." in listed
    assert "Example" not in listed
    assert listed.endswith("1 candidates.\n")
    dropped = await asyncio.to_thread(candidates, "--drop", listed.split()[0])
    assert "is removed" in dropped
    assert await asyncio.to_thread(candidates) == "0 candidates.\n"
