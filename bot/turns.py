"""Lets Rasa take a turn without work that comes out the same each time."""

from functools import lru_cache
from typing import Any

from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction

_validate_with_schema_check = RemoteAction._validate_action_result


def take_turns_cheaply() -> None:
    """Replace Rasa's check of what the action server answered, in this process; what it refuses is the same.

    Rasa checks the schema of the answer against the schema of schemas for each action, which took more than two fifths
    of a turn. The schema does not change, so it is checked once.
    """
    RemoteAction._validate_action_result = _validate


@lru_cache(maxsize=1)
def _validator() -> Any:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def _validate(action: RemoteAction, result: dict[str, Any]) -> bool:
    # what is wrong is left to Rasa, which says it in its own words
    return bool(_validator().is_valid(result)) or bool(_validate_with_schema_check(action, result))
