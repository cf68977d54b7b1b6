"""WCAG 2.2 AA: axe-core on every state, keyboard alone, announcements, zoom, phones, forced colours, motion."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LANGUAGES, QUESTION, Chat, Contexts, FakeServer, texts

pytestmark = pytest.mark.browser


def focused(chat: Chat) -> str:
    """What has the focus, through shadow roots."""
    found: str = chat.page.evaluate(
        """() => { let at = document.activeElement;
        while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
        return at?.id || at?.className || at?.tagName; }"""
    )
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_state(contexts: Contexts, fake: FakeServer, language: str, scheme: str) -> None:
    words = texts(language)
    chat = Chat(contexts(color_scheme=scheme).new_page())
    chat.page.goto(f"{fake.url}/demo/{language}?privacy-url=/demo/{language}")
    chat.launcher.wait_for()
    chat.axe("launcher")
    chat.launcher.click()
    chat.axe("consent")
    chat.agree()
    chat.axe("greeting")
    chat.say(QUESTION[language])
    expect(chat.page.get_by_text(words["sources"], exact=True)).to_be_visible()
    chat.axe("answer")
    chat.page.locator(".choice.feedback").first.click()
    expect(chat.page.locator(".message.bot > .body")).to_have_count(4)
    chat.axe("feedback given")
    chat.say({"de": "Liste", "ja": "リスト", "en": "list"}[language])
    expect(chat.page.locator(".checklist")).to_be_visible()
    chat.axe("checklist")
    chat.page.locator("#menu-button").click()
    chat.page.locator(".item").nth(1).click()
    chat.axe("menu and privacy note")
    chat.page.locator(".item").last.click()
    chat.axe("question before the end")
    chat.page.keyboard.press("Escape")
    chat.page.context.set_offline(True)
    fake.control(kill=True)
    expect(chat.page.get_by_text(words["offline"])).to_be_visible()
    chat.say("?")
    chat.axe("offline")
    assert chat.problems == []


def test_keyboard_alone(chat: Chat, fake: FakeServer) -> None:
    words = texts("en")
    keys = chat.page.keyboard
    chat.page.goto(f"{fake.url}/demo/en")
    chat.launcher.wait_for()
    for _ in range(4):  # the page's three links, then the launcher
        keys.press("Tab")
    keys.press("Enter")
    expect(chat.page.locator("#start")).to_be_focused()
    for _ in range(2):
        keys.press("Tab")
        if "primary" in focused(chat):
            break
    keys.press("Enter")
    expect(chat.input).to_be_focused()
    keys.type("How do I found a GmbH?")
    keys.press("Enter")
    expect(chat.page.get_by_text(words["sources"], exact=True)).to_be_visible()
    expect(chat.input).to_be_focused()
    for _ in range(12):
        keys.press("Shift+Tab")
        if "talk_to_person" in focused(chat):
            break
    keys.press("Space")
    expect(chat.page.locator(".choice.affirm")).to_be_visible()
    # the pressed button keeps the focus: nobody is thrown back to the beginning
    assert "talk_to_person" in focused(chat)
    # no trap: Tab leads out of the chat and back to the page
    chat.input.focus()
    for _ in range(4):
        keys.press("Tab")
    assert chat.page.evaluate("document.activeElement.localName") != "nrw-chat"
    chat.input.focus()
    keys.press("Escape")
    expect(chat.panel).to_be_hidden()
    expect(chat.launcher).to_be_focused()
    keys.press("Enter")
    expect(chat.input).to_be_focused()


def test_finished_messages_are_announced_and_history_is_not(chat: Chat, fake: FakeServer) -> None:
    chat.open(f"{fake.url}/demo/de").agree()
    expect(chat.log).to_have_attribute("aria-live", "polite")
    expect(chat.log).to_have_attribute("aria-relevant", "additions")
    # a change of state, or a new word of the interface, adds no node to the log
    chat.page.evaluate(
        """() => { window.added = []; const log = document.querySelector('nrw-chat').shadowRoot
        .querySelector('nrw-chat-panel').shadowRoot.querySelector('[role=log]');
        new MutationObserver(all => all.forEach(each => each.addedNodes.forEach(node => node.nodeType === 1 &&
        window.added.push(node.className)))).observe(log, {childList: true, subtree: true}); }"""
    )
    chat.say("Wetter")
    expect(chat.page.locator(".message.bot")).to_have_count(2)
    added = chat.page.evaluate("window.added.filter(name => name.startsWith('message'))")
    assert [name.split()[1] for name in added] == ["user", "bot"]

    replay = Chat(chat.page)
    # notes how the log is announced at the moment in which the first message of the history is put into it
    replay.page.add_init_script(
        """window.live = []; const attach = Element.prototype.attachShadow;
        Element.prototype.attachShadow = function (options) { const root = attach.call(this, options);
        const note = () => { const log = root.querySelector('[role=log]');
        if (log?.querySelector('.message')) window.live.push(log.getAttribute('aria-live')); };
        if (this.localName === 'nrw-chat-panel') new MutationObserver(note).observe(root,
        {childList: true, subtree: true}); return root; }"""
    )
    replay.page.reload()
    expect(chat.page.locator(".message.bot")).to_have_count(2)
    expect(chat.log).to_have_attribute("aria-live", "polite")
    assert chat.page.evaluate("window.live[0]") == "off"


@pytest.mark.parametrize("size", [(640, 512), (320, 256)], ids=["200 %", "400 %"])
def test_zoom(contexts: Contexts, fake: FakeServer, size: tuple[int, int]) -> None:
    """A window of 1280 x 1024 at 200 and 400 % (WCAG 2.2, 1.4.10 reflow): nothing cut off, nothing scrolls sideways."""
    width, height = size
    chat = Chat(contexts(viewport={"width": width, "height": height}, device_scale_factor=1280 / width).new_page())
    chat.open(f"{fake.url}/demo/de").agree()
    chat.say(QUESTION["de"])
    chat.page.locator(".choice.talk_to_person").last.scroll_into_view_if_needed()
    chat.page.locator(".choice.talk_to_person").last.click()
    chat.page.locator(".choice.affirm").click()
    chat.page.locator("#entry-concern").scroll_into_view_if_needed()
    chat.page.locator("#entry-concern").fill("Büro für vier Personen")
    expect(chat.page.locator("#entry-concern")).to_be_in_viewport()
    sideways = chat.page.evaluate(
        """() => { const panel = document.querySelector('nrw-chat').shadowRoot.querySelector('nrw-chat-panel');
        return [...panel.shadowRoot.querySelectorAll('*')].filter(each => each.scrollWidth > each.clientWidth + 1 &&
        each.clientWidth > 1 && !each.closest('.sr') && each.localName !== 'svg' &&
        getComputedStyle(each).display !== 'inline')
        .map(each => each.className + ' ' + each.scrollWidth + '>' + each.clientWidth); }"""
    )
    assert sideways == []
    expect(chat.input).to_be_in_viewport()
    chat.axe(f"zoom {width}")


def test_text_spacing_and_large_text(chat: Chat, fake: FakeServer) -> None:
    """Letters twice as large by the browser's own setting, and spacing as in WCAG 2.2, 1.4.12."""
    chat.page.goto(f"{fake.url}/demo/de")
    chat.page.evaluate(
        """() => { const sheet = new CSSStyleSheet();
        sheet.replaceSync('html { font-size: 200%; letter-spacing: .12em }');
        document.adoptedStyleSheets = [sheet]; }"""
    )
    chat.launcher.click()
    chat.agree().say(QUESTION["de"])
    expect(chat.page.locator(".message.bot").last).to_be_visible()
    expect(chat.input).to_be_in_viewport()
    size = chat.page.locator(".message > .body").first.evaluate("each => parseFloat(getComputedStyle(each).fontSize)")
    assert size >= 32
    chat.axe("large text")


