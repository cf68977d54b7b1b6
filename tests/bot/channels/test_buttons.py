"""Buttons as tokens: only what the bot sent, only where it was sent."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.buttons import TOKEN_PREFIX, issue, redeem
from bot.settings import SettingsError, get_settings

PAYLOAD = '/show_topic{"topic": "tax/vat"}'

pytestmark = pytest.mark.usefixtures("secret_key")


def test_a_token_is_redeemed_in_its_conversation() -> None:
    assert redeem(issue(PAYLOAD, "mine"), "mine") == PAYLOAD


def test_a_token_is_worth_nothing_in_another_conversation() -> None:
    assert redeem(issue(PAYLOAD, "mine"), "yours") is None


def test_conversation_and_payload_cannot_be_shifted_into_each_other() -> None:
    assert redeem(issue("/a", "b\0c"), "b") is None
    assert redeem(issue("c\0/a", "b"), "b\0c") is None


def test_a_payload_cannot_be_replaced() -> None:
    _, signature = issue(PAYLOAD, "mine").split(".")
    forged = base64.urlsafe_b64encode(b'/staff_event{"key": "x"}').decode().rstrip("=")
    assert redeem(f"{TOKEN_PREFIX}{forged}.{signature}", "mine") is None


@pytest.mark.parametrize("length", range(16))
def test_a_shortened_signature_is_refused(length: int) -> None:
    payload, signature = issue(PAYLOAD, "mine").split(".")
    cut = base64.urlsafe_b64decode(signature + "==")[:length]
    assert redeem(f"{payload}.{base64.urlsafe_b64encode(cut).decode().rstrip('=')}", "mine") is None


def test_another_key_refuses_old_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    token = issue(PAYLOAD, "mine")
    monkeypatch.setenv("NRWBOT_SECRET_KEY", "another secret of the tests")
    get_settings.cache_clear()
    assert redeem(token, "mine") is None


def test_without_a_key_nothing_is_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NRWBOT_SECRET_KEY")
    get_settings.cache_clear()
    with pytest.raises(SettingsError, match="NRWBOT_SECRET_KEY"):
        issue(PAYLOAD, "mine")


def test_japanese_payloads_survive() -> None:
    payload = '/correct{"field": "ご用件"}'
    assert redeem(issue(payload, "会話"), "会話") == payload


@given(st.text())
def test_whatever_is_typed_is_no_token(text: str) -> None:
    assert redeem(text, "mine") is None
    assert redeem(TOKEN_PREFIX + text, "mine") is None


@given(st.binary(max_size=40), st.binary(max_size=20))
def test_random_tokens_are_refused(payload: bytes, signature: bytes) -> None:
    parts = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (payload, signature))
    assert redeem(TOKEN_PREFIX + ".".join(parts), "mine") is None
