"""What browsers send is read with suspicion."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import events
from bot.channels.sites import Site

SITE = Site("town", ("https://www.example.de",), "koeln", "de", {}, {})
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://www.example.de/wirtschaft?name=Sato&mail=x#top", "https://www.example.de/wirtschaft"),
        ("https://user:secret@www.example.de/a", "https://www.example.de/a"),
        ("https://WWW.example.de/A", "https://www.example.de/A"),
        ("https://other.example/a", None),
        ("javascript:alert(1)", None),
        ("https://www.example.de:bad/", None),
        ("https://[", None),
        ("https://www.example.de/" + "a" * 9000, None),
        (7, None),
    ],
)
def test_page_address(sent: Any, kept: str | None) -> None:
    assert events.Page.of({"page_url": sent}, SITE, frozenset()).url == kept


def test_page_address_is_cut() -> None:
    url = events.Page.of({"page_url": "https://www.example.de/" + "a" * 2000}, SITE, frozenset()).url
    assert url is not None
    assert len(url) == events.LONGEST_ADDRESS


@pytest.mark.parametrize(("sent", "kept"), [("de-DE", "de"), ("JA", "ja"), ("fr", "en"), (None, "en"), (3, "en")])
def test_language(sent: Any, kept: str) -> None:
    assert events.language_of(sent, "en") == kept


def test_only_the_form_s_entries_are_taken() -> None:
    assert events.values_of({"company": "Hoshizora K.K.", "email": None}) == {
        **dict.fromkeys(events.ENTRIES, ""),
        "company": "Hoshizora K.K.",
    }
    assert events.values_of({"company": "x", "case_state": "with_person"}) is None
    assert events.values_of({"company": ["x"]}) is None
    assert events.values_of("x") is None


@given(st.text(st.characters(codec=None)))
def test_clean_text_can_be_stored_and_sent(text: str) -> None:
    cleaned = events.clean(text)
    cleaned.encode("utf-8")
    assert "\0" not in cleaned
    assert events.clean(cleaned) == cleaned


@given(anything)
def test_nothing_that_is_sent_makes_the_readers_fail(data: Any) -> None:
    page = events.Page.of(data, SITE, frozenset())
    assert page.language in (None, "de", "ja", "en")
    for name in ("session", "language", "client_id"):
        value = events.field(data, name)
        events.language_of(value, "de")
    assert events.client_id_of(data) is None or len(events.client_id_of(data) or "") <= events.LONGEST_CLIENT_ID
    assert events.last_id_of(data) is None or isinstance(data, int)
    assert len(events.title_of(data)) <= events.LONGEST_TITLE
    values = events.values_of(data)
    assert values is None or json.loads(json.dumps(values)) == values


@given(st.dictionaries(st.sampled_from(["page_url", "page_language"]), anything))
def test_no_page_makes_the_reader_fail(data: dict[str, Any]) -> None:
    url = events.Page.of(data, SITE, frozenset()).url
    assert url is None or url.startswith("https://www.example.de")
