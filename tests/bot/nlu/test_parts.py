"""How a message parts into questions, and when the first of them is what it asks for."""

from typing import Any

import pytest
import yaml
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.classifier import set_intent
from bot.nlu.decision import OutcomeDecider
from bot.nlu.parts import LIKELY, MOST_PARTS, QuestionSplitter, questions, split
from bot.nlu.text import LONGEST, shield
from bot.settings import get_settings


def texts(text: str) -> list[str]:
    return [part.text for part in split(text)]


def asked(text: str) -> list[str]:
    return [part.text for part in questions(text)]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Wie gründe ich eine GmbH?", ["Wie gründe ich eine GmbH"]),
        ("Wer hilft z. B. bei der Suche?", ["Wer hilft z. B. bei der Suche"]),
        ("Gilt das ab dem 3. Mai bzw. Juni?", ["Gilt das ab dem 3. Mai bzw. Juni"]),
        ("Was steht auf www.gtai.de dazu?", ["Was steht auf www.gtai.de dazu"]),
        ("Wir kommen 2027. Wie geht das?", ["Wir kommen 2027", "Wie geht das"]),
        ("Wie geht das?! Und was noch ...", ["Wie geht das", "was noch"]),
        ("steuern anmelden\n\n- schule suchen", ["steuern anmelden", "schule suchen"]),
        ("wie geht das und außerdem wo ist das amt", ["wie geht das", "wo ist das amt"]),
        ("wie melde ich mich an und wo ist das amt", ["wie melde ich mich an", "wo ist das amt"]),
        ("Wie und wo melde ich mich an", ["Wie", "wo melde ich mich an"]),
        ("Steuern und Visum", ["Steuern und Visum"]),
        ("What is VAT? And is there a school?", ["What is VAT", "is there a school"]),
        ("what is vat and is there a school", ["what is vat", "is there a school"]),
        ("Do I also need a visa", ["Do I also need a visa"]),
        (
            "ビザはどう申請しますか。それから、学校について教えてください。",
            ["ビザはどう申請しますか", "学校について教えてください"],
        ),
        ("税金は？あと、保険は？", ["税金は", "保険は"]),
        ("あと3年で更新ですか", ["あと3年で更新ですか"]),
        ("ビザまたは滞在許可が必要ですか", ["ビザまたは滞在許可が必要ですか"]),
        ("hi, what is vat and can my wife work", ["what is vat", "can my wife work"]),
        ("Guten Tag, wo ist das Amt?", ["wo ist das Amt"]),
        ("🙂?!", []),
        ("", []),
    ],
)
def test_parts(text: str, parts: list[str]) -> None:
    assert texts(text) == parts


def test_where_a_part_stands() -> None:
    text = "Wo? Außerdem: Gibt es in Neuss Schulen?"
    assert [text[part.start : part.stop] for part in split(text)] == ["Wo", "Gibt es in Neuss Schulen"]


@pytest.mark.parametrize(
    "text",
    [
        "Guten Tag! Wie gründe ich eine GmbH?",
        "Thank you! What does a notary cost?",
        "We are a small firm from Osaka. We make tools. How do we register for VAT?",
        "We want to found a GmbH. Do we need a notary?",
        "東京で小さな会社を経営しています。ドイツで会社を設立したいです。最低資本金はいくらですか。",
        "Wir haben eine GmbH gegründet. Wir sind jetzt zu dritt.",
        "私は東京の会社員で、来年の春から三年間の予定です\n家族は四人です",
        "Wie gründe ich eine GmbH und brauche dafür Geld",
        "Does that need a visa? Or is a passport enough?",
        "先に届け出ますか。それとも許可が先ですか。",
        "費用は自己負担ですか、それとも会社が払いますか",
    ],
)
def test_what_is_not_a_second_question(text: str) -> None:
    assert len(asked(text)) < 2


def test_a_question_that_was_perhaps_not_recognised_is_not_passed_over() -> None:
    assert asked("Guten Tag! Wie gründe ich eine GmbH?") == ["Wie gründe ich eine GmbH"]
    assert asked("from which age do they take children and is there a course") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hallo! Was ist die IHK? Danke, und wo ist das Amt?", 2),
        ("We want to found a GmbH. Also, is there a school?", 2),
        ("Ich möchte ein Gewerbe anmelden. Außerdem suche ich eine Schule.", 2),
        ("I need a visa. I am looking for a school.", 2),
        ("gmbh notar kosten\njapanische schule", 2),
        ("保険\nビザ 家族", 2),
        ("学校を探しています。また、運転免許の切り替えについて知りたいです。", 2),
        ("Was? Wie? Wo? Wer?", 4),
    ],
)
def test_several_questions(text: str, expected: int) -> None:
    assert len(asked(text)) == expected


def message(text: str, *entities: dict[str, Any]) -> Message:
    return Message(data={"text": text, "entities": list(entities)})


def test_a_single_question_goes_alone() -> None:
    for text in ("Was ist die IHK?", "/menu", shield("/menu"), "", "Was? Wo? " * LONGEST):
        whole = message(text)
        assert QuestionSplitter().process([whole]) == [whole]
        assert whole.get("parts") is None


def test_questions_go_behind_the_message_with_their_places() -> None:
    text = "Was ist die IHK? Gibt es in Neuss eine Schule?"
    place = {"entity": "place", "value": ["05162024"], "start": text.index("Neuss"), "end": text.index("Neuss") + 5}
    whole, first, second = QuestionSplitter().process([message(text, place)])
    assert whole.get("text") == text
    assert (first.get("text"), second.get("text")) == ("Was ist die IHK?", "Gibt es in Neuss eine Schule?")
    assert (first.get("entities"), second.get("entities")) == ([], [place])


