"""Small functions on a message's text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nlu.text import fold, has_han, has_kana, has_words, is_command, is_question, normalise, shield, unshield


@given(st.text())
def test_a_shielded_text_is_never_a_command_and_loses_nothing(text: str) -> None:
    assert not is_command(shield(text).strip())
    assert unshield(shield(text)).endswith(text.removeprefix("\u2060"))


@given(st.text())
def test_normalising_twice_changes_nothing(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("ＧｍｂＨ　設立", "GmbH 設立"),
        ("ﾃﾞｭｯｾﾙﾄﾞﾙﾌ", "デュッセルドルフ"),
        (" a\u0000b\u200bc\n d ", "a b c d"),
        ("\u202eabc", "abc"),
        ("", ""),
    ],
)
def test_normalise(text: str, normal: str) -> None:
    assert normalise(text) == normal


def test_fold_keeps_umlauts() -> None:
    assert fold("  STRASSE Köln ") == "strasse köln"


@pytest.mark.parametrize("text", ["", "🙂", "123", "...", "①", "\u200b", "+49 211", "— ！？"])
def test_nothing_to_understand(text: str) -> None:
    assert not has_words(text)


@pytest.mark.parametrize("text", ["a", "ü", "か", "ｶ", "税", "々"])
def test_something_to_understand(text: str) -> None:
    assert has_words(normalise(text))


def test_scripts() -> None:
    assert has_kana("ｶﾞ")
    assert has_kana("ひ")
    assert not has_kana("税金 GmbH")
    assert has_han("税金")
    assert not has_han("ひらがな")


@pytest.mark.parametrize("text", ["Was kostet das?", "why？ ", "費用はいくらですか", "相談できますか。", "必要か。"])
def test_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize("text", ["田中さやか", "Musterwerk K.K.", "", "40213", "Why not GmbH"])
def test_no_questions(text: str) -> None:
    assert not is_question(text)
