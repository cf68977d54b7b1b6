import subprocess
import sys

import pytest

from bot.knowledge.loader import load_knowledge, load_topics
from bot.knowledge.problems import KnowledgeError


def test_answers_and_areas_come_in_the_order_of_the_topics(folder):
    company = folder.areas["company"]["topics"]
    folder.areas["company"]["topics"] = dict(reversed(company.items()))
    knowledge = load_knowledge(folder.write()).require_sound()
    assert list(knowledge) == ["company/share_capital", "company/bank_account", "tax/vat", "tax/trade_tax"]
    assert [area.key for area in knowledge.areas] == ["company", "tax"]
    assert knowledge.area("tax").topics == ("tax/vat", "tax/trade_tax")
    assert "tax/vat" in knowledge
    assert knowledge.get("tax/none") is None


def test_an_area_without_file_is_left_out(folder):
    del folder.areas["company"]
    knowledge = load_knowledge(folder.write()).require_sound()
    assert [area.key for area in knowledge.areas] == ["tax"]
    with pytest.raises(KeyError):
        knowledge.area("company")


def broken(change):
    """A test that breaks one record, expects what ``change`` returns to be said, and the other records to be there."""
    return pytest.param(change, id=change.__name__)


def language_missing(record):
    del record["text"]["ja"]
    return "text", "`ja` is missing"


def text_empty(record):
    record["text"]["en"] = " \n"
    return "text.en", "The text is empty"


def unknown_field(record):
    record["source"] = []
    return "", "`source` is not known here"


def unknown_aspect(record):
    record["aspects"]["price"] = {"topic": "tax/vat"}
    return "aspects", "`price` is not known here"


def aspect_half_written(record):
    record["aspects"]["cost"] = {"de": "nichts"}
    return "aspects.cost", "`ja`, `en` is missing"


def aspect_with_topic_and_text(record):
    record["aspects"]["cost"] = {"topic": "tax/vat", "de": "nichts"}
    return "aspects.cost", "`de` is not known here"


def no_source(record):
    record["sources"] = []
    return "sources", "0 stand here; the rule is at least 1"


def too_few_related(record):
    record["related"] = ["tax/vat"]
    return "related", "1 stand here; the rule is at least 2"


def related_twice(record):
    record["related"] = ["tax/vat", "tax/vat"]
    return "related", "An entry stands twice"


def related_is_no_key(record):
    record["related"] = ["tax/vat", "bank account"]
    return "related.1", "does not have the right form"


def date_of_no_calendar(record):
    record["review_by"] = "2027-02-30"
    return "review_by", "2027-02-30 is no day of the calendar"


def date_in_german(record):
    record["review_by"] = "23.05.2027"
    return "review_by", "does not have the right form"


def figure_with_thousands(record):
    record["volatile"][0]["figure"] = "25.000 €"
    return "volatile.0.figure", "does not have the right form"


def year_as_text(record):
    record["volatile"][0]["year"] = "2026/27"
    return "volatile.0.year", "stands where a whole number must stand"


def unknown_partner(record):
    record["local"]["partners"]["cologne"] = record["local"]["partners"].pop("koeln")
    return "local.partners.cologne", "There is no partner 'cologne'"


def unknown_town(record):
    towns = record["local"]["partners"]["rhein_kreis_neuss"]["municipalities"]
    towns["Neuß"] = towns.pop("Neuss")
    return "local.partners.rhein_kreis_neuss.municipalities.Neuß", "There is no municipality 'Neuß'"


def town_of_another_partner(record):
    towns = record["local"]["partners"]["rhein_kreis_neuss"]["municipalities"]
    towns["Krefeld"] = towns.pop("Neuss")
    return (
        "local.partners.rhein_kreis_neuss.municipalities.Krefeld",
        "does not belong to rhein_kreis_neuss",
    )


def partner_without_text(record):
    record["local"]["partners"]["koeln"] = {"sources": []}
    return "local.partners.koeln", "Neither `text` nor `municipalities` is here"


@pytest.mark.parametrize(
    "change",
    map(
        broken,
        [
            language_missing,
            text_empty,
            unknown_field,
            unknown_aspect,
            aspect_half_written,
            aspect_with_topic_and_text,
            no_source,
            too_few_related,
            related_twice,
            related_is_no_key,
            date_of_no_calendar,
            date_in_german,
            figure_with_thousands,
            year_as_text,
            unknown_partner,
            unknown_town,
            town_of_another_partner,
            partner_without_text,
        ],
    ),
)
def test_a_broken_record_is_told_and_left_out(folder, change):
    field, message = change(folder.record("tax/vat"))
    knowledge = load_knowledge(folder.write())
    (problem,) = knowledge.problems
    assert (problem.file, problem.record, problem.field) == ("knowledge/tax.yml", "tax/vat", field)
    assert message in problem.message
    assert problem.mend
    assert problem.line > 1
    assert set(knowledge) == {"company/share_capital", "company/bank_account", "tax/trade_tax"}
    with pytest.raises(KnowledgeError, match=r"knowledge/tax\.yml"):
        knowledge.require_sound()


def test_a_problem_names_the_line(folder):
    del folder.record("tax/vat")["text"]["ja"]
    path = folder.write() / "knowledge" / "tax.yml"
    (problem,) = load_knowledge(folder.path).problems
    assert path.read_text(encoding="utf-8").splitlines()[problem.line - 1].strip() == "text:"
    assert str(problem).startswith(f"knowledge/tax.yml:{problem.line}: tax/vat text: ")


def test_a_topic_that_is_not_listed_is_told(folder):
    folder.areas["tax"]["topics"]["wealth_tax"] = folder.record("tax/vat")
    (problem,) = load_knowledge(folder.write()).problems
    assert problem.record == "tax/wealth_tax"


def test_an_area_under_another_files_name_is_told(folder):
    folder.areas["tax"]["area"] = "company"
    knowledge = load_knowledge(folder.write())
    assert "does not fit the file's name" in knowledge.problems[0].message
    assert [area.key for area in knowledge.areas] == ["company"]


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("version: 1\narea: tax\narea: tax\n", 3, "the key 'area' stands twice"),
        ("version: 1\ntitle: {de: a\n", 3, "Not valid YAML"),
        ("version: 1\n\ttitle: x\n", 2, "Not valid YAML"),
        ("- a\n- b\n", 1, "stands where named entries must stand"),
        ("", 1, "nothing stands where named entries must stand"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_line(folder, content, line, message):
    (folder.write() / "knowledge" / "tax.yml").write_text(content, encoding="utf-8")
    knowledge = load_knowledge(folder.path)
    (problem,) = knowledge.problems
    assert (problem.file, problem.line) == ("knowledge/tax.yml", line)
    assert message in problem.message
    assert len(knowledge) == 2


def test_a_file_in_another_encoding_is_told(folder):
    (folder.write() / "knowledge" / "tax.yml").write_bytes("area: Körperschaft".encode("latin-1"))
    (problem,) = load_knowledge(folder.path).problems
    assert "not UTF-8" in problem.message


def test_without_topics_nothing_can_be_loaded(folder):
    (folder.write() / "topics.yml").unlink()
    with pytest.raises(KnowledgeError, match=r"topics\.yml"):
        load_topics(folder.path)


def test_loading_needs_no_rasa():
    code = "import sys, bot.knowledge.loader, bot.knowledge.wording; print('rasa' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
