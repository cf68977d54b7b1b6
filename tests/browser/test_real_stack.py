"""The browser before the whole assistant: Rasa server, action server, relay, databases. Nothing is scripted."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from bot.channels.sites import get_sites
from cases.store import CaseStore
from tests.browser.conftest import LANGUAGES, QUESTION, ROOT, Chat, Contexts, texts
from tests.browser.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.server]

SLOW = 20_000


@pytest.fixture(scope="module")
def stack(widget: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("assistant"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def begin(chat: Chat, stack: Stack, language: str) -> None:
    chat.page.set_default_timeout(SLOW)
    chat.open(f"{stack.url}/demo/{language}").agree()


def answered(chat: Chat, language: str) -> None:
    chat.say(QUESTION[language])
    expect(chat.page.get_by_text(texts(language)["sources"], exact=True)).to_be_visible(timeout=SLOW)


def fill_form(chat: Chat, **entries: str) -> None:
    for name, value in entries.items():
        chat.page.locator(f"#entry-{name}").fill(value)
    chat.page.locator("form.handoff [type=submit]").click()


def sent(chat: Chat) -> str:
    """Confirm the summary of the form; returns the number of the case."""
    chat.page.locator(".choice.affirm:not([aria-disabled])").click()
    told = chat.page.locator(".message.bot .body", has_text="NRW-").last
    expect(told).to_be_visible(timeout=SLOW)
    number = re.search(r"NRW(-\w+)+", told.inner_text())
    assert number
    return number.group()


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_question_answer_and_feedback(chat: Chat, stack: Stack, language: str) -> None:
    chat.page.goto(f"{stack.url}/demo/{language}")
    chat.launcher.wait_for()
    chat.axe("demonstration page")
    begin(chat, stack, language)
    expect(chat.page.locator(".message.bot .body").first).to_have_attribute("lang", language)
    answered(chat, language)
    expect(chat.page.locator(".reviewed")).to_be_visible()
    chat.axe("answer")
    before = chat.page.locator(".message.bot").count()
    chat.page.locator(".choice.feedback").first.click()
    expect(chat.page.locator(".message.bot")).to_have_count(before + 1, timeout=SLOW)


@pytest.mark.parametrize("language", LANGUAGES)
def test_handoff_with_errors_and_a_reply_of_staff_arriving_live(chat: Chat, stack: Stack, language: str) -> None:
    begin(chat, stack, language)
    answered(chat, language)
    chat.page.locator(".choice.talk_to_person").last.click()
    chat.page.locator(".choice.affirm").click()
    chat.page.locator("form.handoff").wait_for()
    fill_form(
        chat,
        company="ほしぞら株式会社",
        contact_name="Example Person",
        email="person@example",
        municipality="Atlantis",
        concern="Office for 4",
    )
    expect(chat.page.locator("#entry-email-error")).to_contain_text("name@example.com", timeout=SLOW)
    expect(chat.page.locator("#entry-municipality-error")).to_be_visible()
    expect(chat.page.locator("#entry-email")).to_be_focused()
    expect(chat.page.locator("#entry-email")).to_be_in_viewport()
    chat.axe("form with errors")
    fill_form(chat, email="person@example.com", municipality="Krefeld")
    number = sent(chat)

    case = CaseStore(stack.case_log).case(number)
    assert (case.email, case.owner, case.language) == ("person@example.com", "krefeld", language)
    store = CaseStore(stack.case_log)
    store.add_staff_message(number, "こんにちは。Guten Tag.", by="staff:test", language=language, channel="test")
    expect(chat.page.locator(".message.person .body")).to_contain_text("Guten Tag.", timeout=60_000)
    expect(chat.page.locator(".message.person .name").first).to_contain_text(texts(language)["speaker_person"])
    expect(chat.page.get_by_text(texts(language)["with_person"])).to_be_visible()
    chat.axe("with a person")
    chat.page.reload()
    expect(chat.page.locator(".message.person .body")).to_contain_text("Guten Tag.", timeout=SLOW)


def test_second_tab_reload_and_erasure(chat: Chat, stack: Stack) -> None:
    begin(chat, stack, "de")
    answered(chat, "de")
    second = Chat(chat.page.context.new_page())
    second.open(f"{stack.url}/demo/en")
    expect(second.page.locator(".message.user .body")).to_have_text(QUESTION["de"], timeout=SLOW)
    assert second.messages() == chat.messages()
    second.say("Danke!")
    expect(chat.page.locator(".message.user .body").last).to_have_text("Danke!", timeout=SLOW)
    chat.page.locator("#menu-button").click()
    chat.page.locator(".item").last.click()
    chat.page.get_by_role("button", name=texts("de")["end_erase"]).click()
    expect(chat.page.get_by_text(texts("de")["erased"])).to_be_visible(timeout=SLOW)
    expect(second.page.locator(".ended")).to_be_visible(timeout=SLOW)
    assert second.problems == []


def test_conversation_goes_on_after_the_server_was_killed(chat: Chat, stack: Stack) -> None:
    begin(chat, stack, "de")
    answered(chat, "de")
    before = chat.messages()
    stack.kill("bot.server")
    expect(chat.page.get_by_text(texts("de")["offline"])).to_be_visible(timeout=SLOW)
    chat.say("Was kostet das?")
    chat.say("Danke schön")
    stack.run("bot.server")
    stack.wait()
    expect(chat.page.locator(".message.user.sent")).to_have_count(3, timeout=60_000)
    expect(chat.page.locator(".message.waiting")).to_have_count(0)
    # nothing lost, nothing twice, in order, and the answers after their questions
    assert chat.messages()[: len(before)] == before
    assert [text for text in chat.messages() if text in ("Was kostet das?", "Danke schön")] == [
        "Was kostet das?",
        "Danke schön",
    ]
    expect(chat.page.locator(".message.bot").last).to_contain_text("Gern geschehen", timeout=SLOW)


def test_phone_in_japanese(contexts: Contexts, stack: Stack) -> None:
    context = contexts(viewport={"width": 390, "height": 760}, has_touch=True, is_mobile=True, locale="ja-JP")
    chat = Chat(context.new_page())
    begin(chat, stack, "ja")
    chat.page.wait_for_timeout(300)
    assert chat.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 760}
    answered(chat, "ja")
    chat.axe("phone")
    assert chat.problems == []


def let_public_pages_reach_this_machine(chat: Chat) -> None:
    """Else the browser itself keeps a page of a public address from the tests' server, which is on this machine."""
    chat.page.context.grant_permissions(["local-network-access"])


