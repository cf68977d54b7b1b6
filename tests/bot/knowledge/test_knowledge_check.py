from datetime import date

import pytest

from bot.knowledge.check import address_fault, check


def test_a_sound_folder_has_no_problems(folder, today):
    assert check(folder.write(), today) == []


# each breaks one record (`record`, key tax/vat) and says where and what the check must then tell


def figure_differs(record, texts):
    record["text"]["en"] += "\n\nIt takes 14 days."
    return "text", "The figure 14 stands in en, but not in de and ja"


def figure_differs_in_title(record, texts):
    record["title"] = texts("7 % MwSt.", "付加価値税", "VAT")
    return "title", "The figure 7 stands in de, but not in ja and en"


def figure_differs_in_aspect(record, texts):
    record["aspects"]["cost"] = texts("1 Monat", "1か月", "one month")
    return "aspects.cost", "The figure 1 stands in de and ja, but not in en"


def figure_differs_in_town(record, texts):
    towns = record["local"]["partners"]["rhein_kreis_neuss"]["municipalities"]
    towns["Neuss"]["text"]["ja"] = "ノイスは465％です。"
    return "local.partners.rhein_kreis_neuss.municipalities.Neuss.text", "The figure 455 stands in de and en"


def figure_differs_in_comparison(record, texts):
    record["local"]["comparison"] = texts("475 %", "475％です。", "about 500%")
    return "local.comparison", "The figure 475 stands in de and ja"


def not_translated(record, texts):
    record["aspects"]["cost"] = texts("kostenlos", "無料です。", "kostenlos")
    return "aspects.cost", "de and en are the same"


def no_japanese(record, texts):
    record["aspects"]["cost"] = texts("kostenlos", "free", "free of charge")
    return "aspects.cost", "no Japanese in it"


def languages_swapped(record, texts):
    record["aspects"]["cost"] = texts("無料です。", "無料になります。", "free")
    return "aspects.cost", "de: most of it is Japanese"


def title_too_long(record, texts):
    record["title"] = texts("x" * 41, "題名", "Title")
    return "title", "de: 41 characters, the limit is 40"


def aspect_too_long(record, texts):
    record["aspects"]["cost"] = texts("Kosten", "費" * 301, "cost")
    return "aspects.cost", "ja: 301 characters, the limit is 300"


def text_too_long(record, texts):
    record["text"]["ja"] += "あ" * 800
    return "text", "the limit is 800"


def heading(record, texts):
    record["text"]["de"] += "\n# Kosten"
    return "text", "de: a heading"


def table(record, texts):
    record["text"]["de"] += "\n| a | b |"
    return "text", "de: a table"


def image(record, texts):
    record["text"]["en"] += "\n![x]"
    return "text", "en: an image"


def link(record, texts):
    record["text"]["en"] += " [here](x)"
    return "text", "en: a link"


def bare_link(record, texts):
    record["text"]["en"] += " https://www.example.com"
    return "text", "en: a link"


def html(record, texts):
    record["text"]["ja"] += "<br>"
    return "text", "ja: HTML"


def backtick(record, texts):
    record["text"]["de"] += " `a`"
    return "text", "de: a backtick"


def other_list(record, texts):
    record["text"]["de"] += "\n* a"
    return "text", "de: a list with * or +"


def italics(record, texts):
    record["text"]["de"] += " sehr *wichtig* heute"
    return "text", "de: italics"


def placeholder(record, texts):
    record["text"]["de"] += " {name}"
    return "text", "de: a brace"


def bold_left_open(record, texts):
    record["text"]["de"] += "\n**Achtung"
    return "text", "** is opened but not closed"


def bold_label(record, texts):
    record["title"]["de"] = "**Titel** 3"
    return "title", "a label takes neither bold nor line breaks"


def source_without_encryption(record, texts):
    record["sources"][0]["url"] = "http://www.example.de/"
    return "sources", "does not begin with https://"


def local_source_with_tracker(record, texts):
    record["local"]["partners"]["koeln"]["sources"] = [{"title": "x", "url": "https://example.de/?utm_source=x"}]
    return "local.partners.koeln", "carries the tracker 'utm_source'"


def page_of_figure_without_host(record, texts):
    record["volatile"][0]["page"] = "https:///gmbhg"
    return "volatile", "has no proper host"


def reviewed_in_the_future(record, texts):
    record["reviewed_on"] = "2026-11-24"
    return "reviewed_on", "2026-11-24 lies in the future"


def review_before_review(record, texts):
    record["review_by"] = "2026-11-23"
    return "review_by", "not after the last one"


def review_overdue(record, texts):
    record["reviewed_on"], record["review_by"] = "2026-05-01", "2026-11-22"
    return "review_by", "The review was due by 2026-11-22"


def related_to_itself(record, texts):
    record["related"] = ["tax/vat", "tax/trade_tax"]
    return "related", "points to itself"


