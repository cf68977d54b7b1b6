"""The importer with Rasa itself: what reaches the domain, and that an edited answer reaches the next model."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.model_training import train
from rasa.shared.importers.importer import TrainingDataImporter

from bot.knowledge.importer import KnowledgeImporter

# what Rasa and the libraries beneath it say on every run
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:the load_module\(\) method is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings(r"ignore:.*Slot auto-fill has been removed in 3\.0:UserWarning"),
]

WORDING = {
    "responses": {
        "utter_greet": {
            "text": {"de": "Hallo {name}", "ja": "こんにちは、{name}さん", "en": "Hello {name}"},
            "buttons": [{"title": {"de": "Menü", "ja": "メニュー", "en": "Menu"}, "payload": "/menu"}],
            "custom": {"type": "smalltalk", "name": "greet"},
        }
    },
    "texts": {"apology": {"de": "Pardon", "ja": "失礼しました", "en": "Sorry"}},
}
SLOT = {"type": "text", "influence_conversation": False}
DOMAIN = {
    "version": "3.1",
    "intents": ["greet"],
    "actions": ["action_answer"],
    "slots": {name: {**SLOT, "mappings": [{"type": "custom"}]} for name in ("language", "name")},
}
RULES = {
    "version": "3.1",
    "rules": [
        {"rule": "greet", "steps": [{"intent": "greet"}, {"action": "utter_greet"}]},
        {"rule": "answer", "steps": [{"intent": "tax"}, {"action": "action_answer"}]},
    ],
}


@pytest.fixture
def project(folder, tmp_path, monkeypatch) -> Path:
    """A project that Rasa can train in a moment, with the current folder in it."""
    data = folder.write()
    folder.dump("responses/chat.yml", WORDING)
    folder.dump("rules/rules.yml", RULES)
    for language in ("de", "ja", "en"):
        entry = {"intent": "greet", "examples": "- hello\n- good day\n"}
        folder.dump(f"nlu/{language}/chat.yml", {"version": "3.1", "nlu": [entry]})
    config = {
        "recipe": "default.v1",
        "language": "de",
        "assistant_id": "test",
        "importers": [{"name": "bot.knowledge.importer.KnowledgeImporter", "data_dir": str(data)}],
        "pipeline": [{"name": "KeywordIntentClassifier"}],
        "policies": [{"name": "RulePolicy"}],
    }
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (tmp_path / "domain.yml").write_text(yaml.safe_dump(DOMAIN), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def importer() -> TrainingDataImporter:
    return TrainingDataImporter.load_from_config("config.yml", "domain.yml", ["data"])


def said(responses: dict[str, Any], response: str, /, **slots: str | None) -> dict[str, Any] | None:
    """What Rasa's own generator makes of a response."""
    return TemplatedNaturalLanguageGenerator(responses).generate_from_slots(response, slots, "rest")


@pytest.mark.usefixtures("project")
def test_an_answer_is_said_in_the_users_language():
    responses = importer().get_domain().responses
    for language, start in {"de": "Es kostet", "ja": "費用は", "en": "It costs"}.items():
        assert said(responses, "utter_company/share_capital", language=language)["text"].startswith(start)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("slots", [{}, {"language": None}, {"language": "fr"}])
def test_without_a_language_the_answer_is_english(slots):
    responses = importer().get_domain().responses
    assert said(responses, "utter_tax/vat", **slots)["text"].startswith("It costs")


@pytest.mark.usefixtures("project")
def test_wording_brings_buttons_and_the_custom_message_with_its_language():
    responses = importer().get_domain().responses
    greeting = said(responses, "utter_greet", language="ja", name="青木")
    assert greeting["text"] == "こんにちは、青木さん"
    assert greeting["buttons"] == [{"title": "メニュー", "payload": "/menu"}]
    assert greeting["custom"] == {"type": "smalltalk", "name": "greet", "language": "ja"}
    assert said(responses, "utter_greet", name="A")["custom"]["language"] == "en"


@pytest.mark.usefixtures("project")
def test_areas_with_phrases_are_intents_and_rules_may_use_them():
    loaded = importer()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert {"company", "tax", "greet"} <= set(loaded.get_domain().intents)
        assert len(loaded.get_stories().story_steps) == 2
    assert not [each for each in caught if "duplicated" in str(each.message) or "not listed" in str(each.message)]
    assert loaded.get_nlu_data().retrieval_intents == {"company", "tax"}


def test_answers_without_phrases_do_no_harm(folder, project):
    folder.phrases.clear()
    for path in (project / "data" / "nlu").glob("*/company.yml"):
        path.unlink()
    loaded = importer()
    assert "utter_company/share_capital" in loaded.get_domain().responses
    assert "company" not in loaded.get_domain().intents
    loaded.get_nlu_data().validate()


def test_a_broken_record_is_left_out_and_logged(folder, project, caplog):
    del folder.record("tax/vat")["text"]["ja"]
    folder.write()
    responses = importer().get_domain().responses
    assert "utter_tax/vat" not in responses
    assert "utter_tax/trade_tax" in responses
    assert "Left out: knowledge/tax.yml" in caplog.text


@pytest.mark.parametrize("paths", ["data", ["data"], ["data/nlu", "data/rules"]])
def test_rasa_reads_only_what_is_in_its_form(project, paths):
    loaded = KnowledgeImporter("config.yml", "domain.yml", paths, data_dir=str(project / "data"))
    assert len(loaded.get_nlu_data().intent_examples) > 0
    assert len(loaded.get_stories().story_steps) == 2
    assert not loaded.get_nlu_data().responses


def test_an_edited_answer_reaches_the_next_model(folder, project, tmp_path):
    def texts_of_model(name: str) -> str:
        model = train("domain.yml", "config.yml", ["data"], output="models", fixed_model_name=name).model
        _, metadata = LocalModelStorage.from_model_archive(tmp_path / f"unpacked-{name}", model)
        return str(metadata.domain.responses["utter_tax/vat"])

    with warnings.catch_warnings():
        # Rasa warns of topics without response selector, which the project replaces
        warnings.simplefilter("ignore")
        for name in ("unpacked-first", "unpacked-second"):
            (tmp_path / name).mkdir()
        assert "It costs nothing." not in texts_of_model("first")
        folder.record("tax/vat")["text"]["en"] = "It costs nothing."
        folder.write()
        assert "It costs nothing." in texts_of_model("second")
