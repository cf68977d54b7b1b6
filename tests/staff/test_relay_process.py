"""Relays as processes: killed at any point, two at once, ended by SIGTERM. Each notice arrives exactly once."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bot.directory import get_directory
from bot.settings import PROJECT_ROOT
from cases.database import utc_now
from cases.store import CaseStore
from staff.cards import Cards
from staff.relay import Relay
from staff.targets import Targets
from tests.staff.conftest import KOELN, submit
from tests.staff.test_apprise_channel import Service, service  # noqa: F401

POINTS = ("claimed", "started", "half_written", "sent", "marked")


def start(
    url: str, folder: Path, point: str = "none", ahead: int = 0, mode: str = "once", **env: str
) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.staff.relay_process", url, str(folder), point, str(ahead), mode],
        cwd=PROJECT_ROOT,
        env={**kept, **env},
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen[str]) -> int:
    _, errors = process.communicate(timeout=60)
    if process.returncode not in (0, -signal.SIGKILL):
        pytest.fail(errors)
    return process.returncode


def keys(folder: Path) -> Counter[str]:
    """How often each notice stands in the files."""
    lines = [line for file in folder.glob("notices/*.log") for line in file.read_text(encoding="utf-8").splitlines()]
    return Counter(line.split()[2] for line in lines if line.startswith("=== end "))


async def deliver_rest(url: str, folder: Path, cards: Cards) -> None:
    """What the next relay does, after the killed one's lease has run out."""
    later = CaseStore(url, clock=lambda: utc_now() + timedelta(minutes=5))
    relay = Relay(later, Targets(get_directory(), folder), cards)
    while await relay.deliver_due():
        pass
    later.dispose()


@pytest.mark.parametrize("point", POINTS)
async def test_a_killed_relay_loses_and_doubles_nothing(
    store: CaseStore, url: str, tmp_path: Path, cards: Cards, point: str
) -> None:
    number = submit(store).number
    store.add_user_message("talk", "まだですか")
    assert end(start(url, tmp_path, point)) == -signal.SIGKILL
    await deliver_rest(url, tmp_path, cards)
    assert list(keys(tmp_path).values()) == [1, 1]
    assert all(entry.delivered_at for entry in store.case_file(number).outbox)


def test_killed_again_and_again(store: CaseStore, url: str, tmp_path: Path) -> None:
    submit(store)
    for count, point in enumerate(POINTS[:-1]):
        assert end(start(url, tmp_path, point, ahead=300 * count)) == -signal.SIGKILL
    end(start(url, tmp_path, ahead=3000))
    assert list(keys(tmp_path).values()) == [1]


def test_two_relays_at_once(store: CaseStore, url: str, tmp_path: Path) -> None:
    numbers = {submit(store, f"talk {count}", KOELN if count % 2 else None).number for count in range(24)}
    processes = [start(url, tmp_path, mode="run") for _ in range(2)]
    for _ in range(600):
        if store.outbox_counts()[0].pending == 0:
            break
        time.sleep(0.05)
    for process in processes:
        process.send_signal(signal.SIGTERM)
    assert [end(process) for process in processes] == [0, 0]
    assert {key.split("/")[0] for key in keys(tmp_path)} == numbers
    assert set(keys(tmp_path).values()) == {1}


@pytest.mark.parametrize(("point", "received"), [("claimed", 1), ("marked", 1), ("sent", 2)])
@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
async def test_a_service_that_cannot_deduplicate_gets_a_marked_repetition_only_when_nobody_knows(
    store: CaseStore,
    url: str,
    tmp_path: Path,
    service: Service,  # noqa: F811
    cards: Cards,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    received: int,
) -> None:
    submit(store, municipality=KOELN)
    end(start(url, tmp_path, point, NRWBOT_NOTICE_URL_KOELN=service.url))
    monkeypatch.setenv("NRWBOT_NOTICE_URL_KOELN", service.url)
    await deliver_rest(url, tmp_path, cards)
    repetitions = ["kann schon einmal angekommen sein" in notice["message"] for notice in service.received]
    assert repetitions == [False, True][:received]


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_the_relay_as_it_is_run(store: CaseStore, url: str, tmp_path: Path) -> None:
    number = submit(store).number
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NRWBOT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "staff"],
        cwd=PROJECT_ROOT,
        env={**kept, "NRWBOT_VAR_DIR": str(tmp_path), "NRWBOT_DATABASE_URL": url},
        stderr=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if store.outbox_counts()[0].delivered:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert f"{number}/to_staff/notice" in log
    assert "ended" in log
    assert "Traceback" not in log
    assert "contact@example.jp" not in log
    assert list(keys(tmp_path).values()) == [1]