def test_phone_is_a_sheet_over_the_whole_screen(contexts: Contexts, fake: FakeServer) -> None:
    context = contexts(viewport={"width": 390, "height": 760}, has_touch=True, is_mobile=True, device_scale_factor=2)
    chat = Chat(context.new_page())
    chat.open(f"{fake.url}/demo/ja")
    chat.page.wait_for_timeout(300)  # the opening movement
    assert chat.panel.bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 760}
    chat.axe("phone, consent")
    chat.agree()
    # the keyboard would hide the greeting
    assert focused(chat) == "heading"
    chat.say(QUESTION["ja"])
    expect(chat.page.locator(".choice.feedback").first).to_be_visible()
    chat.axe("phone, answer")
    small = chat.panel.evaluate(
        """panel => [...panel.querySelectorAll('button, input, textarea')].map(each => [each.className || each.id,
        each.getBoundingClientRect()]).filter(([, box]) => box.width && (box.width < 24 || box.height < 40))"""
    )
    assert small == []
    # the virtual keyboard takes the lower half: the sheet ends above it
    chat.page.evaluate(
        """() => { for (const [name, value] of [['height', 380], ['offsetTop', 0], ['scale', 1]])
        Object.defineProperty(visualViewport, name, {get: () => value, configurable: true});
        visualViewport.dispatchEvent(new Event('resize')); }"""
    )
    box = chat.input.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 380
    chat.page.keyboard.press("Escape")
    expect(chat.panel).to_be_hidden()
    chat.page.reload()
    # on a phone it would hide the next page: it waits behind its button
    expect(chat.launcher).to_be_visible()
    expect(chat.panel).to_have_count(0)
    chat.launcher.click()
    expect(chat.page.locator(".message")).not_to_have_count(0)
    assert chat.problems == []


def test_forced_colours_and_reduced_motion(contexts: Contexts, fake: FakeServer) -> None:
    chat = Chat(contexts(forced_colors="active", reduced_motion="reduce").new_page())
    chat.open(f"{fake.url}/demo/en").agree()
    chat.say(QUESTION["en"])
    expect(chat.page.locator(".choice.feedback").first).to_be_visible()
    assert chat.panel.evaluate("each => getComputedStyle(each).animationName") == "none"
    assert chat.page.locator(".scroll").evaluate("each => getComputedStyle(each).scrollBehavior") == "auto"
    for selector in (".choice", "#message", ".send", ".message.user > .body", ".message.bot > .body"):
        border = chat.page.locator(selector).first.evaluate("each => getComputedStyle(each).borderTopWidth")
        assert border != "0px", selector
    chat.axe("forced colours")