def test_a_flood_of_questions_is_cut() -> None:
    assert len(QuestionSplitter().process([message("Was? Wo? " * 20)])) == 1 + MOST_PARTS


GMBH, SCHOOLS, VAT, OFFICE = "company/gmbh_formation", "living/schools", "tax/vat", "location/office_space"


def decided(text: str, *found: tuple[str, float], whole: tuple[str, float] = (GMBH, 1.0), **place: str) -> Message:
    """The message after the decision; ``found``: topic and confidence of each question, 1 is enough to answer."""
    entities = [
        {"entity": kind, "value": "x", "start": text.index(each), "end": text.index(each) + len(each)}
        for kind, each in place.items()
    ]
    messages = QuestionSplitter().process([message(text, *entities)])
    for each, (name, confidence) in zip(messages, [whole, *found], strict=True):
        ranking = [{"name": name, "confidence": confidence}, {"name": OFFICE, "confidence": (1 - confidence) / 2}]
        each.set("intent_ranking", ranking)
        each.set("outcome", "answer" if confidence == 1.0 else "suggest" if confidence > 0.2 else "decline")
        set_intent(each, name, confidence, [])
    (result,) = OutcomeDecider().process(messages)
    return result


TWO = "How is a GmbH founded? Also, is there a school in Osaka"


def is_answered(result: Message, topic: str) -> bool:
    area = topic.split("/")[0]
    selected = result.get("response_selector")[area]["response"]["intent_response_key"]
    return (result.get("intent")["name"], selected, result.get("intent_ranking")[0]["name"]) == (area, topic, topic)


@pytest.mark.parametrize("whole", [(SCHOOLS, 1.0), (GMBH, 1.0), (VAT, 0.6), ("out_of_scope", 0.9)])
def test_the_first_is_answered_and_the_second_kept(whole: tuple[str, float]) -> None:
    result = decided(TWO, (GMBH, 1.0), (SCHOOLS, 1.0), whole=whole)
    assert is_answered(result, GMBH)
    assert result.get("further_topics") == [SCHOOLS]


def test_beside_a_clear_question_a_likely_one_is_answered_first() -> None:
    result = decided(TWO, (GMBH, LIKELY), (SCHOOLS, 1.0), whole=(VAT, 0.6))
    assert is_answered(result, GMBH)
    assert result.get("further_topics") == [SCHOOLS]


def test_a_second_question_that_is_not_clear_is_offered() -> None:
    result = decided(TWO, (GMBH, 1.0), (SCHOOLS, 0.4), whole=(VAT, 0.6))
    assert is_answered(result, GMBH)
    assert result.get("further_topics") == [SCHOOLS, OFFICE], "one of the two is more likely than not"


def test_a_first_question_that_is_not_clear_is_suggested_or_offered() -> None:
    result = decided(TWO, (GMBH, 0.6), (SCHOOLS, 1.0), whole=(VAT, 0.6))
    assert result.get("intent")["name"] == "nlu_fallback"
    assert [each["name"] for each in result.get("intent_ranking")][:2] == [GMBH, SCHOOLS]
    result = decided(TWO, (GMBH, 0.6), (SCHOOLS, 1.0), whole=(SCHOOLS, 1.0))
    assert is_answered(result, SCHOOLS)
    assert result.get("further_topics") == [GMBH]


def test_suggestions_leave_no_question_out() -> None:
    result = decided(TWO, (GMBH, 0.6), (SCHOOLS, 0.7), whole=(VAT, 0.6))
    assert [each["name"] for each in result.get("intent_ranking")][:3] == [GMBH, SCHOOLS, VAT]


def test_a_question_behind_an_explanation() -> None:
    text = "We are a firm from Osaka and sell tools. How is a GmbH founded?"
    assert is_answered(decided(text, (GMBH, 1.0), whole=(VAT, 0.6)), GMBH)
    assert is_answered(decided(text, (GMBH, 1.0), whole=(VAT, 1.0)), VAT)
    assert decided(text, (GMBH, 0.9), whole=(VAT, 0.6)).get("intent")["name"] == "nlu_fallback"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((GMBH, 0.98), (SCHOOLS, 0.98)),
        ((GMBH, 0.1), (SCHOOLS, 1.0)),
        (("aspect_cost", 1.0), (SCHOOLS, 1.0)),
        (("out_of_scope", 0.7), (SCHOOLS, 1.0)),
    ],
)
def test_the_whole_message_decides_otherwise(first: tuple[str, float], second: tuple[str, float]) -> None:
    result = decided(TWO, first, second, whole=(VAT, 0.6))
    assert result.get("intent")["name"] == "nlu_fallback"
    assert result.get("further_topics") is None


def test_a_whole_message_that_is_clearly_about_something_else_is_left() -> None:
    result = decided(TWO, (GMBH, 1.0), (SCHOOLS, 1.0), whole=(VAT, 1.0))
    assert is_answered(result, VAT)
    assert result.get("further_topics") is None


def test_a_question_about_another_country_is_no_second_one() -> None:
    result = decided(TWO, (GMBH, 1.0), (SCHOOLS, 1.0), whole=(VAT, 0.6), outside="Osaka")
    assert result.get("further_topics") is None


def test_a_third_topic_is_kept_too() -> None:
    result = decided("Was? Wie? Wo? Wer?", (GMBH, 1.0), (SCHOOLS, 1.0), (GMBH, 1.0), (VAT, 1.0))
    assert result.get("further_topics") == [SCHOOLS, VAT]


def test_every_word_is_read_as_a_word() -> None:
    path = get_settings().data_dir / "directory" / "questions.yml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert all(isinstance(word, str) for by in content.values() for words in by.values() for word in words)
