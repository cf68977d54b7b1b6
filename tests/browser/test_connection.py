"""What happens to the connection: offline, server gone, reload, second tab, messages too fast or refused."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import QUESTION, Chat, Contexts, FakeServer, texts

pytestmark = pytest.mark.browser


def test_what_is_typed_offline_is_sent_once_and_in_order(chat: Chat, fake: FakeServer) -> None:
    words = texts("de")
    chat.open(f"{fake.url}/demo/de").agree()
    chat.page.context.set_offline(True)
    fake.control(kill=True)
    expect(chat.page.get_by_text(words["offline"])).to_be_visible()
    chat.say("Wetter eins")
    chat.say("Wetter zwei")
    expect(chat.page.get_by_text(words["status_waiting"])).to_have_count(2)
    chat.page.context.set_offline(False)
    expect(chat.page.get_by_text(words["status_waiting"])).to_have_count(0, timeout=20_000)
    expect(chat.page.locator(".message.bot")).to_have_count(3)
    assert [message["message"] for message in fake.messages()] == ["Wetter eins", "Wetter zwei"]


def test_queue_survives_a_reload(chat: Chat, fake: FakeServer) -> None:
    chat.open(f"{fake.url}/demo/de").agree()
    fake.control(quiet=True)
    chat.page.route("**/socket.io/**", lambda route: route.abort())
    chat.page.context.set_offline(True)
    fake.control(kill=True)
    expect(chat.page.get_by_text(texts("de")["offline"])).to_be_visible()
    chat.say("Wetter im Zug")
    chat.page.context.set_offline(False)
    chat.page.unroute_all()
    chat.page.reload()
    expect(chat.page.locator(".message.user > .body")).to_have_text("Wetter im Zug")
    expect(chat.page.locator(".message.user.waiting")).to_have_count(0)
    assert len({message["client_id"] for message in fake.messages()}) == 1
    assert chat.page.evaluate("sessionStorage.getItem('nrw-chat-queue')") is None


def test_conversation_goes_on_after_the_server_was_killed(chat: Chat, fake: FakeServer) -> None:
    chat.open(f"{fake.url}/demo/de").agree()
    fake.stop()
    expect(chat.page.get_by_text(texts("de")["offline"])).to_be_visible()
    chat.say("Wetter nach dem Neustart")
    again = FakeServer.start(int(fake.url.rsplit(":", 1)[1]))
    try:
        # the server kept nothing: a new session begins, what was typed is sent into it
        expect(chat.page.locator(".message.user.sent > .body")).to_have_text("Wetter nach dem Neustart", timeout=40_000)
        assert [message["message"] for message in again.messages()] == ["Wetter nach dem Neustart"]
    finally:
        again.stop()


def test_reload_and_next_page_go_on_with_the_history(chat: Chat, fake: FakeServer) -> None:
    chat.open(f"{fake.url}/demo/de").agree()
    chat.say(QUESTION["de"])
    expect(chat.page.get_by_text("Quellen", exact=True)).to_be_visible()
    before = chat.messages()
    chat.page.reload()
    expect(chat.page.get_by_text("Quellen", exact=True)).to_be_visible()
    assert chat.messages() == before
    # it opened by itself: the page keeps the focus
    assert chat.page.evaluate("document.activeElement === document.body")
    expect(chat.log).to_have_attribute("aria-live", "polite")
    chat.page.goto(f"{fake.url}/demo/en")
    expect(chat.page.locator(".message > .body")).to_have_count(len(before))


def test_second_tab_shows_the_same_conversation(chat: Chat, fake: FakeServer) -> None:
    chat.open(f"{fake.url}/demo/de").agree()
    chat.say("Wetter im ersten")
    expect(chat.page.locator(".message.bot")).to_have_count(2)
    second = Chat(chat.page.context.new_page())
    second.open(f"{fake.url}/demo/de")
    expect(second.page.locator(".message.bot")).to_have_count(2)
    second.say("Wetter im zweiten")
    for tab in (chat, second):
        expect(tab.page.locator(".message.user > .body")).to_have_text(["Wetter im ersten", "Wetter im zweiten"])
        expect(tab.page.locator(".message.bot")).to_have_count(3)
    second.page.locator("#menu-button").click()
    second.page.locator(".item").last.click()
    second.page.get_by_role("button", name=texts("de")["end_erase"]).click()
    expect(chat.page.get_by_text(texts("de")["ended"])).to_be_visible()
    assert second.problems == []


def test_a_refused_message_says_why_and_can_be_sent_again_or_dropped(chat: Chat, fake: FakeServer) -> None:
    words = texts("de")
    chat.open(f"{fake.url}/demo/de").agree()
    chat.say("too fast")
    expect(chat.page.locator(".message.failed")).to_contain_text(words["status_failed"])
    expect(chat.page.locator(".message.failed")).to_contain_text("sehr viele Nachrichten")
    chat.axe("failed message")
    chat.page.get_by_role("button", name=words["retry"]).click()
    expect(chat.page.locator(".message.failed")).to_have_count(1)
    chat.page.get_by_role("button", name=words["discard"]).click()
    expect(chat.page.locator(".message.user")).to_have_count(0)
    chat.input.fill("x" * 2001)
    expect(chat.page.locator("#message-left")).to_contain_text("1 Zeichen zu viel")
    chat.input.press("Enter")
    expect(chat.input).to_have_value("x" * 2001)


def test_long_polling_where_websockets_are_forbidden(chat: Chat, fake: FakeServer, contexts: Contexts) -> None:
    chat.page.add_init_script(
        "const Real = WebSocket; window.WebSocket = class extends Real {"
        " constructor(url, protocols) { super(url.replace('/socket.io/', '/forbidden/'), protocols); } }"
    )
    chat.open(f"{fake.url}/demo/de").agree()
    chat.say("Wetter")
    expect(chat.page.locator(".message.bot")).to_have_count(2)
