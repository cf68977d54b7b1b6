"""What the action server answers is checked as Rasa checks it."""

import pytest
from jsonschema import ValidationError
from rasa.core.actions.action import RemoteAction

from bot.turns import _validate, take_turns_cheaply


@pytest.fixture
def action() -> RemoteAction:
    return RemoteAction("action_answer", None)


def test_a_sound_answer_passes(action: RemoteAction) -> None:
    assert _validate(action, {"events": [{"event": "slot", "name": "place", "value": None}], "responses": []})


@pytest.mark.parametrize("answer", [{"events": "none"}, {"events": [{"name": "place"}]}, {"responses": ["hello"]}])
def test_a_wrong_answer_is_refused_in_rasas_words(action: RemoteAction, answer: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="Failed to validate Action server response"):
        _validate(action, answer)


def test_takes_the_place_of_rasas_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RemoteAction, "_validate_action_result", RemoteAction._validate_action_result)
    take_turns_cheaply()
    assert RemoteAction._validate_action_result is _validate
