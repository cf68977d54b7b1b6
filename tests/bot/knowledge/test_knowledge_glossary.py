import pytest

from bot.knowledge.check import check
from bot.knowledge.glossary import Glossary, Term, load_glossary

GLOSSARY = Glossary(
    (
        Term("Handelsregister", "商業登記簿", "commercial register", ("商業登録", "登録"), ("trade register",)),
        Term("Anmeldung", "住民登録", "registration of residence"),
        Term("Register", "登記", "register", (), ("register office",)),
        Term("Gewerbeamt", "営業局", "trade office"),
    )
)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "商業登記簿（Handelsregister）に登記します。"),
        ("ja", "会社を**商業登記簿（Handelsregister）**に"),
        ("ja", "「商業登記簿」（Handelsregister）"),
        ("ja", "商業登記簿(handelsregister)"),
        ("ja", "GmbH（有限会社）"),
        ("ja", "住民登録をします。"),
        ("en", "the commercial register (Handelsregister)"),
        ("en", "trade registers"),
        ("de", "trade register 商業登録"),
    ],
)
def test_right_terms(language, text):
    assert list(GLOSSARY.findings(text, language)) == []


@pytest.mark.parametrize(
    ("language", "text", "mend"),
    [
        ("ja", "法人登記簿（Handelsregister）", "商業登記簿（Handelsregister）"),
        ("ja", "商業登録をします。", "商業登記簿"),
        ("ja", "登録をします。", "商業登記簿"),
        ("en", "The Trade Register knows.", "commercial register"),
    ],
)
def test_wrong_terms(language, text, mend):
    findings = list(GLOSSARY.findings(text, language))
    assert findings
    assert mend in findings[0].mend


def test_no_glossary_is_no_problem(folder):
    glossary, problems = load_glossary(folder.write())
    assert (glossary.terms, problems) == ((), [])


def test_wrong_entries_are_told_and_left_out(folder):
    path = folder.write()
    entries = [
        {"de": "Notar", "ja": "公証人", "en": "notary"},
        {"de": "Amt"},
        "Gericht",
        {"de": "A", "ja": "B", "en": "C", "avoid_ja": "D"},
    ]
    folder.dump("glossary.yml", entries)
    glossary, problems = load_glossary(path)
    assert [term.en for term in glossary.terms] == ["notary"]
    assert [problem.field for problem in problems] == ["2", "3", "4"]


def test_answers_and_wording_must_keep_to_the_glossary(folder, make_texts, today):
    folder.record("tax/vat")["aspects"]["cost"] = make_texts("nichts", "商業登録は無料です。", "nothing")
    path = folder.write()
    folder.dump(
        "glossary.yml", [{"de": "Handelsregister", "ja": "商業登記簿", "en": "register", "avoid_ja": ["商業登録"]}]
    )
    folder.dump("responses/a.yml", {"texts": {"apology": make_texts("Pardon", "商業登録", "Sorry")}})
    problems = check(path, today)
    assert [(problem.record, problem.field) for problem in problems] == [("tax/vat", "aspects.cost"), ("apology", "")]
    assert all("商業登録" in problem.message for problem in problems)
