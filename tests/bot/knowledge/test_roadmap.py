"""The guided way: which steps hold for which answers, in which order, and what the check refuses."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.knowledge.glossary import Glossary, load_glossary
from bot.knowledge.loader import load_knowledge
from bot.knowledge.roadmap import QUESTIONS, Roadmap, first_sentence, load_roadmap
from bot.knowledge.roadmap_check import roadmap_problems
from bot.knowledge.yamlfile import read_yaml
from bot.settings import PROJECT_ROOT

DATA = PROJECT_ROOT / "data"
KNOWLEDGE = load_knowledge(DATA)

GMBH_WITH_TRANSFEREES = {
    "presence": "gmbh",
    "movers": "transferees",
    "staff": "none",
    "permit": "none",
    "goods": "none",
}
BRANCH_WITH_WAREHOUSE = {"presence": "branch", "movers": "nobody", "staff": "few", "permit": "none", "goods": "import"}
RESEARCHING_FOUNDER = {
    "presence": "research",
    "movers": "director",
    "staff": "none",
    "permit": "none",
    "goods": "none",
}
CASES = {
    "gmbh": (
        GMBH_WITH_TRANSFEREES,
        {
            "notary",
            "capital",
            "register_gmbh",
            "transparency",
            "trade_registration",
            "tax_registration",
            "residence_transferees",
            "japan_certificate",
            "address",
            "residence_application",
            "accident_insurance",
            "establishment_number",
            "payroll",
        },
        {"branch_register", "eori", "recruiting", "schools", "research_contract"},
    ),
    "branch": (
        BRANCH_WITH_WAREHOUSE,
        {
            "branch_register",
            "account_japan",
            "trade_registration",
            "tax_registration",
            "warehouse",
            "eori_branch",
            "preference",
            "product_rules",
            "packaging",
            "recruiting",
        },
        {"notary", "capital", "transparency", "eori", "residence_application", "housing"},
    ),
    "research": (
        RESEARCHING_FOUNDER,
        {
            "research_outline",
            "research_secrecy",
            "research_ip",
            "research_funding",
            "research_contract",
            "residence_founder",
            "address",
            "health",
            "residence_application",
        },
        {"notary", "trade_registration", "tax_registration", "accident_insurance", "residence_director"},
    ),
}


@pytest.fixture(scope="module")
def roadmap() -> Roadmap:
    return load_roadmap(DATA)


@pytest.fixture
def problems_of(tmp_path: Path) -> Callable[..., list[str]]:
    """Change the project's roadmap and return what the check says, as text."""

    def change(edit: Callable[[dict[str, Any]], object]) -> list[str]:
        file, _ = read_yaml(DATA / "roadmap.yml", "roadmap.yml")
        assert file is not None
        content = copy.deepcopy(file.data)
        edit(content)
        (tmp_path / "roadmap.yml").write_text(
            yaml.dump(content, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False), "utf-8"
        )
        return [str(problem) for problem in roadmap_problems(tmp_path, KNOWLEDGE, KNOWLEDGE, Glossary())]

    return change


@pytest.mark.parametrize("case", CASES)
def test_checklist_of_a_case(roadmap, case):
    answers, there, absent = CASES[case]
    keys = [step.key for step in roadmap.checklist(answers)]
    assert there <= set(keys)
    assert not absent & set(keys)


@pytest.mark.parametrize("case", CASES)
def test_each_step_stands_behind_those_it_waits_for(roadmap, case):
    steps = roadmap.checklist(CASES[case][0])
    place = {step.key: number for number, step in enumerate(steps)}
    for step in steps:
        assert all(place[key] < place[step.key] for key in step.after if key in place), step.key


@pytest.mark.parametrize(
    ("case", "order"),
    [
        # the tax ID follows the registration of the address, and nobody works without the title
        ("gmbh", ["notary", "capital", "register_gmbh", "trade_registration", "tax_registration"]),
        ("gmbh", ["housing", "address", "residence_application", "payroll", "payroll_transferees"]),
        ("branch", ["warehouse", "branch_register", "trade_registration", "tax_registration", "eori_branch"]),
        ("branch", ["recruiting", "establishment_number", "payroll"]),
        ("research", ["research_secrecy", "research_contract", "residence_application", "research_company"]),
    ],
)
def test_the_order_of_real_life(roadmap, case, order):
    keys = [step.key for step in roadmap.checklist(CASES[case][0])]
    assert [key for key in keys if key in order] == order


