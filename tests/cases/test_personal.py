"""What is personal goes, what a question is made of stays."""

import pytest

from cases.personal import MASK, without_personal_data

NAMES = ("Hoshizora Trading GmbH", "Example Person", None)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Schreiben Sie an contact@example.jp oder +81 3 0000 0000.", f"Schreiben Sie an {MASK} oder {MASK}."),
        ("Steht auf https://example.com/x?y=1 mehr?", f"Steht auf {MASK} mehr?"),
        ("Was ist mit NRW-AB12-CD34?", f"Was ist mit {MASK}?"),
        ("Die HOSHIZORA braucht ein Visum", f"Die {MASK} braucht ein Visum"),
        ("Person: wie lange dauert es?", f"{MASK}: wie lange dauert es?"),
        ("Wie gründe ich eine GmbH?", "Wie gründe ich eine GmbH?"),
    ],
)
def test_takes_out_addresses_numbers_and_names(text: str, left: str) -> None:
    assert without_personal_data(text, NAMES) == left


def test_takes_out_a_japanese_name_with_and_without_its_form() -> None:
    assert without_personal_data("ほしぞらのビザ", ["株式会社ほしぞら"]) == f"{MASK}のビザ"
    assert without_personal_data("株式会社の設立", ["株式会社ほしぞら"]) == "株式会社の設立"


def test_a_short_part_of_a_name_is_left_inside_of_words() -> None:
    assert without_personal_data("Which tax does Ax pay?", ["Ax Ltd."]) == f"Which tax does {MASK} pay?"
    assert without_personal_data("Is this taxable?", ["Ax Ltd."]) == "Is this taxable?"


@pytest.mark.parametrize(
    ("company", "asked"), [("privat", "Private Krankenversicherung?"), ("個人", "個人事業の税金は？")]
)
def test_who_writes_as_a_private_person_has_no_name_in_that(company: str, asked: str) -> None:
    assert without_personal_data(asked, [company]) == asked
