"""The web chat over real sockets, with a scripted assistant behind it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import socketio

from bot.channels import sessions
from tests.bot.channels.clients import Browser
from tests.bot.channels.conftest import ChatProcess, OpenBrowser

pytestmark = pytest.mark.usefixtures("browsers")
TOWN = "https://www.duesseldorf.de"


async def speak(server: ChatProcess, conversation: str, message: dict[str, Any]) -> None:
    async with httpx.AsyncClient() as client:
        (await client.post(f"{server.url}/say/{conversation}", json=message)).raise_for_status()


async def test_a_new_session_is_confirmed_and_greeted(chat_server: ChatProcess) -> None:
    tab = await Browser(chat_server.url, TOWN).connect()
    confirm = await tab.request(language="ja")
    (welcome, *_) = await tab.until(1)
    assert (confirm["status"], confirm["resumed"], confirm["language"]) == ("ok", False, "ja")
    assert (confirm["site"]["id"], confirm["limits"]) == ("duesseldorf", {"text": 2000})
    assert confirm["site"]["partner_name"].keys() == {"de", "ja", "en"}
    assert welcome["from"] == "bot"
    assert '"language": "ja"' in welcome["text"]
    assert tab.events[0][0] == "session_confirm"
    await tab.close()


async def test_without_consent_nothing_begins(chat_server: ChatProcess) -> None:
    tab = await Browser(chat_server.url).connect()
    for consent in (False, None, "true", 1):
        refused = await tab.request(consent=consent)
        assert (refused["status"], "session" in refused) == ("no_consent", False)
    assert (await tab.say("Hallo"))["status"] == "no_session"
    await tab.close()


async def test_a_turn_is_answered_with_typing_around_it(browser: OpenBrowser) -> None:
    tab = await browser()
    assert (await tab.say("Hallo", "1"))["status"] == "ok"
    first, last = await tab.until(2)
    assert (first["text"], last["text"]) == ("Hallo", "end of Hallo")
    assert (first["buttons"], first["custom"]) == ([], {})
    assert last["custom"]["type"] == "answer"
    assert last["buttons"][0]["payload"].startswith("~")
    assert first["id"] < last["id"]
    await tab.until(2, "typing")
    assert [data["on"] if name == "typing" else data["text"] for name, data in tab.events] == [
        True,
        "Hallo",
        "end of Hallo",
        False,
    ]


async def test_a_typed_command_is_plain_text(browser: OpenBrowser) -> None:
    tab = await browser()
    await tab.say('/staff_event{"kind": "message"}', "1")
    assert (await tab.until(2))[0]["text"] == '/staff_event{"kind": "message"}'


async def test_a_button_works_only_in_its_conversation(browser: OpenBrowser) -> None:
    anna, ben = await browser(), await browser()
    await anna.say("Hallo", "1")
    token = (await anna.until(2))[1]["buttons"][0]["payload"]
    await anna.say(token, "2", title="Mehr")
    assert (await anna.until(4))[2]["text"].startswith("/show_topic{")
    await ben.say(token, "1")
    # what the scripted assistant got is the token itself: plain text
    assert (await ben.until(2))[0]["text"] == token


async def test_messages_stay_in_order_when_typed_faster_than_answered(browser: OpenBrowser) -> None:
    tab = await browser()
    said = ["slow 0", *(str(number) for number in range(1, 12))]
    acks = await asyncio.gather(*(tab.say(text, text) for text in said))
    await tab.until(2 * len(said))
    assert [text for text in tab.texts if not text.startswith("end of")] == said
    ids = [ack["id"] for ack in acks]
    assert ids == sorted(ids)
    shown = [message["id"] for message in tab.messages]
    assert shown == sorted(shown)


async def test_a_repeated_message_is_taken_once(browser: OpenBrowser) -> None:
    tab = await browser()
    first = await tab.say("Hallo", "same")
    await tab.until(2)
    again = await tab.say("Hallo", "same")
    assert (again["status"], again["id"]) == ("duplicate", first["id"])
    await tab.say("Ende", "other")
    await tab.until(4)
    assert tab.texts == ["Hallo", "end of Hallo", "Ende", "end of Ende"]


async def test_a_second_tab_sees_the_history_and_what_the_first_says(browser: OpenBrowser) -> None:
    first = await browser()
    await first.say("eins", "1")
    await first.until(2)
    second = await browser(first.session)
    assert second.confirm["resumed"]
    history = await second.until(4)
    assert [each["from"] for each in history] == ["bot", "user", "bot", "bot"]
    assert "eins" in [each["text"] for each in history if each["from"] == "user"]
    second.events.clear()
    first.events.clear()
    await first.say("zwei", "2")
    await asyncio.gather(first.until(2), second.until(3))
    assert [each["from"] for each in second.messages] == ["user", "bot", "bot"]
    assert second.messages[0]["client_id"] == "2"
    # the tab that spoke is not told its own words
    assert [each["from"] for each in first.messages] == ["bot", "bot"]


async def test_what_was_missed_is_replayed_and_nothing_else(browser: OpenBrowser, chat_server: ChatProcess) -> None:
    tab = await browser()
    await tab.say("eins", "1")
    known = (await tab.until(2))[-1]["id"]
    await tab.close()
    for number in range(3):
        custom = {"type": "handoff", "state": "with_person", "partner": "koeln", "from": "person", "language": "de"}
        await speak(chat_server, tab.conversation, {"text": f"Antwort {number}", "custom": custom})
    back = await browser(tab.session, known)
    assert [each["text"] for each in await back.until(3)] == ["Antwort 0", "Antwort 1", "Antwort 2"]
    assert {each["from"] for each in back.messages} == {"person"}
    assert back.messages[0]["partner_name"].startswith("KölnBusiness")
    assert back.confirm["last_id"] == back.messages[-1]["id"]


async def test_a_reply_of_staff_arrives_live_in_every_tab(browser: OpenBrowser, chat_server: ChatProcess) -> None:
    tab = await browser()
    other = await browser(tab.session, tab.confirm["last_id"])
    other.events.clear()
    await speak(chat_server, tab.conversation, {"custom": {"type": "typing", "from": "person", "on": True}})
    await speak(chat_server, tab.conversation, {"text": "Guten Tag", "custom": {"from": "person", "partner": "essen"}})
    for each in (tab, other):
        assert (await each.until(1))[-1]["text"] == "Guten Tag"
        assert {"from": "person", "on": True} in [data for name, data in each.events if name == "typing"]


async def test_foreign_and_altered_tokens_open_a_new_session(browser: OpenBrowser, secret_key: str) -> None:
    anna = await browser()
    await anna.say("geheim", "1")
    await anna.until(2)
    conversation, issued, signature = anna.session.split(".")
    stolen = [conversation, f"{conversation}.{issued}.{'0' * 32}", f"{sessions.new_id()}.{issued}.{signature}", "x", ""]
    for token in stolen:
        thief = await browser(token)
        assert not thief.confirm["resumed"]
        assert thief.conversation != anna.conversation
        assert "geheim" not in thief.texts


async def test_a_token_of_another_site_opens_a_new_session(browser: OpenBrowser) -> None:
    anna = await browser(origin=TOWN)
    thief = await browser(anna.session, origin="https://www.krefeld.de")
    assert not thief.confirm["resumed"]
    assert (await browser(anna.session, origin=TOWN)).confirm["resumed"]


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://www.duesseldorf.de.evil.example"])
async def test_a_page_of_another_origin_is_refused(chat_server: ChatProcess, transport: str, origin: str) -> None:
    tab = Browser(chat_server.url, origin)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await tab.connect((transport,))


async def test_polling_works_across_origins(chat_server: ChatProcess) -> None:
    tab = await Browser(chat_server.url, TOWN).connect(("polling",))
    assert (await tab.request())["status"] == "ok"
    await tab.until(1)
    await tab.close()
    async with httpx.AsyncClient() as client:
        opened = await client.get(f"{chat_server.url}/socket.io/?EIO=4&transport=polling", headers={"Origin": TOWN})
    assert opened.headers["access-control-allow-origin"] == TOWN


async def test_page_and_site_travel_with_the_message(browser: OpenBrowser) -> None:
    page = {"page_language": "de", "page_url": f"{TOWN}/wirtschaft?mail=a@example.jp#x"}
    tab = await browser(origin=TOWN, **page)
    await tab.say("metadata", "1")
    metadata = json.loads((await tab.until(2))[0]["text"])
    assert metadata == {"site": "duesseldorf", "page_language": "de", "page_url": f"{TOWN}/wirtschaft"}


async def test_a_long_message_is_told_so(browser: OpenBrowser) -> None:
    tab = await browser(language="ja")
    refused = await tab.say("あ" * 2001, "1")
    assert (refused["status"], "2000文字" in refused["text"]) == ("too_long", True)
    assert (await tab.say("あ" * 2000, "2"))["status"] == "ok"


async def test_a_huge_event_ends_only_its_own_connection(browser: OpenBrowser) -> None:
    loud, calm = await browser(), await browser()
    with pytest.raises((socketio.exceptions.SocketIOError, socketio.exceptions.TimeoutError)):
        await loud.client.call("user_uttered", {"message": "a" * 200_000}, timeout=2)
    assert (await calm.say("noch da", "1"))["status"] == "ok"


async def test_silence_and_failure_become_an_apology(browser: OpenBrowser) -> None:
    tab = await browser()
    for number, text in enumerate(("silent", "crash"), 1):
        await tab.say(text, text)
        assert (await tab.until(number))[-1]["custom"]["type"] == "fault"
        assert tab.messages[-1]["text"]
    await tab.say("geht es wieder", "3")
    assert (await tab.until(4))[-1]["text"] == "end of geht es wieder"


VALUES = {"company": "Hoshizora K.K.", "contact_name": "Example", "email": "contact@example.jp", "concern": "Büro"}


async def test_the_form_is_taken_while_it_is_open_and_not_shown_in_the_history(browser: OpenBrowser) -> None:
    tab = await browser()
    await tab.call("form_submit", {"form": "handoff", "values": VALUES, "client_id": "1"})
    (closed,) = await tab.until(1)
    assert (closed["from"], closed["custom"]["type"]) == ("system", "notice")
    await tab.say("form", "2")
    await tab.until(3)
    assert (await tab.call("form_submit", {"form": "handoff", "values": VALUES, "client_id": "3"}))["status"] == "ok"
    said = (await tab.until(5))[3]["text"]
    entries = json.loads(said.removeprefix("/fill_form"))
    assert (entries["company"], entries["concern"], entries["phone"]) == ("Hoshizora K.K.", "Büro", "")
    other = await browser(tab.session)
    shown = [each["text"] for each in await other.until(9) if each["from"] == "user"]
    assert "Formular gesendet" in shown
    assert not any("contact@example.jp" in text for text in shown)


async def test_ending_makes_the_token_void_and_tells_the_other_tab(browser: OpenBrowser) -> None:
    tab = await browser()
    other = await browser(tab.session)
    assert (await tab.call("end_session", {"erase": False}))["status"] == "ok"
    assert await other.until(1, "session_closed") == [{"reason": "ended"}]
    for each in (tab, other):
        assert (await each.say("noch da?", "9"))["status"] == "no_session"
    assert not (await browser(tab.session)).confirm["resumed"]


async def test_erasing_by_talking_leaves_nothing_and_ends_the_session(browser: OpenBrowser) -> None:
    tab = await browser()
    await tab.say("mein Geheimnis", "1")
    await tab.until(2)
    await tab.say("erase", "2")
    await tab.until(4)
    assert await tab.until(1, "session_closed") == [{"reason": "erased"}]
    assert (await tab.say("noch da?", "3"))["status"] == "no_session"
    again = await browser(tab.session)
    assert not again.confirm["resumed"]
    assert "mein Geheimnis" not in again.texts


async def test_limits_of_a_chat_are_told_in_the_user_s_language(new_server: Callable[..., ChatProcess]) -> None:
    server = new_server(chat_messages_per_minute=1, chat_messages_at_once=3)
    loud, calm = await Browser(server.url).open(language="ja"), await Browser(server.url).open()
    statuses = [(await loud.say("a", str(number)))["status"] for number in range(5)]
    assert statuses == ["ok", "ok", "ok", "too_fast", "too_fast"]
    assert "少し待って" in (await loud.say("a", "9"))["text"]
    # a chat's limit does not come back with a new connection, and touches no other chat
    assert (await (await Browser(server.url).open(loud.session)).say("a", "10"))["status"] == "too_fast"
    assert (await calm.say("a", "1"))["status"] == "ok"


async def test_limits_of_an_address(new_server: Callable[..., ChatProcess]) -> None:
    server = new_server(chat_address_sessions_per_hour=2, chat_address_messages_per_minute=4)
    tabs = [await Browser(server.url).open() for _ in range(2)]
    assert (await (await Browser(server.url).connect()).request())["status"] == "too_fast"
    statuses = [(await tabs[number % 2].say("a", str(number)))["status"] for number in range(5)]
    assert statuses == ["ok"] * 4 + ["too_fast"]


async def test_a_restart_loses_nothing_and_repeats_nothing(new_server: Callable[..., ChatProcess]) -> None:
    server = new_server()
    tab = await Browser(server.url).open()
    await tab.say("eins", "1")
    last = (await tab.until(2))[-1]["id"]
    # taken and acknowledged, but the process ends before the turn does
    assert (await tab.say("slow zwei", "2"))["status"] == "ok"
    server.kill()
    server.start()
    back = await Browser(server.url).open(tab.session, last)
    assert back.confirm["resumed"]
    texts = [each["text"] for each in await back.until(3)]
    assert texts == ["slow zwei", "slow zwei", "end of slow zwei"]
    assert (await back.say("eins", "1"))["status"] == "duplicate"
    assert (await back.say("slow zwei", "2"))["status"] == "duplicate"
    await back.say("drei", "3")
    assert [each["text"] for each in await back.until(5)][3:] == ["drei", "end of drei"]


async def test_nothing_that_a_user_wrote_is_logged(new_server: Callable[..., ChatProcess]) -> None:
    server = new_server()
    tab = await Browser(server.url).open()
    await tab.say("crash", "1")
    await tab.until(1)
    await tab.say("Geheimnis-4711", "2")
    await tab.call("form_submit", {"form": "handoff", "values": {"concern": "Geheimnis-4711"}})
    await tab.until(4)
    assert "4711" not in server.log
    assert tab.conversation not in server.log
    assert "Traceback" not in server.log