def test_every_combination_of_answers_has_a_checklist(roadmap):
    choices = {key: [*question.choices, None] for key, question in roadmap.questions.items()}
    for presence in choices["presence"]:
        for movers in choices["movers"]:
            for goods in choices["goods"]:
                steps = roadmap.checklist({"presence": presence, "movers": movers, "goods": goods})
                assert steps[0].key == "network"
                assert len(steps) >= 5


def test_skipping_everything_shows_the_steps_most_forms_share(roadmap):
    keys = [step.key for step in roadmap.checklist(dict.fromkeys(QUESTIONS))]
    assert {"legal_form", "documents", "trade_registration", "tax_registration", "permit_check"} <= set(keys)
    assert "notary" not in keys


def test_every_step_is_reached_by_some_answers(roadmap):
    reached: set[str] = set()
    for presence in roadmap.questions["presence"].choices:
        for movers in ("several", None):
            for permit in roadmap.questions["permit"].choices:
                answers = {"presence": presence, "movers": movers, "staff": "many", "permit": permit, "goods": "import"}
                reached |= {step.key for step in roadmap.checklist(answers)}
    assert reached == set(roadmap.steps)


def test_the_projects_roadmap_keeps_every_rule():
    glossary, _ = load_glossary(DATA)
    problems = roadmap_problems(DATA, KNOWLEDGE, KNOWLEDGE, glossary)
    if problems:
        pytest.fail("\n".join(map(str, problems)), pytrace=False)


def test_the_form_asks_every_question():
    domain = yaml.safe_load((PROJECT_ROOT / "domain.yml").read_text(encoding="utf-8"))
    slots = [f"roadmap_{question}" for question in QUESTIONS]
    assert domain["forms"]["roadmap_form"]["required_slots"] == slots
    assert set(slots) <= domain["slots"].keys()
    assert {f"action_ask_roadmap_form_{slot}" for slot in slots} <= set(domain["actions"])


def test_an_unchanged_roadmap_has_no_problems(problems_of):
    assert problems_of(lambda content: None) == []


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda c: c["steps"]["notary"].update(topic="company/nothing"), "There is no topic 'company/nothing'"),
        (lambda c: c["steps"]["notary"].update(after=["nothing"]), "There is no step 'nothing'"),
        (lambda c: c["steps"]["documents"].update(after=["register_gmbh"]), "wait for each other: "),
        (lambda c: c["steps"]["notary"].update(when={"presence": "kk"}), "presence has no answer kk"),
        (lambda c: c["steps"]["notary"].update(when={"colour": "red"}), "'colour' cannot be asked for here"),
        (lambda c: c["steps"]["notary"].update(local="company/data_protection"), "has no local parts"),
        (lambda c: c["steps"]["notary"].update(titel={}), "titel is not known here"),
        (lambda c: c["steps"]["notary"]["text"].pop("ja"), "The three languages must stand here"),
        (lambda c: c["steps"]["address"]["lead_time"].update(en="within 3 weeks"), "The figure 3 stands in en"),
        (lambda c: c["steps"]["notary"]["text"].update(de="Fragen Sie {partner}."), "Only in `office`"),
        (lambda c: c["steps"]["notary"]["title"].update(en="A title that is much too long " * 3), "the limit is 50"),
        (lambda c: c["questions"].pop("goods"), "The questions must be"),
        (
            lambda c: c["questions"]["presence"]["choices"]["branch"]["words"]["de"].append("GmbH"),
            "'GmbH' also means gmbh",
        ),
        (lambda c: c.pop("unknown_words"), "The file needs"),
    ],
)
def test_what_the_check_refuses(problems_of, edit, told):
    found = problems_of(edit)
    assert any(told in problem for problem in found), found


def test_a_data_folder_without_a_roadmap_has_no_problems(tmp_path):
    assert roadmap_problems(tmp_path, KNOWLEDGE, KNOWLEDGE, Glossary()) == []
    assert load_roadmap(tmp_path).steps == {}


@pytest.mark.parametrize(
    ("language", "text", "sentence"),
    [
        (
            "de",
            "Zuständig ist das Amt, Willy-Brandt-Platz 2-6. Termine online.",
            "Zuständig ist das Amt, Willy-Brandt-Platz 2-6.",
        ),
        ("de", "Nur mit Termin, z. b. online", "Nur mit Termin, z. b. online"),
        ("ja", "市の**外国人局**が担当します。予約制です。", "市の外国人局が担当します。"),
        ("en", "Book on gewerbe.nrw first. Then go.", "Book on gewerbe.nrw first."),
        ("en", "", ""),
    ],
)
def test_first_sentence(language, text, sentence):
    assert first_sentence(text, language) == sentence
