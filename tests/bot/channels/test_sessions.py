"""Only the server can make a session, and it needs nothing kept to know its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels import sessions

pytestmark = pytest.mark.usefixtures("secret_key")
NOW = 1_800_000_000.0
DAY = 86400


def test_a_token_opens_its_conversation() -> None:
    conversation = sessions.new_id()
    assert sessions.verify(sessions.issue(conversation, "demo", NOW), "demo", NOW + 5) == conversation


def test_ids_are_128_random_bits() -> None:
    ids = {sessions.new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(bytes.fromhex(each)) == 16 for each in ids)


def test_a_token_of_another_site_opens_nothing() -> None:
    assert sessions.verify(sessions.issue(sessions.new_id(), "koeln", NOW), "essen", NOW) is None


def test_a_token_ends_with_the_days_a_conversation_is_kept() -> None:
    token = sessions.issue(sessions.new_id(), "demo", NOW)
    assert sessions.verify(token, "demo", NOW + 30 * DAY - 1) is not None
    assert sessions.verify(token, "demo", NOW + 30 * DAY) is None


def test_the_id_alone_opens_nothing() -> None:
    assert sessions.verify(sessions.new_id(), "demo", NOW) is None


def test_the_signature_of_another_conversation_opens_nothing() -> None:
    mine = sessions.issue(sessions.new_id(), "demo", NOW).split(".")
    assert sessions.verify(".".join([sessions.new_id(), *mine[1:]]), "demo", NOW) is None


def test_the_time_of_issue_cannot_be_moved() -> None:
    conversation, issued, signature = sessions.issue(sessions.new_id(), "demo", NOW).split(".")
    later = f"{int(issued, 16) + 10 * DAY:x}"
    assert sessions.verify(f"{conversation}.{later}.{signature}", "demo", NOW) is None


def test_no_altered_token_is_taken() -> None:
    token = sessions.issue("0123456789abcdef" * 2, "demo", NOW)

    @given(st.integers(0, len(token) - 1), st.characters())
    def altered(position: int, sign: str) -> None:
        other = token[:position] + sign + token[position + 1 :]
        assert (sessions.verify(other, "demo", NOW) is None) == (other != token)

    altered()


@given(st.none() | st.integers() | st.text() | st.binary() | st.lists(st.text()))
def test_anything_else_is_no_token(value: object) -> None:
    assert sessions.verify(value, "demo", NOW) is None


def test_what_is_kept_of_an_ended_conversation_does_not_name_it() -> None:
    conversation = sessions.new_id()
    assert conversation not in sessions.digest(conversation)
    assert sessions.digest(conversation) == sessions.digest(conversation)