def test_a_page_of_another_origin_is_refused(chat: Chat, stack: Stack) -> None:
    """The same machine under another port is another origin, and stands in no site."""
    page = (
        f'<!doctype html><html lang="en"><title>x</title><nrw-chat server="{stack.url}"></nrw-chat>'
        '<script type="module" src="/nrw-chat.js"></script>'
    )

    def serve(route: Route) -> None:
        if route.request.resource_type == "document":
            route.fulfill(content_type="text/html", body=page)
        elif route.request.resource_type != "script":
            route.fulfill(status=404)
        else:
            name = route.request.url.rsplit("/", 1)[1]
            route.fulfill(content_type="text/javascript", body=stack.get(f"/widget/{name}"))

    let_public_pages_reach_this_machine(chat)
    chat.page.route("https://other.example/**", serve)
    chat.page.goto("https://other.example/")
    told: list[str] = []
    chat.page.on("console", lambda message: told.append(message.text))
    chat.launcher.click()
    chat.page.locator(".foot .primary").click()
    expect(chat.page.get_by_text(texts("en")["offline"])).to_be_visible(timeout=SLOW)
    assert chat.page.locator(".message").count() == 0
    # by the server, not for want of a way to it
    assert any(f"{stack.url.split('/')[2]}/socket.io/" in words and "response code: 400" in words for words in told), (
        told
    )
    chat.problems.clear()  # the browser tells of the refused connection


def documented_policy(stack: Stack) -> str:
    """The policy of docs/embedding.md with the address of this assistant; everything else is forbidden."""
    text = (ROOT / "docs/embedding.md").read_text(encoding="utf-8")
    found = re.search(r"## Content-Security-Policy.*?```\n(.*?)```", text, re.DOTALL)
    assert found
    policy = found.group(1).replace("wss://assistant.example", stack.url.replace("http", "ws"))
    policy = policy.replace("https://assistant.example", stack.url).replace("\n", " ").strip()
    return f"default-src 'none'; {policy}; require-trusted-types-for 'script'; trusted-types lit-html dompurify"


