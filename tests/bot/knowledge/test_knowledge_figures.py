from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.knowledge.figures import figures, missing_figures, plain
from bot.knowledge.records import Texts


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "25.000 € und 12,5 %", "25000 12.5"),
        ("de", "1.234.567,50 €", "1234567.5"),
        ("de", "12,00 €", "12"),
        ("de", "1. Januar 2026 und 01.02.2026", "1 2 2026"),
        ("de", "am 3. Dezember", "3 12"),
        ("de", "bis 30. Sept. oder Jan. 2027", "30 9 1 2027"),
        ("de", "§ 18g und § 5 Abs. 1a", "18g 5 1a"),
        ("de", "1,5 Mio. €, 2 Mrd. €, 300 Tsd. €, 3 Millionen", "1500000 2000000000 300000 3000000"),
        ("de", "1 bis 2 Mio. €", "1000000 2000000"),
        ("de", "3 bis 5 Monate, 3–5 Monate", "3 5"),
        ("de", "Industrie 4.0", "4"),
        ("de", "100%ig, 20er, 24/7", "100 20 24 7"),
        ("de", "6,5 m²", "6.5"),
        ("de", "1. zahlen\n2. melden\n10. ernten", ""),
        ("de", "siehe https://www.example.de/2025/12 und www.example.de/7, post4@example.de", ""),
        ("de", "Mai und Maifeiertag, Januarmiete", "5"),
        ("de", "A1-Bescheinigung, B2B", "a1 b2b"),
        ("en", "€25,000 and 12.5 percent", "25000 12.5"),
        ("en", "1 January 2026, the 21st, 3 to 5 months", "1 2026 21 3 5"),
        ("en", "EUR 1.5 million, 2bn, 3 thousand", "1500000 2000000000 3000"),
        ("en", "between 1 and 2 million", "1000000 2000000"),
        ("en", "section 18g, section 5(1)", "18g 5 1"),
        ("en", "You may apply. May I?", ""),
        ("en", "in May; May 2026; 3 May; May or June; until May", "5 2026 3 6"),
        ("en", "open 9 am to 5 pm, 12 p.m.", "9 17 12"),
        ("en", "in the 1990s", "1990"),
        ("ja", "25,000ユーロと12.5％", "25000 12.5"),
        ("ja", "２５，０００ユーロ", "25000"),
        ("ja", "2万5,000ユーロ、2万5千ユーロ、1億2,000万ユーロ、3兆円", "25000 120000000 3000000000000"),
        ("ja", "150万、5百万、1〜2万、100万〜200万", "1500000 5000000 10000 20000 1000000 2000000"),
        ("ja", "2026年1月1日、第18g条、第5条第1項、3割", "2026 1 18g 5 30"),
        ("ja", "3か月〜5か月、1ヶ月、午後5時30分", "3 5 1 17 30"),
        ("ja", "1. 支払う\n2. 届け出る", ""),
        ("ja", "2万人、5千ユーロ", "20000 5000"),
    ],
)
def test_figures_of_a_text(language, text, expected):
    assert figures(text, language) == set(expected.split())


@given(st.decimals(min_value=0, max_value=10**9, places=2))
def test_the_same_number_is_the_same_figure_in_each_language(number):
    english = f"{number:,}"
    german = english.translate(str.maketrans(",.", ".,"))
    expected = {plain(str(number))}
    assert figures(f"{german} €", "de") == expected
    assert figures(f"{english} euros", "en") == expected
    assert figures(f"{english}ユーロ", "ja") == expected


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_japanese_units_add_up(oku, man):
    assert figures(f"{oku:,}億{man}万円", "ja") == {str(oku * 10**8 + man * 10**4)}


def test_missing_figures_name_the_languages_that_lack_them():
    texts = Texts("3 Monate, 100 €", "3か月、100ユーロ", "three months, 200 euros")
    assert missing_figures(texts) == {"100": ["en"], "200": ["de", "ja"], "3": ["en"]}
    assert missing_figures(Texts("25.000 €", "2万5,000ユーロ", "25,000 euros")) == {}


@pytest.mark.parametrize(("number", "expected"), [("8.60", "8.6"), ("12500", "12500"), ("018g", "18g"), ("0", "0")])
def test_plain_numbers(number, expected):
    assert plain(number) == expected
    assert Decimal(plain("25000.00")) == 25000
