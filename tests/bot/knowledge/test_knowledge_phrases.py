import pytest

from bot.knowledge.check import check
from bot.knowledge.phrases import Phrase, load_phrases


@pytest.fixture
def problems_after(folder, today):
    """Change the phrases of German tax/vat and see what the check then says."""

    def change(*phrases: str) -> list[str]:
        folder.phrases["de", "tax"]["tax/vat"] += phrases
        return [str(problem) for problem in check(folder.write(), today)]

    return change


def test_phrases_are_read_with_their_place(folder):
    phrases, problems = load_phrases(folder.write())
    assert problems == []
    assert len(phrases) == 4 * 12 * 3
    first = next(phrase for phrase in phrases if phrase.language == "ja" and phrase.intent == "tax/vat")
    assert (first.text, first.file, first.line) == ("ja vat 0", "nlu/ja/tax.yml", 3)


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("Was kostet  das?!", "was kostet das"),
        ("ＧｍｂＨの　資本金は？", "gmbhの 資本金は"),
        ("STRASSE – Straße", "strasse strasse"),
        ("???", "???"),
    ],
)
def test_normalised_phrases(text, normalised):
    assert Phrase(text, "tax/vat", "de", "f", 1).normalised == normalised


def test_too_few_phrases_are_told(folder, today):
    folder.phrases["ja", "tax"]["tax/vat"].pop()
    (problem,) = check(folder.write(), today)
    assert (problem.file, problem.record) == ("nlu/ja/tax.yml", "tax/vat")
    assert "11 phrases, at least 12" in problem.message


def test_a_topic_without_phrases_is_told(folder, today):
    del folder.phrases["ja", "tax"]["tax/vat"]
    assert ["0 phrases" in problem.message for problem in check(folder.write(), today)] == [True]


def test_a_file_that_one_language_lacks_is_told_once(folder, today):
    del folder.phrases["en", "tax"]
    assert [problem.file for problem in check(folder.write(), today)] == ["nlu/en/tax.yml"]


def test_conversational_files_are_mirrored_too(folder, today):
    path = folder.write()
    for language in ("de", "ja"):
        entry = {"intent": "greet", "examples": f"- hello {language}\n"}
        folder.dump(f"nlu/{language}/chat.yml", {"version": "3.1", "nlu": [entry]})
    assert [problem.file for problem in check(path, today)] == ["nlu/en/chat.yml"]


def test_duplicates_in_a_topic_across_topics_and_languages(problems_after):
    within, across, languages = problems_after("DE VAT 0!", "de trade_tax 1", "ｅｎ vat 2")
    assert "'DE VAT 0!' stands already in nlu/de/tax.yml, tax/vat" in within
    assert "tax/trade_tax" in across
    assert "warning" in languages


def test_a_phrase_like_a_command_is_refused(problems_after):
    (problem,) = problems_after("/restart")
    assert "begins with '/'" in problem


def test_annotations_are_refused(problems_after):
    (problem,) = problems_after("Hebesatz in [Neuss](municipality)")
    assert "has an annotation" in problem


def test_an_intent_in_the_wrong_file_or_without_topic_is_told(folder, today):
    folder.phrases["de", "tax"]["company/share_capital"] = ["Stammkapital"]
    folder.phrases["de", "tax"]["tax/wealth_tax"] = ["Vermögensteuer"]
    messages = [problem.message for problem in check(folder.write(), today)]
    assert messages == ["The intent belongs to another file.", "There is no such topic."]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"version": "3.1"}, "There is no list `nlu:`"),
        ({"nlu": [{"intent": "tax/vat", "examples": ["a"]}]}, "not an intent with examples"),
        ({"nlu": [{"intent": "tax/vat", "examples": "Steuer\n"}]}, "'Steuer' is not a phrase"),
    ],
)
def test_files_of_another_form_are_told(folder, today, content, message):
    path = folder.write()
    folder.dump("nlu/de/tax.yml", content)
    assert any(message in problem.message for problem in check(path, today))
