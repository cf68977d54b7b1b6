"""Slack both ways against the local stand-in: card, thread, answers, edits, lost answers, lost connections."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.directory import get_directory
from bot.knowledge.wording import get_wording
from cases.migrate import upgrade
from cases.store import CaseStore
from staff.cards import Cards
from staff.channels.slack import SlackChannel
from staff.cli import make_inbound
from staff.relay import Relay
from staff.targets import Targets
from staff.users import UserChannel
from tests.staff.conftest import submit
from tests.staff.rasa_double import TOKEN, RasaDouble, rasa_double
from tests.staff.slack_double import SlackDouble, slack_double
from tests.staff.test_relay import until

PARTNER = "rhein_kreis_neuss"


class SlackTargets(Targets):
    def __init__(self, channel: SlackChannel) -> None:
        super().__init__(get_directory(), Path("unused"), {})
        self._two_way = [channel]
        self._channels[PARTNER] = channel


@pytest.fixture
def store(tmp_path: Path) -> Any:
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    store = CaseStore(url)
    yield store
    store.dispose()


@pytest.fixture
async def slack() -> AsyncIterator[SlackDouble]:
    async with slack_double() as double:
        yield double


@pytest.fixture
async def rasa(store: CaseStore) -> AsyncIterator[RasaDouble]:
    async with rasa_double(store) as double:
        yield double


@pytest.fixture
async def relay(store: CaseStore, slack: SlackDouble, rasa: RasaDouble) -> AsyncIterator[Relay]:
    channel = SlackChannel("xoxb-test", "xapp-test", {PARTNER: "C1"}, most_bytes=1000, url=slack.url)
    relay = Relay(
        store,
        SlackTargets(channel),
        Cards(get_directory(), get_wording()),
        users=UserChannel(store, rasa.url, TOKEN),
        inbound=make_inbound(store),
    )
    running = asyncio.create_task(relay.run())
    yield relay
    relay.stop()
    await running


def texts(slack: SlackDouble) -> list[str]:
    return [each["text"] for each in slack.messages.get("C1", []) if each.get("bot_id")]


async def test_a_conversation(store: CaseStore, slack: SlackDouble, rasa: RasaDouble, relay: Relay) -> None:
    number = submit(store, concern="<!channel> & <https://evil.example|Bank>").number
    await until(lambda: texts(slack))
    card = slack.messages["C1"][0]
    assert number in card["text"]
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|Bank&gt;" in card["text"]
    await slack.write("C1", "Wer macht das?", None)
    first = await slack.write("C1", "Guten Tag", card["ts"])
    await until(lambda: len(rasa.said["talk"]) == 2)
    assert rasa.said["talk"] == [("picked_up", ""), ("message", "Guten Tag")]
    await until(lambda: not slack.unacknowledged)
    edited = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "event_ts": "1.5",
        "previous_message": first,
        "message": {**first, "text": "Guten Tag!"},
    }
    # a link that was unfurled is no change of the text
    await slack.send({**edited, "event_ts": "1.4", "message": first})
    await slack.send(edited)
    # Slack may bring an event again
    await slack.send(edited)
    await until(lambda: len(rasa.said["talk"]) == 3)
    store.add_user_message("talk", "はい")
    await until(lambda: any("はい" in text for text in texts(slack)))
    await until(lambda: not slack.unacknowledged)
    assert len(rasa.said["talk"]) == 3
    assert all(each.get("thread_ts") == card["ts"] for each in slack.messages["C1"][3:] if each.get("bot_id"))


async def test_a_lost_answer_doubles_nothing(
    store: CaseStore, slack: SlackDouble, rasa: RasaDouble, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("staff.lanes.FIRST_RETRY_SECONDS", 0.2)
    slack.lose_answer = 1
    number = submit(store).number
    await until(lambda: store.thread(number, PARTNER))
    assert len(texts(slack)) == 1


async def test_events_that_make_no_sense_stop_nothing(
    store: CaseStore, slack: SlackDouble, rasa: RasaDouble, relay: Relay
) -> None:
    submit(store)
    await until(lambda: texts(slack))
    card = slack.messages["C1"][0]["ts"]
    for odd in (
        {"type": "message", "channel": "C1", "thread_ts": card},
        {"type": "message", "channel": "C1", "subtype": "message_changed", "message": "x", "previous_message": "y"},
        {"type": "message", "channel": "C1", "thread_ts": card, "ts": "1.1", "files": ["x"]},
    ):
        await slack.send(odd)
    await slack.write("C1", "Guten Tag", card)
    await until(lambda: len(rasa.said["talk"]) == 2)
    assert rasa.said["talk"][-1] == ("message", "Guten Tag")
    await until(lambda: not slack.unacknowledged)


async def test_the_token_goes_to_slack_alone() -> None:
    channel = SlackChannel("xoxb-secret", "xapp-test", {PARTNER: "C1"}, most_bytes=1000)
    for address in ("http://127.0.0.1:9/x.pdf", "https://slack.com.evil.example/x", "http://files.slack.com/x"):
        # not even tried: nothing listens there, which would raise
        assert await channel._file({"name": "x.pdf", "url_private": address}) == "unreadable"
    elsewhere = {"name": "x.pdf", "is_external": True, "url_private": "https://files.slack.com/x.pdf"}
    assert await channel._file(elsewhere) == "unreadable"
    assert channel._is_slacks("https://files.slack.com/files-pri/T1-F1/x.pdf")


async def test_other_channels_and_forged_cards_are_ignored(
    store: CaseStore, slack: SlackDouble, rasa: RasaDouble, relay: Relay
) -> None:
    number = submit(store).number
    await until(lambda: texts(slack))
    forged = await slack.write("C1", number, None)
    await slack.write("C1", "Ich bin es", forged["ts"])
    await slack.write("C2", "Ich bin es", slack.messages["C1"][0]["ts"])
    await slack.write("C1", "Hallo", slack.messages["C1"][0]["ts"])
    await until(lambda: len(rasa.said["talk"]) == 2)
    assert rasa.said["talk"][-1] == ("message", "Hallo")
