"""Talking: consent, answers, languages, input methods, buttons, links, transcript, checklist, ending."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LANGUAGES, QUESTION, Chat, Contexts, FakeServer, texts

pytestmark = pytest.mark.browser


def test_nothing_is_loaded_or_sent_before_the_click_and_nothing_sent_before_consent(
    chat: Chat, fake: FakeServer
) -> None:
    asked: list[str] = []
    sockets: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.page.on("websocket", lambda socket: sockets.append(socket.url))
    chat.page.goto(f"{fake.url}/demo/de")
    chat.launcher.wait_for()
    assert not any("panel" in url or "socket.io" in url for url in asked)

    chat.launcher.click()
    chat.panel.wait_for()
    expect(chat.page.get_by_text(texts("de")["consent_program"])).to_be_visible()
    assert not any("socket.io" in url for url in asked + sockets)

    chat.agree()
    assert any("socket.io" in url for url in asked + sockets)
    assert {url.split("/")[2] for url in asked + sockets} == {fake.url.split("/")[2]}
    assert chat.page.context.cookies() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_question_and_answer_in_each_language(chat: Chat, fake: FakeServer, language: str) -> None:
    words = texts(language)
    chat.open(f"{fake.url}/demo/{language}").agree()
    assert chat.panel.get_attribute("lang") == language
    chat.say(QUESTION[language])
    expect(chat.page.get_by_text(words["sources"], exact=True)).to_be_visible()
    expect(chat.page.get_by_text(words["was_helpful"]).first).to_be_visible()
    expect(chat.log.locator(".speaker .name").first).to_have_text(words["speaker_bot"])
    assert chat.page.locator(".message.bot > .body").last.get_attribute("lang") == language
    chat.page.locator(".choice.feedback").first.click()
    expect(chat.log.locator(".message.bot").last).to_contain_text(re.compile("Danke|ありがとう|Thank"))
    expect(chat.page.locator(".choice.feedback").first).to_have_attribute("aria-disabled", "true")


def test_enter_while_an_input_method_composes_does_not_send(chat: Chat, fake: FakeServer) -> None:
    chat.open(f"{fake.url}/demo/ja").agree()
    chat.input.focus()
    ime = chat.page.context.new_cdp_session(chat.page)
    ime.send("Input.imeSetComposition", {"text": "かいしゃ", "selectionStart": 4, "selectionEnd": 4})
    # as Chromium tells the Enter that confirms a composition
    enter = {"type": "rawKeyDown", "key": "Process", "code": "Enter", "windowsVirtualKeyCode": 229}
    ime.send("Input.dispatchKeyEvent", enter)
    ime.send("Input.insertText", {"text": "会社"})
    # as Safari does: the Enter comes after the composition, with the key code of input methods
    chat.input.evaluate(
        "area => area.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true}))"
    )
    expect(chat.input).to_have_value("会社")
    assert fake.messages() == []
    chat.input.press("Shift+Enter")
    chat.page.keyboard.insert_text("設立")
    expect(chat.input).to_have_value("会社\n設立")
    chat.input.press("Enter")
    expect(chat.page.locator(".message.user > .body")).to_have_text("会社\n設立")
    assert [message["message"] for message in fake.messages()] == ["会社\n設立"]


def test_interface_changes_language_with_the_user_or_the_conversation(chat: Chat, fake: FakeServer) -> None:
    chat.open(f"{fake.url}/demo/de").agree()
    chat.page.locator(".choice.set_language", has_text="日本語").click()
    expect(chat.panel).to_have_attribute("lang", "ja")
    expect(chat.input).to_have_attribute("placeholder", texts("ja")["composer_hint"])
    chat.page.locator("#menu-button").click()
    chat.page.locator(".menu .languages button", has_text="English").click()
    expect(chat.panel).to_have_attribute("lang", "en")
    expect(chat.page.locator(".message.bot > .body").last).to_contain_text("Hello")
    chat.page.reload()
    expect(chat.panel).to_have_attribute("lang", "en")


def test_hostile_text_does_nothing(chat: Chat, fake: FakeServer) -> None:
    chat.open(f"{fake.url}/demo/de").agree()
    chat.say("hostile <img src=x onerror='window.hacked=1'>")
    body = chat.page.locator(".message.bot > .body").last
    expect(body).to_contain_text("<script>")
    expect(chat.page.locator(".message.user > .body")).to_contain_text("<img src=x")
    assert chat.page.evaluate("window.hacked") is None
    assert body.locator("img, script, [onclick]").count() == 0
    links = body.locator("a")
    assert [link.get_attribute("href") for link in links.all()] == ["https://evil.example/x"]
    # the text claims one place, the link leads to another: the true one stands beside it
    expect(links.first).to_contain_text("(evil.example)")
    assert links.first.get_attribute("rel") == "noopener noreferrer nofollow"


def test_transcript_can_be_saved(chat: Chat, fake: FakeServer, tmp_path: Path) -> None:
    chat.open(f"{fake.url}/demo/en").agree()
    chat.say(QUESTION["en"])
    expect(chat.page.get_by_text("Sources", exact=True)).to_be_visible()
    chat.page.locator("#menu-button").click()
    with chat.page.expect_download() as download:
        chat.page.get_by_role("button", name=texts("en")["menu_save"]).click()
    download.value.save_as(tmp_path / "chat.txt")
    saved = (tmp_path / "chat.txt").read_text(encoding="utf-8")
    assert QUESTION["en"] in saved
    assert "Assistant (program)" in saved
    assert "https://www.gesetze-im-internet.de/gmbhg/__5.html" in saved
    assert "**" not in saved


def test_checklist_can_be_saved_and_printed(chat: Chat, fake: FakeServer, tmp_path: Path) -> None:
    chat.open(f"{fake.url}/demo/ja").agree()
    chat.say("リストをください")
    checklist = chat.page.locator(".checklist")
    expect(checklist.get_by_role("listitem")).to_have_count(3)
    for label, name, sign in (
        ("checklist_text", "a.txt", "[ ] 6か月前 – 会社形態を選ぶ"),
        ("checklist_html", "a.html", "<h2>"),
    ):
        with chat.page.expect_download() as download:
            checklist.get_by_role("button", name=texts("ja")[label]).click()
        download.value.save_as(tmp_path / name)
        saved = (tmp_path / name).read_text(encoding="utf-8")
        assert sign in saved
        assert "在留許可を申請する" in saved
    chat.page.evaluate(
        """Object.defineProperty(HTMLIFrameElement.prototype, 'contentWindow', {get() {
            const view = this.contentDocument.defaultView; view.print = () => { window.printed = {
            text: view.document.body.innerText, sheets: view.document.adoptedStyleSheets.length}; }; return view; }})"""
    )
    checklist.get_by_role("button", name=texts("ja")["checklist_print"]).click()
    printed = chat.page.evaluate("window.printed")
    assert "営業届を出す" in printed["text"]
    assert printed["sheets"] == 1


@pytest.mark.parametrize("erase", [False, True])
def test_user_ends_the_conversation(chat: Chat, fake: FakeServer, erase: bool) -> None:
    words = texts("de")
    chat.open(f"{fake.url}/demo/de").agree()
    chat.page.locator("#menu-button").click()
    chat.page.get_by_role("button", name=words["menu_end"]).click()
    expect(chat.page.locator("dialog.end")).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(chat.page.locator("dialog.end")).to_be_hidden()
    expect(chat.panel).to_be_visible()
    chat.page.locator(".item", has_text=words["menu_end"]).click()
    chat.page.get_by_role("button", name=words["end_erase" if erase else "end_only"], exact=True).click()
    expect(chat.page.get_by_text(words["erased" if erase else "ended"])).to_be_visible()
    assert ["end_session", {"erase": erase}] in fake.control(log=True)["arrived"]
    kept = chat.page.evaluate("JSON.parse(localStorage.getItem('nrw-chat'))")
    assert "session" not in kept
    assert "consent" not in kept
    chat.agree()
    assert len(chat.messages()) == 1


def test_look_of_the_partner_with_contrast_corrected(chat: Chat, fake: FakeServer, contexts: Contexts) -> None:
    for colour in ("#ffe600", "#000000", "#7fd1ae", "#e2001a"):
        for theme in ("light", "dark"):
            look = f"colour=%23{colour[1:]}&theme={theme}&position=left&heading=Wirtschaft&logo=/logo.svg"
            other = Chat(contexts().new_page())
            other.open(f"{fake.url}/demo/de?{look}")
            expect(other.page.locator(".bar .logo")).to_be_visible()
            other.axe(f"consent {colour} {theme}")
            other.agree().say(QUESTION["de"])
            expect(other.page.get_by_text("Verwandte Themen")).to_be_visible()
            other.axe(f"chat {colour} {theme}")
            box = other.panel.bounding_box()
            assert box is not None
            assert box["x"] < 100
            assert other.page.locator("#heading").inner_text() == "Wirtschaft"
            assert other.problems == []