def related_to_nothing(record, texts):
    record["related"] = ["tax/trade_tax", "tax/wealth_tax"]
    return "related", "There is no topic 'tax/wealth_tax'"


def aspect_leads_to_nothing(record, texts):
    record["aspects"]["papers"] = {"topic": "tax/wealth_tax"}
    return "aspects.papers", "There is no topic 'tax/wealth_tax'"


def volatile_figure_in_no_text(record, texts):
    record["volatile"][0] |= {"figure": "12500", "confirmed": True}
    return "volatile", "12500 (Stammkapital) stands in no text of de and ja and en"


def unconfirmed_without_year(record, texts):
    record["text"] = texts("Es kostet 25.000 €.", "費用は25,000ユーロです。", "It costs €25,000.")
    return "volatile", "25000 (Stammkapital) is not confirmed, but de does not say 2026"


CHANGES = [
    change
    for name, change in list(globals().items())
    if callable(change) and getattr(change, "__module__", "") == __name__ and not name.startswith("test_")
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_broken_rule_is_told(folder, make_texts, today, change):
    field, message = change(folder.record("tax/vat"), make_texts)
    problems = [problem for problem in check(folder.write(), today) if not problem.warning]
    assert problems
    assert {(problem.file, problem.record, problem.field) for problem in problems} == {
        ("knowledge/tax.yml", "tax/vat", field)
    }
    assert any(message in problem.message for problem in problems)
    assert all(problem.mend and problem.line > 1 for problem in problems)


def test_every_rule_above_is_tried():
    assert len(CHANGES) == 34


def test_a_figure_may_stand_in_aspects_or_local_texts(folder, today):
    folder.record("tax/vat")["volatile"].append(
        {"figure": "455", "what": "Hebesatz", "year": 2026, "confirmed": True, "page": "https://stadt.example.de/"}
    )
    assert check(folder.write(), today) == []


def test_a_late_review_of_volatile_figures_and_a_long_text_are_warnings(folder, today):
    record = folder.record("tax/vat")
    record["review_by"] = "2027-11-23"
    record["text"]["de"] += " " + "x" * 900
    problems = check(folder.write(), today)
    assert [problem.field for problem in problems] == ["text", "review_by"]
    assert all(problem.warning for problem in problems)
    assert "warning: " in str(problems[0])


def test_a_review_is_due_on_its_day(folder):
    assert check(folder.write(), date(2027, 5, 23)) == []
    problems = check(folder.write(), date(2027, 5, 24))
    assert {problem.field for problem in problems} == {"review_by"}
    assert len(problems) == 4


def test_a_topic_without_answer_and_an_area_without_file_are_told(folder, today):
    del folder.areas["tax"]["topics"]["vat"]
    del folder.areas["company"]
    told = [(problem.file, problem.record) for problem in check(folder.write(), today)]
    assert told == [("knowledge/company.yml", ""), ("knowledge/tax.yml", "tax/vat")]


def test_the_title_of_an_area_is_checked(folder, make_texts, today):
    folder.areas["tax"]["title"] = make_texts("x" * 31, "税", "Tax")
    (problem,) = check(folder.write(), today)
    assert (problem.field, problem.line) == ("title", 3)


def test_one_area_alone(folder, today):
    del folder.areas["company"]
    folder.record("tax/vat")["related"] = ["tax/vat", "tax/trade_tax"]
    path = folder.write()
    assert len(check(path, today)) == 2
    assert [problem.record for problem in check(path, today, "tax")] == ["tax/vat"]
    assert [problem.file for problem in check(path, today, "company")] == ["knowledge/company.yml"]
    with pytest.raises(KeyError):
        check(path, today, "wealth")


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://www.gesetze-im-internet.de/gmbhg/", None),
        ("https://www.example.jp/ja/page.html?lang=ja&id=5#part", None),
        ("https://www.düren.example/amt", None),
        ("http://www.example.de", "does not begin with https://"),
        ("javascript:alert(1)", "does not begin with https://"),
        ("www.example.de", "does not begin with https://"),
        ("https://localhost/", "has no proper host"),
        ("https://127.0.0.1/", "has no proper host"),
        ("https://user@example.de/", "has no proper host"),
        ("https://example.de:8443/", "has no proper host"),
        ("https://example..de/", "has no proper host"),
        ("https://[x/", "is not a web address"),
        ("https://example.de/a b", "has a space in it"),
        ("https://example.de/?a=1&fbclid=2", "carries the tracker 'fbclid'"),
        ("https://example.de/?gclid=", "carries the tracker 'gclid'"),
    ],
)
def test_addresses_of_sources(url, fault):
    assert address_fault(url) == fault


def test_wording_is_checked_too(folder, today):
    path = folder.write()
    folder.dump("responses/chat.yml", {"responses": {"utter_greet": {"text": {"de": "Hallo", "en": "Hello"}}}})
    (problem,) = check(path, today)
    assert (problem.file, problem.record) == ("responses/chat.yml", "utter_greet")
    assert check(path, today, "tax") == []
