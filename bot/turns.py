"""Lets Rasa take a turn without work that comes out the same each time."""

import asyncio
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import ujson
from jsonschema.validators import validator_for
from rasa.core import processor
from rasa.core.actions.action import RemoteAction
from rasa.core.policies import rule_policy
from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.shared.core.domain import Domain
from rasa.shared.core.slots import Slot
from rasa.utils.endpoints import DEFAULT_REQUEST_TIMEOUT, EndpointConfig

from bot.calls import call_format
from bot.environment import KEPT_SECONDS
from bot.histories import follow_histories

Step = tuple[str, GraphNode, tuple[str, ...]]

_validate_with_schema_check = RemoteAction._validate_action_result
_plans: "WeakKeyDictionary[DaskGraphRunner, dict[tuple[str, ...], list[Step]]]" = WeakKeyDictionary()
_connectors: "WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.TCPConnector]" = WeakKeyDictionary()


def take_turns_cheaply() -> None:
    """Replace parts of Rasa in this process by ones that come to the same result.

    - The schema of what the action server answers is checked against the schema of schemas once, not for each action,
      and each event against the schema of its kind, not against all of them; that took more than two fifths of a turn.
    - Which events are applied, a copy of a tracker and its states are not worked out from its beginning each time.
    - The order in which the parts of a graph run is worked out once, not for each message and prediction.
    - That the domain is not empty is not asked of each message by building an empty one.
    - Slots, of which each state of a conversation holds its own, are copied without asking how to copy.
    - What only debug messages would tell is not copied for them: ``quiet_rasa`` has turned them off.
    - Connections to the action server are kept, and it is not told again what understanding found in earlier turns.
    """
    RemoteAction._validate_action_result = _validate
    RemoteAction._action_call_format = call_format
    DaskGraphRunner.run = _run
    Slot.__copy__ = _copy
    EndpointConfig.session = _session
    for module in (processor, rule_policy):
        module.copy = _AsItIs
    Domain.is_empty = _is_empty
    follow_histories()


class _AsItIs:
    """In place of the module ``copy`` where Rasa needs it for debug messages alone."""

    @staticmethod
    def deepcopy(value: Any) -> Any:
        return value


@lru_cache(maxsize=1)
def _validators() -> tuple[Any, dict[str, Any]]:
    """What judges an answer apart from its events, and what judges an event, by its kind."""
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    whole = {**schema, "properties": {**schema["properties"], "events": {"type": "array"}}}
    any_event = dict(schema["properties"]["events"]["items"])
    kinds = {each["properties"]["event"]["const"]: each for each in any_event.pop("oneOf")}
    return kind(whole), {name: kind({**any_event, "allOf": [each]}) for name, each in kinds.items()}


def _is_valid(result: dict[str, Any]) -> bool:
    whole, kinds = _validators()
    if not whole.is_valid(result):
        return False
    events = result.get("events") or []
    return all(isinstance(each, dict) and _is_valid_event(each, kinds) for each in events)


def _is_valid_event(event: dict[str, Any], kinds: dict[str, Any]) -> bool:
    validator = kinds.get(str(event.get("event")))
    return validator is not None and bool(validator.is_valid(event))


def _validate(action: RemoteAction, result: dict[str, Any]) -> bool:
    # what is wrong is left to Rasa, which says it in its own words
    return _is_valid(result) or bool(_validate_with_schema_check(action, result))


def _run(
    runner: DaskGraphRunner, inputs: dict[str, Any] | None = None, targets: list[str] | None = None
) -> dict[str, Any]:
    names = tuple(targets or runner._graph_schema.target_names)
    plans = _plans.setdefault(runner, {})
    if names not in plans:
        plans[names] = _plan(runner, names)
    values: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
    try:
        for name, node, needs in plans[names]:
            # a node names what it misses
            values[name] = node(*(values.get(need, need) for need in needs))
        return dict(values[name] for name in names)
    except RuntimeError as error:
        raise GraphRunError("Error running runner.") from error


def _plan(runner: DaskGraphRunner, targets: tuple[str, ...]) -> list[Step]:
    """The nodes that the targets need, each after those it needs itself. What is no node is an input."""
    nodes, plan, seen = runner._graph_schema.nodes, [], set()

    def visit(name: str) -> None:
        if name in seen or name not in nodes:
            return
        seen.add(name)
        needs = tuple(nodes[name].needs.values())
        for need in needs:
            visit(need)
        plan.append((name, runner._instantiated_nodes[name], needs))

    for target in targets:
        visit(target)
    return plan


def _is_empty(domain: Domain) -> bool:
    return bool(domain.as_dict() == _nothing())


@lru_cache(maxsize=1)
def _nothing() -> dict[str, Any]:
    return dict(Domain.empty().as_dict())


def _copy(slot: Slot) -> Slot:
    """What ``copy.copy`` does for an object without rules of its own."""
    twin = object.__new__(type(slot))
    twin.__dict__.update(slot.__dict__)
    return twin


def _session(endpoint: EndpointConfig) -> aiohttp.ClientSession:
    """Rasa's session on a connector that outlives it."""
    loop = asyncio.get_running_loop()
    connector = _connectors.get(loop)
    if connector is None or connector.closed:
        connector = _connectors[loop] = aiohttp.TCPConnector(keepalive_timeout=KEPT_SECONDS, limit=0)
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=False,
        headers=endpoint.headers,
        auth=aiohttp.BasicAuth(**endpoint.basic_auth) if endpoint.basic_auth else None,
        timeout=aiohttp.ClientTimeout(total=DEFAULT_REQUEST_TIMEOUT),
        # what the action server's own framework reads it with
        json_serialize=ujson.dumps,
    )