def test_on_a_partner_s_page_under_the_documented_policy(chat: Chat, stack: Stack) -> None:
    """Another origin than the assistant's, known to it: talks, hands over, and leaves the page as it was."""
    site = get_sites().by_id["krefeld"]
    origin = site.origins[0]
    page = (
        '<!doctype html><html lang="en"><head><title>x</title></head><body><h1>Town</h1>'
        f'<nrw-chat></nrw-chat><script type="module" src="{stack.url}/widget/nrw-chat.js"></script></body></html>'
    )
    headers = {"Content-Security-Policy": documented_policy(stack)}

    def serve(route: Route) -> None:
        if route.request.resource_type == "document":
            route.fulfill(content_type="text/html", body=page, headers=headers)
        else:
            route.fulfill(status=404)

    chat.page.set_default_timeout(SLOW)
    let_public_pages_reach_this_machine(chat)
    chat.page.route(f"{origin}/**", serve)
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.page.on("websocket", lambda socket: asked.append(socket.url))
    chat.page.goto(f"{origin}/business?me=SECRET#here")
    chat.launcher.wait_for()
    assert [url for url in asked if not url.startswith(origin)] == [f"{stack.url}/widget/nrw-chat.js"]
    look = "() => [...document.querySelectorAll('body *')].map(each => [each.localName, each.id, each.className])"
    before = chat.page.evaluate(look)
    chat.launcher.click()
    chat.agree()
    answered(chat, "en")
    places = {url.split("/")[2] for url in asked if not url.startswith(origin)}
    assert places == {stack.url.split("/")[2]}
    assert chat.page.context.cookies() == []
    assert chat.page.evaluate(look) == before
    assert chat.page.evaluate("document.adoptedStyleSheets.length + document.styleSheets.length") == 0

    chat.page.locator(".choice.talk_to_person").last.click()
    chat.page.locator(".choice.affirm").click()
    chat.page.locator("form.handoff").wait_for()
    # the form may as well be filled by typing
    for entry in ("Hoshizora K.K.", "Example Person", "person@example.com", "+81 3 1234 5678", "Neuss", "Office for 4"):
        said = chat.page.locator(".message.bot").count()
        chat.say(entry)
        expect(chat.page.locator(".message.bot")).not_to_have_count(said, timeout=SLOW)
    summary = chat.page.locator(".message.bot > .body").last
    expect(summary).to_contain_text("person@example.com")
    expect(chat.page.locator("form.handoff")).to_have_count(0)
    number = sent(chat)
    case = CaseStore(stack.case_log).case(number)
    # without what follows the path: it may hold personal data
    assert (case.site, case.page_language, case.page_url) == (site.id, "en", f"{origin}/business")


def test_checklist_is_said_again_in_the_language_that_was_chosen(chat: Chat, stack: Stack) -> None:
    begin(chat, stack, "de")
    chat.say("Was muss ich alles tun?")
    checklist = chat.page.locator(".checklist")
    for number in range(6):
        question = chat.page.locator(".message.bot", has_text=f"Frage {number + 1} von 6").last
        question.locator(".choice:not([aria-disabled])").first.click()
    expect(checklist).to_have_count(1, timeout=SLOW)
    assert checklist.get_attribute("lang") == "de"
    steps = checklist.locator(".step").count()
    chat.page.locator("#menu-button").click()
    chat.page.locator(".menu .languages").get_by_role("button", name="日本語").click()
    expect(checklist).to_have_count(2, timeout=SLOW)
    again = checklist.last
    expect(again).to_have_attribute("lang", "ja")
    expect(again.locator(".step")).to_have_count(steps)
    chat.page.keyboard.press("Escape")
    with chat.page.expect_download() as download:
        again.get_by_role("button", name=texts("ja")["checklist_text"]).click()
    saved = download.value.path().read_text(encoding="utf-8")
    assert saved.count("[ ] ") == steps
    chat.axe("checklist")
