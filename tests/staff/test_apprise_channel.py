"""Against a real HTTP service, through Apprise's json:// addresses."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.directory import get_directory
from bot.settings import SettingsError
from staff.channels import Undeliverable
from staff.channels.apprise_notice import AppriseChannel
from staff.targets import Targets
from tests.staff.test_console_channel import notice


class Service(ThreadingHTTPServer):
    """Takes notices; answers with ``status``, and only when ``answers`` is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[dict[str, Any]] = []
        self.status = 200
        self.answers = threading.Event()
        self.answers.set()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/notices"


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append(json.loads(body))
        self.server.answers.wait(10)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield service
    service.answers.set()
    service.shutdown()
    thread.join()
    service.server_close()


async def test_the_notice_arrives_as_it_was_written(service: Service) -> None:
    body = "Zeile eins\n\n本文 <b>&</b> \\n {x}"
    await AppriseChannel(service.url, origin="NRWBOT_NOTICE_URL_KOELN").deliver(notice(body=body))
    (received,) = service.received
    assert received["title"] == notice().title
    assert received["message"] == body


@pytest.mark.parametrize("status", [403, 500])
async def test_a_refusal_is_a_temporary_failure(service: Service, status: int) -> None:
    service.status = status
    with pytest.raises(Undeliverable, match="NRWBOT_NOTICE_URL_KOELN refused") as error:
        await AppriseChannel(service.url, origin="NRWBOT_NOTICE_URL_KOELN").deliver(notice())
    assert error.value.temporary
    assert not error.value.uncertain
    assert service.url not in str(error.value)


async def test_a_service_that_is_away_is_a_temporary_failure() -> None:
    with pytest.raises(Undeliverable, match="cannot be reached"):
        await AppriseChannel("json://127.0.0.1:1/x", origin="URL").deliver(notice())


async def test_no_answer_in_time_is_uncertain(service: Service) -> None:
    service.answers.clear()
    with pytest.raises(Undeliverable, match=r"within 0\.3 s") as error:
        await AppriseChannel(service.url, origin="URL", seconds=0.3).deliver(notice())
    assert error.value.uncertain


@pytest.mark.parametrize("url", ["nonsense", "json://a.example.com, json://b.example.com", "unknown://x"])
def test_wrong_addresses_are_refused_without_being_told(url: str) -> None:
    with pytest.raises(ValueError, match="NRWBOT_NOTICE_URL_KOELN is not one address") as error:
        AppriseChannel(url, origin="NRWBOT_NOTICE_URL_KOELN")
    assert url not in str(error.value)


def test_targets_take_the_address_of_the_environment(tmp_path: Path) -> None:
    directory = get_directory()
    targets = Targets(directory, tmp_path, {"NRWBOT_NOTICE_URL_KOELN": "json://127.0.0.1/x", "HOME": "/"})
    assert targets.channel("koeln").name == "apprise"
    assert targets.channel("essen").name == "console"
    with pytest.raises(SettingsError, match="NRWBOT_NOTICE_URL_BERLIN: no partner"):
        Targets(directory, tmp_path, {"NRWBOT_NOTICE_URL_BERLIN": "json://127.0.0.1/x"})
    with pytest.raises(SettingsError, match="NRWBOT_NOTICE_URL_KOELN is not one address"):
        Targets(directory, tmp_path, {"NRWBOT_NOTICE_URL_KOELN": "nonsense"})
