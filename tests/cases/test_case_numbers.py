import pytest

from cases.numbers import ALPHABET, NUMBER_PATTERN, new_number, normalise_number


def test_numbers_have_the_form_and_do_not_repeat() -> None:
    numbers = {new_number() for _ in range(2000)}
    assert len(numbers) == 2000
    assert all(NUMBER_PATTERN.fullmatch(number) for number in numbers)


def test_alphabet_has_nothing_that_looks_alike() -> None:
    assert not set(ALPHABET) & set("01OIL")
    assert len(ALPHABET) == 31


@pytest.mark.parametrize(
    "typed",
    [
        "NRW-7KQM-4XWD-9H",
        "nrw-7kqm-4xwd-9h",
        " nrw 7kqm 4xwd 9h ",
        "7KQM4XWD9H",
        "NRW7KQM4XWD9H",
        "NRW–7KQM–4XWD–9H",
    ],
)
def test_spelling_does_not_matter(typed: str) -> None:
    assert normalise_number(typed) == "NRW-7KQM-4XWD-9H"


@pytest.mark.parametrize("typed", ["", "NRW", "NRW-7KQM-4XWD-9", "NRW-7KQM-4XWD-9HH", "NRW-0KQM-4XWD-9H", "hello"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    assert normalise_number(typed) is None
