"""Language of a message, and what it means for the reply."""

from typing import Any

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActiveLoop, SlotSet
from rasa.shared.core.slots import TextSlot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.language import LanguageRecognizer, detect, written_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wie melde ich ein Gewerbe an?", "de"),
        ("How do I register a trade?", "en"),
        ("営業の届出はどうすればよいですか", "ja"),
        ("GmbH setsuritsu no hiyou wa ikura desu ka", "ja"),
        ("GmbHを設立したい", "ja"),
        ("会社設立", "ja"),
        ("what is a Handelsregister?", "en"),
        ("Koennen Sie mir bitte helfen", "de"),
        ("gibt es foerderung fuer start-ups", "de"),
    ],
)
def test_detect(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["", "🙂", "GmbH", "ok", "40213", "...", "\u0000", "GmbH & Co. KG"])
def test_too_short_to_tell(text: str) -> None:
    assert detect(text) is None


@pytest.mark.parametrize("name", ["Köln", "Düsseldorf", "Mönchengladbach?", "München", "Zürich"])
def test_a_place_says_nothing_of_the_language(name: str) -> None:
    assert written_language(name) is None


def tracker(**slots: Any) -> DialogueStateTracker:
    names = ("language", "language_choice", "requested_slot")
    made = DialogueStateTracker.from_dict("test", [], [TextSlot(name, mappings=[{"type": "custom"}]) for name in names])
    for name, value in slots.items():
        made.update(SlotSet(name, value), Domain.empty())
    if slots.get("requested_slot"):
        made.update(ActiveLoop("handoff_form"), Domain.empty())
    return made


def reply_language(text: str, metadata: dict[str, Any] | None = None, **slots: Any) -> str:
    message = Message(data={"text": text, "metadata": metadata or {}})
    (processed,) = LanguageRecognizer().process([message], tracker(**slots))
    (entity,) = [each for each in processed.get("entities") if each["entity"] == "language"]
    assert entity["value"] == processed.get("reply_language")
    return str(processed.get("reply_language"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Trade tax in Düsseldorf or Krefeld?", "en"),
        ("Gewerbesteuer in Düsseldorf oder Krefeld?", "de"),
        ("Are there offices near Köln or Mönchengladbach?", "en"),
        ("Leverkusen no zeikin wa doko ga yasui desu ka", "ja"),
    ],
)
def test_places_say_nothing_of_the_language_of_a_sentence(text: str, language: str) -> None:
    assert written_language(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Do we have to keep the 総勘定元帳 for ten years?", "en"),
        ("Brauchen wir für die GmbH einen 監査役?", "de"),
        ("GmbH 監査役", "ja"),
        ("Do we have to keep the 総勘定元帳を", "ja"),
        ("kansayaku hitsuyou", "ja"),
        ("kaisha wo tsukuritai", "ja"),
        ("Wo ist das?", "de"),
    ],
)
def test_names_in_another_script_do_not_change_the_language(text: str, language: str) -> None:
    assert written_language(text) == language


@pytest.mark.parametrize("text", ["Hallo", "Visum", "Kita Krefeld", "Termin ABH Neuss", "Hebesatz Bochum"])
def test_german_keywords_are_german(text: str) -> None:
    assert written_language(text) == "de"


@pytest.mark.parametrize("text", ["im in Essen", "Und in Köln", "in Düsseldorf also"])
def test_a_place_and_little_else_keeps_the_language(text: str) -> None:
    for language in ("de", "en", "ja"):
        assert reply_language(text, language=language) == language


def test_order_of_what_counts() -> None:
    german = "Wie melde ich ein Gewerbe an?"
    assert reply_language(german) == "de"
    assert reply_language(german, {"page_language": "ja"}) == "de"
    assert reply_language(german, language="ja") == "de"
    assert reply_language(german, language="ja", language_choice="ja") == "ja"
    assert reply_language("GmbH", language="ja") == "ja"
    assert reply_language("GmbH", {"page_language": "de"}) == "de"
    assert reply_language("GmbH", {"page_language": "fr"}) == "en"
    assert reply_language("GmbH") == "en"


@pytest.mark.parametrize("slot", ["company", "contact_name", "email", "phone", "municipality"])
@pytest.mark.parametrize(
    "typed", ["Gesellschaft für schöne und gute Beispiele GmbH", "ほしぞら株式会社", "Wolfgang von der Heide"]
)
def test_an_entry_of_a_form_does_not_change_the_language(slot: str, typed: str) -> None:
    assert reply_language(typed, language="en", requested_slot=slot) == "en"


def test_a_question_in_a_form_may() -> None:
    assert reply_language("Wie hoch ist das Stammkapital einer GmbH?", language="en", requested_slot="company") == "de"


def test_what_a_button_sent_is_left_alone() -> None:
    (message,) = LanguageRecognizer().process([Message(data={"text": '/show_topic{"topic": "x"}'})], tracker())
    assert message.get("entities") is None
