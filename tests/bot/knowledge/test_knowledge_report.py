from html.parser import HTMLParser

import pytest

from bot.knowledge.check import check
from bot.knowledge.report import render_report, write_report

VOID = {"meta", "link", "br", "img", "hr"}


class Page(HTMLParser):
    """What a report is made of; fails on tags that are not closed and ids that stand twice."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.languages: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in values:
            self.ids.append(values["id"])
        if "href" in values:
            self.links.append(values["href"])
        if "lang" in values:
            self.languages.append(values["lang"])
        assert "src" not in values

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def page(folder, today):
    def render() -> Page:
        path = folder.write()
        return Page(render_report(path, today, check(path, today)))

    return render


def test_every_answer_stands_there_in_three_languages(page):
    report = page()
    for key in ("company--share_capital", "company--bank_account", "tax--vat", "tax--trade_tax"):
        assert key in report.ids
    assert {"de", "ja", "en"} <= set(report.languages)
    for text in ("Es kostet", "費用は", "It costs", "ノイスは455％です。", "Rhein-Kreis Neuss", "Neuss: 455 %."):
        assert text in report.text


def test_the_page_needs_nothing_else(page):
    report = page()
    assert not report.tags & {"script", "link", "img", "iframe"}
    inner = {link[1:] for link in report.links if link.startswith("#")}
    assert inner <= set(report.ids)


def test_overdue_answers_come_first(folder, page):
    folder.record("tax/vat").update(reviewed_on="2026-01-01", review_by="2026-06-30")
    report = page()
    overdue = report.text[report.text.index("Überfällige Prüfungen") : report.text.index("In den nächsten 60 Tagen")]
    assert "tax/vat" in overdue
    assert "30.6.2026" in overdue
    assert "tax/trade_tax" not in overdue
    assert "1 mit überfälliger Prüfung" in report.text


def test_unconfirmed_figures_and_problems_are_listed(folder, page):
    folder.record("tax/vat")["related"] = ["tax/vat", "tax/trade_tax"]
    report = page()
    assert "Stammkapital, 25000 (2026)" in report.text
    assert "The answer points to itself." in report.text
    assert "1 Fehler" in report.text


def test_what_editors_write_cannot_become_markup(folder, page):
    record = folder.record("tax/vat")
    record["title"]["de"] = '<script>alert("x")</script>'
    record["sources"][0] = {"title": '"><img src=x>', "url": 'javascript:alert("x")'}
    report = page()
    assert not report.tags & {"script", "img"}
    assert '<script>alert("x")</script>' in report.text
    assert not [link for link in report.links if link.startswith("javascript")]


def test_topics_without_answer_are_named(folder, page):
    del folder.areas["company"]
    assert "company/share_capital, company/bank_account." in page().text


def test_the_report_is_written_where_it_is_wanted(folder, tmp_path, today):
    path = tmp_path / "new" / "report.html"
    write_report(folder.write(), path, today, [])
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
