"""Translations against a local service: side by side, marked, and never in a message's way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.directory import Directory
from bot.settings import SettingsError
from cases.migrate import upgrade
from cases.states import BUTTON_CHANNEL
from cases.store import CaseStore
from staff.cards import Cards
from staff.translation import Translator
from tests.staff.conftest import submit


@pytest.fixture
def store(tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    store = CaseStore(url)
    yield store
    store.dispose()


class Service:
    """Answers like LibreTranslate and DeepL; ``wait`` seconds late, or with ``status``."""

    def __init__(self) -> None:
        self.wait, self.status, self.url = 0.0, 200, ""
        self.asked: list[dict[str, Any]] = []

    async def translate(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        await asyncio.sleep(self.wait)
        answer = {"translatedText": "übersetzt", "translations": [{"text": "übersetzt"}]}
        return web.json_response(answer, status=self.status)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service = Service()
    app = web.Application()
    app.router.add_post("/translate", service.translate)
    app.router.add_post("/v2/translate", service.translate)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield service
    await runner.cleanup()


def translator(store: CaseStore, directory: Directory, url: str, seconds: float = 5) -> Translator:
    return Translator(store, directory, url, "key", seconds, lambda text: "ja" if "は" in text else "de")


@pytest.mark.parametrize("kind", ["libretranslate", "deepl"])
async def test_side_by_side_and_marked(
    store: CaseStore, directory: Directory, cards: Cards, service: Service, kind: str
) -> None:
    number = submit(store).number
    store.add_user_message("talk", "はい、お願いします。")
    entry = store.case_file(number).outbox[-1]
    one = translator(store, directory, f"{kind}+{service.url}")
    await one.after_delivery(entry)
    await one.after_delivery(entry)
    found = [each for each in store.case_file(number).outbox if each.kind == "translation"]
    assert len(found) == 1
    body = cards.notice(found[0], threaded="matrix").body
    for shown in ("Maschinelle Übersetzung", "nicht geprüft", "übersetzt", "はい、お願いします。"):
        assert shown in body


async def test_the_user_gets_a_translation_of_what_staff_write_too(
    store: CaseStore, directory: Directory, service: Service
) -> None:
    number = submit(store).number
    store.add_staff_message(number, "Guten Tag", by="staff:x")
    await translator(store, directory, f"libretranslate+{service.url}").after_delivery(
        store.case_file(number).outbox[-1]
    )
    added = store.case_file(number).outbox[-1]
    assert (added.direction, added.kind) == ("to_user", "translation")
    assert added.payload["original"] == "Guten Tag"
    assert added.payload["text"] not in ("", "Guten Tag")


@pytest.mark.parametrize(("wait", "status"), [(3.0, 200), (0.0, 500)])
async def test_a_slow_or_broken_service_adds_nothing(
    store: CaseStore, directory: Directory, service: Service, wait: float, status: int
) -> None:
    number = submit(store).number
    store.add_staff_message(number, "Guten Tag", by="staff:x")
    service.wait, service.status = wait, status
    entry = store.case_file(number).outbox[-1]
    await translator(store, directory, f"libretranslate+{service.url}", 0.2).after_delivery(entry)
    assert all(each.kind != "translation" for each in store.case_file(number).outbox)


async def test_the_readers_own_language_and_reviewed_words_are_left_alone(
    store: CaseStore, directory: Directory, service: Service
) -> None:
    number = submit(store).number
    one = translator(store, directory, f"libretranslate+{service.url}")
    store.add_user_message("talk", "Guten Tag")
    store.add_user_message("talk", "会社設立は", channel=BUTTON_CHANNEL, extra={"pressed": "company/gmbh_formation"})
    store.add_staff_message(number, "Danke", by="staff:x", extra={"prepared": True})
    for entry in store.case_file(number).outbox:
        if entry.kind == "message":
            await one.after_delivery(entry)
    assert service.asked == []


def test_a_wrong_address_is_told(store: CaseStore, directory: Directory) -> None:
    with pytest.raises(SettingsError, match="libretranslate\\+https"):
        translator(store, directory, "https://example.com")
