"""The guided way as actions: what messages and buttons mean, and the checklist with the offices of the place."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

import actions.roadmap as guided
import actions.turn as turn_module
from actions.dialogue import ActionRepeat
from actions.roadmap_answers import asks_something, choice_of_intent, read_choice
from actions.roadmap_checklist import roadmap
from bot.knowledge.roadmap import QUESTIONS
from bot.languages import LANGUAGES
from bot.nlu.places import get_gazetteer
from bot.settings import PROJECT_ROOT
from cases.migrate import upgrade
from cases.store import CaseStore

DUESSELDORF, KREFELD, AACHEN = "05111000", "05114000", "05334002"
CASES = {
    "gmbh": {"presence": "gmbh", "movers": "transferees", "staff": "none", "place": DUESSELDORF},
    "branch": {"presence": "branch", "movers": "nobody", "staff": "few", "place": KREFELD, "goods": "import"},
    "research": {"presence": "research", "movers": "director", "staff": "none", "place": AACHEN},
}
# an office that only the local parts name, for each language
OFFICES = {
    ("gmbh", "de"): "Gewerbemeldestelle im Ordnungsamt",
    ("gmbh", "ja"): "デュッセルドルフ区裁判所",
    ("gmbh", "en"): "local court of Düsseldorf",
    ("branch", "de"): "Hauptzollamt Krefeld",
    ("branch", "ja"): "クレーフェルト中央税関",
    ("branch", "en"): "Hauptzollamt Krefeld",
    ("research", "de"): "Ausländeramt der StädteRegion Aachen",
    ("research", "ja"): "RWTH",
    ("research", "en"): "Bürgerservice of the city",
}


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CaseStore:
    url = f"sqlite:///{tmp_path / 'cases.db'}"
    upgrade(url)
    opened = CaseStore(url)
    monkeypatch.setattr(turn_module, "store", lambda: opened)
    monkeypatch.setattr(guided, "store", lambda: opened)
    return opened


def message(text: str = "", intent: str = "form_input", **entities: Any) -> dict[str, Any]:
    """A message as understanding hands it on: typed text with its places, or a button with its entities."""
    found = [{"entity": name, "value": value} for name, value in entities.items()]
    for place in get_gazetteer().find(text) if text else []:
        value = list(place.value) if place.entity == "place" else place.value[0]
        found.append({"entity": place.entity, "value": value})
    return {"text": text or f"/{intent}", "intent": {"name": intent}, "entities": found, "intent_ranking": []}


async def run(
    action: Any, latest: dict[str, Any], language: str = "de", **slots: Any
) -> tuple[dict[str, Any], list[Any]]:
    """Run an action; returns the slots it sets and what it says."""
    tracker = Tracker("conversation", {"language": language, **slots}, latest, [], False, None, {}, "action_listen")
    dispatcher = CollectingDispatcher()
    events = await action.run(dispatcher, tracker, {})
    return {event["name"]: event.get("value") for event in events}, dispatcher.messages


async def answer(latest: dict[str, Any], question: str = "presence", **slots: Any) -> tuple[dict[str, Any], list[Any]]:
    return await run(guided.ValidateRoadmapForm(), latest, requested_slot=f"roadmap_{question}", **slots)


def slots_of(answers: dict[str, str]) -> dict[str, str]:
    return {f"roadmap_{question}": choice for question, choice in answers.items()}


@pytest.mark.parametrize(
    ("question", "text", "choice"),
    [
        ("presence", "GmbH", "gmbh"),
        ("presence", "Wir wollen eine GmbH gründen", "gmbh"),
        ("presence", "ＧｍｂＨを設立します", "gmbh"),
        ("presence", "Niederlassung", "branch"),
        ("presence", "a branch office please", "branch"),
        ("presence", "駐在員事務所です", "office"),
        ("presence", "Forschungsprojekt mit der RWTH", "research"),
        ("presence", "まだ決まっていません", "unknown"),
        ("presence", "keine Ahnung", "unknown"),
        ("presence", "GmbH oder Zweigniederlassung", None),
        ("presence", "Guten Tag", None),
        ("movers", "niemand", "nobody"),
        ("movers", "zwei Entsandte", "transferees"),
        ("movers", "駐在員2人とその家族", "transferees_family"),
        ("movers", "der Geschäftsführer mit Frau und Kindern", "director_family"),
        ("movers", "Geschäftsführer und zwei Entsandte", "several"),
        ("movers", "meine Frau", None),
        ("movers", "駐在員とその家族", "transferees_family"),
        ("movers", "me and my family", "director_family"),
        ("movers", "engineers", "skilled"),
        ("staff", "3", "few"),
        ("staff", "12 Personen", "many"),
        ("staff", "１０人", "many"),
        ("staff", "0", "none"),
        ("staff", "fünf", "few"),
        ("staff", "5-12", "few"),
        ("permit", "wir eröffnen ein Restaurant", "food"),
        ("permit", "警備会社です", "security"),
        ("permit", "nein", "none"),
        ("permit", "something else", "unknown"),
        ("goods", "はい", "import"),
        ("goods", "no warehouse", "none"),
        ("goods", "wir brauchen ein Lager", "import"),
        ("goods", "kein Import", "none"),
        ("goods", "Lagerfeuer", None),
    ],
)
def test_typed_answers(question, text, choice):
    assert read_choice(text, roadmap().questions[question], roadmap()) == choice


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_label_typed_is_its_choice(question, language):
    asked = roadmap().questions[question]
    for key, choice in asked.choices.items():
        assert read_choice(choice.label[language], asked, roadmap()) == key


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Was kostet eine GmbH", True),
        ("Brauchen wir dafür ein Visum?", True),
        ("GmbHの資本金はいくらですか", True),
        ("how long does it take", True),
        ("GmbH?", False),
        ("Eine GmbH in Köln", False),
        ("まだ分かりません", False),
    ],
)
def test_questions_are_told_from_answers(text, asks):
    assert asks_something(text, roadmap()) is asks


def test_plain_yes_and_no():
    assert choice_of_intent("affirm", roadmap().questions["goods"]) == "import"
    assert choice_of_intent("deny", roadmap().questions["movers"]) == "nobody"
    assert choice_of_intent("affirm", roadmap().questions["movers"]) is None


async def test_a_button_answers_its_question():
    slots, said = await answer(message(intent="answer_roadmap", question="presence", choice="branch"))
    assert (slots, said) == ({"roadmap_presence": "branch"}, [])


async def test_a_button_of_an_earlier_question_corrects_it():
    slots, _ = await answer(message(intent="answer_roadmap", question="presence", choice="gmbh"), "goods")
    assert slots == {"roadmap_presence": "gmbh"}


@pytest.mark.parametrize("choice", ["nothing", "05111000", "None"])
async def test_a_button_with_an_unknown_choice_asks_again(choice):
    slots, _ = await answer(message(intent="answer_roadmap", question="presence", choice=choice))
    assert slots == {"roadmap_presence": None}


async def test_skip_and_cancel():
    assert (await answer(message(intent="skip"), "staff"))[0] == {"roadmap_staff": "unknown"}
    slots, _ = await answer(message(intent="cancel"), "staff")
    assert slots == {"roadmap_end": "cancelled", "roadmap_staff": None, "requested_slot": None}


async def test_a_bare_number_is_an_answer():
    assert (await answer(message("3", "unreadable"), "staff"))[0] == {"roadmap_staff": "few"}
    assert (await answer(message("…", "unreadable"), "staff"))[0] == {"roadmap_staff": None}


async def test_a_typed_place():
    slots, _ = await answer(message("in Krefeld"), "place")
    assert slots == {"roadmap_place": KREFELD, "place": {"ags": KREFELD, "region": None}}


async def test_a_place_outside_is_said_to_be_so():
    slots, said = await answer(message("München"), "place")
    assert slots == {"roadmap_place": None}
    assert said[0]["response"] == "utter_outside"


async def test_a_place_named_with_another_answer_is_not_asked_for_again():
    slots, _ = await answer(message("Eine GmbH in Düsseldorf"))
    assert (slots["roadmap_presence"], slots["roadmap_place"]) == ("gmbh", DUESSELDORF)


async def test_what_is_no_answer_is_said_to_be_none():
    slots, said = await answer(message("qwertz"))
    assert slots == {"roadmap_presence": None}
    assert said[0]["response"] == "utter_roadmap_invalid"


@pytest.mark.parametrize("intent", ["show_topic", "privacy", "set_language", "talk_to_person", "delete_data", "menu"])
async def test_what_rules_answer_is_left_to_them(intent):
    assert await answer(message(intent=intent)) == ({}, [])


async def test_a_clear_question_in_the_middle_is_left_to_the_rule_for_topics():
    latest = message("Was kostet die Gründung einer GmbH?", "company")
    latest["response_selector"] = {"company": {"response": {"intent_response_key": "company/formation_cost_time"}}}
    assert await answer(latest) == ({}, [])


async def test_an_unclear_question_in_the_middle_is_met_with_suggestions():
    latest = message("Was kostet denn das alles mit der GmbH?")
    latest["intent_ranking"] = [{"name": "company/formation_cost_time", "confidence": 0.4}]
    slots, said = await answer(latest)
    assert slots == {"roadmap_presence": None}
    assert said[0]["response"] == "utter_suggest_one"


async def test_typed_wish_for_a_person_ends_the_form():
    latest = message("Ich möchte mit einem Menschen sprechen")
    latest["intent_ranking"] = [{"name": "talk_to_person", "confidence": 0.9}]
    slots, _ = await answer(latest)
    assert slots["roadmap_end"] == "person"


async def test_the_start_forgets_old_answers_and_keeps_a_known_place():
    slots, _ = await run(
        guided.ActionStartRoadmap(), message(intent="roadmap"), place={"ags": KREFELD}, roadmap_presence="gmbh"
    )
    assert slots["roadmap_presence"] is None
    assert slots["roadmap_place"] == KREFELD


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("question", QUESTIONS)
async def test_each_question_is_asked_in_each_language(question, language):
    action = next(each for each in guided._AskQuestion.__subclasses__() if each.question == question)()
    _, said = await run(action, message(), language)
    assert roadmap().questions[question].text[language] in said[0]["text"]
    assert [button["title"] for button in said[0]["buttons"]][-1] == {
        "de": "Abbrechen",
        "ja": "中止する",
        "en": "Cancel",
    }[language]
    assert said[0]["custom"]["field"] == question


def test_every_action_is_known_to_the_domain():
    domain = yaml.safe_load((PROJECT_ROOT / "domain.yml").read_text(encoding="utf-8"))
    named = {each().name() for each in guided._AskQuestion.__subclasses__()}
    named |= {"action_start_roadmap", "validate_roadmap_form", "action_show_roadmap"}
    assert named <= set(domain["actions"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
async def test_checklist(case, language, store):
    slots, said = await run(guided.ActionShowRoadmap(), message(), language, **slots_of(CASES[case]))
    text, checklist = said[0]["text"], said[0]["custom"]
    assert checklist["type"] == "checklist"
    assert checklist["language"] == language
    assert OFFICES[case, language] in text
    assert all(item["title"] and item["when"] and item["office"] and item["topic"] for item in checklist["items"])
    assert "{" not in text
    assert "\n1. **" in text
    assert f"\n{len(checklist['items'])}. **" in text
    assert said[1]["custom"]["type"] == "suggestions"
    assert slots["last_turn"] == {"kind": "roadmap"}
    kept = store.open_case("conversation").checklist
    assert {name: kept[name] for name in checklist} == checklist
    # by these staff read it in their own language
    assert kept["choices"]["presence"] == CASES[case].get("presence", "unknown")
    assert [roadmap().steps[key].topic for key in kept["steps"]] == [item["topic"] for item in checklist["items"]]


async def test_nothing_is_kept_of_a_cancelled_form(store):
    slots, said = await run(guided.ActionShowRoadmap(), message(), roadmap_end="cancelled", roadmap_presence="gmbh")
    assert said[0]["response"] == "utter_roadmap_cancelled"
    assert slots["roadmap_presence"] is None
    assert store.open_case("conversation") is None


async def test_a_button_after_the_end_corrects_the_checklist():
    latest = message(intent="answer_roadmap", question="presence", choice="branch")
    slots, said = await run(guided.ActionShowRoadmap(), latest, **slots_of(CASES["gmbh"]))
    assert slots["roadmap_presence"] == "branch"
    assert "company/branch_office" in {item["topic"] for item in said[0]["custom"]["items"]}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("intent", ["repeat", "set_language"])
async def test_the_checklist_is_said_again_in_the_language_of_now(intent, language):
    before = "ja" if language == "de" else "de"
    answers = slots_of(CASES["branch"])
    shown, first = await run(guided.ActionShowRoadmap(), message(), before, **answers)
    wish = message(intent=intent, language_choice=language)
    _, said = await run(ActionRepeat(), wish, language, **answers, last_turn=shown["last_turn"])
    _, direct = await run(guided.ActionShowRoadmap(), message(), language, **answers)
    assert said == direct
    topics = [[item["topic"] for item in each[0]["custom"]["items"]] for each in (first, said)]
    assert topics[0] == topics[1]


async def test_answers_of_a_cancelled_form_are_not_said_again():
    shown, _ = await run(guided.ActionShowRoadmap(), message(), **slots_of(CASES["gmbh"]))
    emptied, _ = await run(guided.ActionShowRoadmap(), message(), roadmap_end="cancelled", **slots_of(CASES["gmbh"]))
    _, said = await run(ActionRepeat(), message(intent="repeat"), **{**shown, **emptied})
    assert [each["response"] for each in said] == ["utter_nothing_to_repeat"]
