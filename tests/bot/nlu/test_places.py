"""Places, postcodes, legal forms and languages in a message."""

import pytest

from bot.nlu.places import get_gazetteer

DUESSELDORF, KOELN, NEUSS, MEERBUSCH, ESSEN = "05111000", "05315000", "05162024", "05162022", "05113000"


def found(text: str, kind: str = "place") -> list[tuple[str, ...]]:
    return [each.value for each in get_gazetteer().find(text) if each.entity == kind]


@pytest.mark.parametrize(
    ("text", "ags"),
    [
        ("Wir ziehen nach Düsseldorf", DUESSELDORF),
        ("duesseldorf", DUESSELDORF),
        ("Dusseldorf", DUESSELDORF),
        ("DÜSSELDORF!", DUESSELDORF),
        ("office in Cologne", KOELN),
        ("koeln", KOELN),
        ("デュッセルドルフに会社を作りたい", DUESSELDORF),
        ("デュッセルドルフ市内のオフィス", DUESSELDORF),
        ("ケルンで", KOELN),
        ("ノイス", NEUSS),
        ("ﾃﾞｭｯｾﾙﾄﾞﾙﾌの事務所", DUESSELDORF),
        ("ｹﾙﾝで", KOELN),
        ("Meerbusch-Büderich", MEERBUSCH),
        ("40213", DUESSELDORF),
        ("４０２１３", DUESSELDORF),
        ("PLZ 40667 bitte", MEERBUSCH),
        ("in Essen", ESSEN),
        ("Essen", ESSEN),
    ],
)
def test_municipalities(text: str, ags: str) -> None:
    assert [ags] in [list(value) for value in found(text)], found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Wir gehen gern essen", "Das Essen schmeckt", "wie ist das Wetter", "エッセンシャルワーカー", "25000 Euro",
        "25.000", "€25000", "12345678", "99999", "ドイツ", "Deutschland",
    ],
)  # fmt: skip
def test_no_municipalities(text: str) -> None:
    assert found(text) == []


def test_a_shared_name_means_all_that_bear_it() -> None:
    (value,) = found("Oberkassel")
    assert DUESSELDORF in value
    assert len(value) == 2


@pytest.mark.parametrize(
    ("text", "place"),
    [("München", "München"), ("in Frankreich", "Frankreich"), ("ミュンヘン", "ミュンヘン"), ("Berlin", "Berlin")],
)
def test_outside(text: str, place: str) -> None:
    assert found(text, "outside") == [(place,)]


@pytest.mark.parametrize(
    ("text", "form"), [("eine gmbh gründen", "GmbH"), ("GmbHを設立", "GmbH"), ("Unternehmergesellschaft", "UG")]
)
def test_legal_forms(text: str, form: str) -> None:
    assert (form,) in found(text, "legal_form")


@pytest.mark.parametrize(("text", "language"), [("auf Deutsch bitte", "de"), ("in English", "en"), ("日本語で", "ja")])
def test_languages(text: str, language: str) -> None:
    assert (language,) in found(text, "target_language")


@pytest.mark.parametrize("text", ["", " ", "🙂", "\u0000", "・・・", "ー" * 50, "40213" * 400])
def test_odd_texts(text: str) -> None:
    for each in get_gazetteer().find(text):
        assert 0 <= each.start < each.end <= len(text)


def test_positions_are_those_of_the_text() -> None:
    text = "オフィスは デュッセル・ドルフ か Köln"
    spans = {text[each.start : each.end] for each in get_gazetteer().find(text) if each.entity == "place"}
    assert "Köln" in spans


def test_positions_of_half_width_names_count_voicing_marks() -> None:
    text = "今ﾃﾞｭｯｾﾙﾄﾞﾙﾌの"
    (place,) = [each for each in get_gazetteer().find(text) if each.entity == "place"]
    assert text[place.start : place.end] == "ﾃﾞｭｯｾﾙﾄﾞﾙﾌ"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Gewerbesteuer in Bochum und Essen", ["05911000", "05113000"]),
        ("Köln, Essen oder Krefeld?", ["05315000", "05113000", "05114000"]),
        ("und Essen?", ["05113000"]),
        ("IHK Essen", ["05113000"]),
        ("Wo bekomme ich japanisches Essen?", []),
        ("Trinken und Essen", []),
    ],
)
def test_an_ordinary_word_joined_to_a_place_is_a_place(text: str, found: list[str]) -> None:
    assert [each.value[0] for each in get_gazetteer().find(text) if each.entity == "place"] == found
