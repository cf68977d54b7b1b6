import pytest

from bot.knowledge import wording as module
from bot.knowledge.problems import KnowledgeError
from bot.knowledge.wording import load_wording, text

GREET = """
responses:
  utter_greet:
    text: {de: "Hallo {name}", ja: "こんにちは、{name}さん", en: "Hello {name}"}
    buttons:
      - {title: {de: Ja, ja: はい, en: Yes}, payload: /menu}
      - {title: {de: Nein, ja: いいえ, en: No}, payload: /bye}
    custom: {type: smalltalk, name: greet}
texts:
  case: {de: "Fall {number}", ja: "件番号{number}", en: "Case {number}"}
"""


@pytest.fixture
def load(tmp_path):
    def write(*contents: str) -> module.Wording:
        for number, content in enumerate(contents):
            (tmp_path / f"{number}.yml").write_text(content, encoding="utf-8")
        return load_wording(tmp_path)

    return write


def test_responses_and_texts_are_read(load):
    wording = load(GREET)
    assert wording.problems == ()
    greet = wording.responses["utter_greet"]
    assert greet.text.ja == "こんにちは、{name}さん"
    assert [(button.title.en, button.payload) for button in greet.buttons] == [("Yes", "/menu"), ("No", "/bye")]
    assert greet.custom == {"type": "smalltalk", "name": "greet"}


def test_values_are_filled_in_as_they_are(load):
    wording = load(GREET)
    assert wording.text("case", "ja", number="{x}-7") == "件番号{x}-7"
    assert wording.text("case", None, number=7) == "Case 7"


def test_an_unknown_key_or_a_missing_value_is_an_error(load):
    wording = load(GREET)
    with pytest.raises(KeyError, match="No text 'nothing'"):
        wording.text("nothing", "de")
    with pytest.raises(KeyError, match="number"):
        wording.text("case", "de")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("texts: {a: {de: A, en: A}}", "The three languages must stand here"),
        ("texts: {a: {de: A, ja: '', en: A}}", "No text in ja"),
        ("texts: {a: {de: '{n}', ja: あ, en: '{m}'}}", "The words in braces differ (de: n; ja: none; en: m)"),
        ("texts: {a: {de: 'A {', ja: あ, en: A}}", "A stray brace in de"),
        ("texts: {a: {de: '{A b}', ja: あ, en: A}}", "A stray brace in de"),
        ("responses: {utter_a: {text: A}}", "The three languages must stand here"),
        ("responses: {utter_a: {}}", "A response needs `text` or `custom`"),
        ("responses: {greet: {text: {de: A, ja: あ, en: A}}}", "cannot be a response"),
        ("responses: {utter_tax/vat: {text: {de: A, ja: あ, en: A}}}", "cannot be a response"),
        ("responses: {utter_a: {text: {de: A, ja: あ, en: A}, image: x}}", "Unknown: image"),
        ("responses: {utter_a: {text: {de: A, ja: あ, en: A}, buttons: [{title: A}]}}", "A button needs"),
        ("responses: {utter_a: {text: {de: A, ja: あ, en: A}, custom: {name: x}}}", "`custom` needs a `type`"),
        ("answers: {}", "The file needs `responses:` or `texts:`"),
        ("texts: [", "Not valid YAML"),
    ],
)
def test_wrong_entries_are_told_and_left_out(load, content, message):
    wording = load(content)
    assert message in wording.problems[0].message
    assert wording.problems[0].mend
    assert wording.problems[0].file == "responses/0.yml"
    assert not wording.responses
    assert not wording.texts


def test_a_key_in_two_files_is_told(load):
    problems = load(GREET, GREET).problems
    assert [problem.message for problem in problems] == ["The response stands twice.", "The text stands twice."]
    assert {problem.file for problem in problems} == {"responses/1.yml"}


@pytest.fixture
def own_data(folder, monkeypatch):
    """The process's wording comes from a folder of the test's own."""
    path = folder.write()
    settings = module.get_settings().copy(update={"data_dir": path})
    monkeypatch.setattr(module, "get_settings", lambda: settings)
    module.get_wording.cache_clear()
    yield path
    module.get_wording.cache_clear()


def test_the_wording_of_the_process(own_data):
    (own_data / "responses" / "a.yml").write_text(GREET, encoding="utf-8")
    assert text("case", "de", number=3) == "Fall 3"


def test_wrong_wording_stops_the_process_with_its_reasons(own_data):
    (own_data / "responses" / "a.yml").write_text("texts: {a: {de: A}}", encoding="utf-8")
    with pytest.raises(KnowledgeError, match=r"responses/a\.yml"):
        text("a", "de")
