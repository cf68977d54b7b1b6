"""The way to a person: consent, the form with its errors, the person's reply arriving live."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LANGUAGES, Chat, FakeServer, texts

pytestmark = pytest.mark.browser

ASK = {
    "de": "Ich möchte mit einem Menschen sprechen",
    "ja": "担当者に相談したいです",
    "en": "I want to talk to a person",
}


def to_form(chat: Chat, fake: FakeServer, language: str) -> None:
    chat.open(f"{fake.url}/demo/{language}").agree()
    chat.say(ASK[language])
    chat.page.locator(".choice.affirm").click()
    chat.page.locator("form.handoff").wait_for()


@pytest.mark.parametrize("language", LANGUAGES)
def test_form_with_errors_then_submitted_then_a_person_replies(chat: Chat, fake: FakeServer, language: str) -> None:
    words = texts(language)
    to_form(chat, fake, language)
    form = chat.page.get_by_role("form", name=words["form_title"])
    expect(form.get_by_label(words["form_concern"])).not_to_have_value("")
    form.get_by_role("button", name=words["form_send"]).click()
    # what can be told at once, without the server
    expect(form.get_by_role("alert")).to_have_text(words["form_errors"].replace("{count}", "3"))
    expect(form.get_by_label(words["form_company"])).to_be_focused()
    expect(form.get_by_label(words["form_company"])).to_have_attribute("aria-invalid", "true")
    chat.axe(f"form with missing entries {language}")

    form.get_by_label(words["form_company"]).fill("ほしぞら株式会社")
    form.get_by_label(words["form_contact_name"]).fill("山本 花子")
    form.get_by_label(words["form_email"]).fill("hanako")
    form.get_by_role("button", name=words["form_send"]).click()
    # what only the server can tell, beside its entry; what was entered is still there
    email = form.get_by_label(words["form_email"])
    expect(form.locator("#entry-email-error")).to_contain_text("name@example.com")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-describedby", "entry-email-error")
    expect(form.get_by_label(words["form_company"])).to_have_value("ほしぞら株式会社")
    chat.axe(f"form with errors {language}")

    email.fill("hanako@example.jp")
    form.get_by_role("button", name=words["form_send"]).click()
    expect(chat.page.locator("form.handoff")).to_have_count(0)
    expect(chat.page.locator(".message.bot > .body").last).to_contain_text("hanako@example.jp")
    # the log of the user shows that the form was sent, not what was in it
    assert chat.page.locator(".message.user > .body").last.inner_text() == words["form_sent"]
    chat.page.locator(".choice.affirm").last.click()
    expect(chat.page.locator(".message.bot > .body").last).to_contain_text("NRW-7K3M-94")
    assert "hanako@example.jp" not in chat.page.evaluate("JSON.stringify([localStorage, sessionStorage])")

    fake.control(typing=True)
    expect(chat.page.get_by_text(words["typing_person"])).to_be_visible()
    fake.control(staff="Guten Tag, hier ist **Krefeld**.")
    expect(chat.page.locator(".message.person .name")).to_contain_text(words["speaker_person"])
    expect(chat.page.locator(".message.person .body strong")).to_have_text("Krefeld")
    expect(chat.page.get_by_text(words["with_person"])).to_be_visible()
    chat.axe(f"with a person {language}")
    chat.input.press_sequentially("Danke")
    assert ["typing", {"on": True}] in fake.control(log=True)["arrived"]


def test_form_can_be_answered_by_typing_and_stopped(chat: Chat, fake: FakeServer) -> None:
    to_form(chat, fake, "de")
    chat.page.locator("#entry-company").fill("Musterwerk")
    chat.page.locator(".choice.cancel").last.click()
    expect(chat.page.locator("form.handoff")).to_have_count(0)
    # begun anew, the form does not remember what was given up
    chat.say("doch mit einem Menschen")
    chat.page.locator(".choice.affirm:not([aria-disabled])").click()
    expect(chat.page.locator("#entry-company")).to_have_value("")


def test_form_keeps_its_entries_offline(chat: Chat, fake: FakeServer) -> None:
    to_form(chat, fake, "de")
    for name, value in (("company", "Musterwerk"), ("contact_name", "Hanako"), ("email", "hanako@example.jp")):
        chat.page.locator(f"#entry-{name}").fill(value)
    chat.page.context.set_offline(True)
    fake.control(kill=True)
    expect(chat.page.get_by_text(texts("de")["offline"])).to_be_visible()
    chat.page.locator("form.handoff .primary").click()
    expect(chat.page.get_by_text(texts("de")["form_offline"])).to_be_visible()
    chat.page.context.set_offline(False)
    expect(chat.page.get_by_text(texts("de")["online_again"])).to_be_visible(timeout=20_000)
    chat.page.locator("form.handoff .primary").click()
    expect(chat.page.locator(".message.bot > .body").last).to_contain_text("Musterwerk")
