from datetime import timedelta

import pytest

from bot.knowledge.loader import load_knowledge
from bot.knowledge.records import Answer, Texts

NEUSS, DORMAGEN = "05162024", "05162004"


@pytest.fixture
def answer(folder) -> Answer:
    return load_knowledge(folder.write()).require_sound()["company/share_capital"]


def test_text_of_an_unknown_language_is_english():
    texts = Texts("Ja", "はい", "Yes")
    assert [texts.get(language) for language in ("de", "ja", "en", "fr", None)] == ["Ja", "はい", "Yes", "Yes", "Yes"]
    with pytest.raises(KeyError):
        texts["fr"]


def test_local_part_of_a_partner(answer):
    part = answer.local_part("koeln", None)
    assert part.text.de == "In Köln 475 %."
    assert part.ags is None


def test_text_of_a_town_follows_the_text_of_its_district(answer):
    part = answer.local_part("rhein_kreis_neuss", NEUSS)
    assert part.text.en == "It differs in the district.\n\nNeuss: 455%."
    assert [source.url for source in part.sources] == ["https://kreis.example.de/", "https://stadt.example.de/"]
    assert (part.ags, part.place) == (NEUSS, "Neuss")


def test_a_town_without_text_of_its_own_has_that_of_its_district(answer):
    assert answer.local_part("rhein_kreis_neuss", DORMAGEN).text.en == "It differs in the district."


@pytest.mark.parametrize("place", [(None, None), (None, NEUSS), ("essen", None), ("essen", NEUSS)])
def test_no_local_part_where_nothing_differs(answer, place):
    assert answer.local_part(*place) is None


def test_review_is_overdue_from_the_day_after(answer):
    assert not answer.is_overdue(answer.review_by)
    assert answer.is_overdue(answer.review_by + timedelta(days=1))


def test_aspects_are_texts_or_lead_to_a_topic(answer):
    assert answer.aspect("cost").text.ja == "100ユーロ"
    assert answer.aspect("papers").topic == "tax/vat"
    assert answer.aspect("office") is None


def test_message_names_topic_sources_date_and_next_topics(answer):
    assert answer.message("ja", [answer.local_part("rhein_kreis_neuss", NEUSS)]) == {
        "type": "answer",
        "language": "ja",
        "topic": "company/share_capital",
        "sources": [
            {"title": "Kreis", "url": "https://kreis.example.de/"},
            {"title": "市", "url": "https://stadt.example.de/"},
            {"title": "GmbH-Gesetz", "url": "https://www.example.de/gmbhg/"},
        ],
        "reviewed_on": "2026-11-23",
        "related": ["company/bank_account", "tax/vat", "tax/trade_tax"],
    }
    assert answer.message(None)["language"] == "en"
