"""What is typed into the form: agreement, corrections, the way back."""

import pytest

from bot.nlu.entries import agrees, bare_name, corrects, goes_back, named_field


@pytest.mark.parametrize(
    "text", ["Ja", "ja, gerne!", "Einverstanden", "OK", "I do consent", "yes please", "はい。", "同意します"]
)
def test_agreement(text: str) -> None:
    assert agrees(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bitte",
        "please",
        "いいです",
        "nein",
        "ja, aber wozu",
        "I agree if it is free",
        "はい、でも誰が見ますか",
        "送信",
    ],
)
def test_no_agreement(text: str) -> None:
    assert not agrees(text)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("change the email", "email"),
        ("die Telefonnummer ist falsch", "phone"),
        ("The company name should be Muster KK", "company"),
        ("wrong name", "contact_name"),
        ("メールアドレスを訂正したい", "email"),
        ("会社の名前が間違っています", "company"),
    ],
)
def test_corrections(text: str, field: str) -> None:
    assert corrects(text) == field


@pytest.mark.parametrize(
    "text",
    [
        "Can I change the company name later?",
        "会社名は変えられますか",
        "Musterwerk K.K.",
        "my phone is 03-1234-5678",
        "correct",
    ],
)
def test_no_corrections(text: str) -> None:
    assert corrects(text) is None


def test_the_longest_name_counts() -> None:
    assert named_field("the name of the company") == "company"
    assert named_field("Mailadresse") == "email"
    assert named_field("Rename") is None


@pytest.mark.parametrize("text", ["back", "Zurück", "go back please", "前の質問に戻りたいです"])
def test_back(text: str) -> None:
    assert goes_back(text)


@pytest.mark.parametrize("text", ["Backwerk GmbH", "We send the goods back to our supplier", "もどりばし株式会社"])
def test_not_back(text: str) -> None:
    assert not goes_back(text)


@pytest.mark.parametrize("text", ["Ichinose", "I.M. Muster", "Wirsindda GmbH", "です"])
def test_what_only_looks_like_a_sentence_is_left(text: str) -> None:
    assert bare_name(text) == text
