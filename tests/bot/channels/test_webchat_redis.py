"""Two servers and a real Redis between them: a reply reaches the browser from any of them."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import redis

from tests.bot.channels.clients import Browser
from tests.bot.channels.conftest import ChatProcess, free_port

pytestmark = [
    pytest.mark.server,
    pytest.mark.usefixtures("browsers"),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs Debian's package redis-server"),
]


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    client = redis.Redis(port=port)
    for _ in range(200):
        try:
            client.ping()
            break
        except redis.exceptions.ConnectionError:
            time.sleep(0.05)
    yield f"redis://127.0.0.1:{port}/0"
    client.close()
    process.terminate()
    process.wait()


async def test_a_reply_reaches_the_browser_from_another_server(
    new_server: Callable[..., ChatProcess], redis_url: str
) -> None:
    one, two = (new_server(redis_url=redis_url) for _ in range(2))
    tab, other = Browser(one.url), Browser(two.url)
    await tab.open()
    await other.open(tab.session, tab.confirm["last_id"])
    assert other.confirm["resumed"]
    other.events.clear()
    async with httpx.AsyncClient() as client:
        reply = {"text": "Guten Tag", "custom": {"from": "person", "partner": "essen"}}
        (await client.post(f"{two.url}/say/{tab.conversation}", json=reply)).raise_for_status()
    assert (await tab.until(1))[-1]["text"] == "Guten Tag"
    tab.events.clear()
    other.events.clear()
    await tab.say("eins", "1")
    assert [each["from"] for each in await other.until(3)] == ["user", "bot", "bot"]
    # a repetition that arrives at the other server is one all the same
    assert (await other.say("eins", "1"))["status"] == "duplicate"
    await tab.call("end_session", {"erase": False})
    assert await other.until(1, "session_closed") == [{"reason": "ended"}]
    assert (await other.say("zwei", "2"))["status"] == "no_session"
