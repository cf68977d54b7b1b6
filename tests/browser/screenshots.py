"""``python -m tests.browser.screenshots [address]``: pictures of the widget's main states into ``docs/images``.

Light and dark, phone and desktop, in each language. The pictures are cut to few colours so that they stay small.
"""

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import CHROMIUM, FLAGS, LANGUAGES, QUESTION, ROOT, Chat, FakeServer, texts

IMAGES = ROOT / "docs" / "images"
DESKTOP = {"width": 1200, "height": 820}
PHONE = {"width": 390, "height": 800}


def shoot(page: Page, name: str) -> None:
    """Save what is visible, after movements have ended."""
    page.wait_for_timeout(500)
    page.mouse.move(0, 0)
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path)
    shrink(path)
    print(f"{path.relative_to(ROOT)}  {path.stat().st_size // 1024} KiB")


def shrink(path: Path) -> None:
    """A picture of an interface needs no more than 256 colours."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def answered(chat: Chat, language: str) -> None:
    """Ask a question and wait for its answer."""
    chat.say(QUESTION[language])
    chat.page.get_by_text(texts(language)["sources"], exact=True).wait_for()


def to_form(chat: Chat, language: str) -> None:
    """Go on to the form, and leave an entry out."""
    chat.page.locator(".choice.talk_to_person").last.click()
    chat.page.locator(".choice.affirm").last.click()
    form = chat.page.locator("form.handoff")
    form.wait_for()
    form.locator("#entry-company").fill("ほしぞら株式会社")
    form.locator("#entry-contact_name").fill("Hanako Yamamoto")
    form.locator("#entry-email").fill("hanako@example")
    form.locator("#entry-concern").fill("4名用のオフィスを探しています")
    form.locator("[type=submit]").click()
    form.locator(".error").first.wait_for()
    chat.page.wait_for_timeout(300)


def main() -> int:
    """Take all pictures. Returns 0."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    fake = None if len(sys.argv) > 1 else FakeServer.start()
    url = sys.argv[1].rstrip("/") if fake is None else fake.url
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for language in LANGUAGES:
                for scheme, size in (("light", DESKTOP), ("dark", DESKTOP), ("light", PHONE), ("dark", PHONE)):
                    phone = size is PHONE
                    context = browser.new_context(
                        viewport=size, color_scheme=scheme, has_touch=phone, is_mobile=phone, locale="de-DE"
                    )
                    chat = Chat(context.new_page())
                    name = f"{language}-{'phone' if phone else 'desktop'}-{scheme}"
                    chat.open(f"{url}/demo/{language}")
                    if not phone and scheme == "light":
                        shoot(chat.page, f"{name}-consent")
                    chat.agree()
                    answered(chat, language)
                    shoot(chat.page, f"{name}-answer")
                    if scheme == "light":
                        chat.page.locator(".origin").last.evaluate("element => element.scrollIntoView()")
                        shoot(chat.page, f"{name}-sources")
                        to_form(chat, language)
                        shoot(chat.page, f"{name}-form")
                    context.close()
            browser.close()
    finally:
        if fake is not None:
            fake.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
