"""What stands in for parts of Rasa comes to the same."""

import ast
import copy
import inspect
from types import ModuleType
from typing import Any

import aiohttp.web
import pytest
from jsonschema import ValidationError
from rasa.core import processor
from rasa.core.actions.action import RemoteAction
from rasa.core.policies import rule_policy
from rasa.engine.exceptions import GraphComponentException, GraphRunError
from rasa.engine.graph import ExecutionContext, GraphComponent, GraphSchema, SchemaNode
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.shared.core.domain import Domain
from rasa.shared.core.slots import ListSlot, Slot
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.calls import call_format
from bot.histories import applied_events, copy_tracker
from bot.turns import _AsItIs, _copy, _is_empty, _run, _session, _validate, take_turns_cheaply


@pytest.fixture
def action() -> RemoteAction:
    return RemoteAction("action_answer", None)


def test_a_sound_answer_passes(action: RemoteAction) -> None:
    assert _validate(action, {"events": [{"event": "slot", "name": "place", "value": None}], "responses": []})


@pytest.mark.parametrize(
    "answer",
    [
        {"events": "none"},
        {"events": ["none"]},
        {"events": [{"name": "place"}]},
        {"events": [{"event": "unheard_of"}]},
        {"events": [{"event": "slot", "name": "place"}]},
        {"events": [{"event": "slot", "name": "place", "value": None, "timestamp": "now"}]},
        {"responses": ["hello"]},
    ],
)
def test_a_wrong_answer_is_refused_in_rasas_words(action: RemoteAction, answer: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="Failed to validate Action server response"):
        _validate(action, answer)


class Step(GraphComponent):
    """Adds up what it gets."""

    @classmethod
    def create(cls, *_: Any, **__: Any) -> "Step":
        return cls()

    def add(self, **values: int) -> int:
        return sum(values.values()) + 1

    def fail(self, **_: int) -> int:
        raise RuntimeError("broken")


def node(needs: dict[str, str], fn: str = "add") -> SchemaNode:
    return SchemaNode(needs=needs, uses=Step, constructor_name="create", fn=fn, config={}, eager=True)


@pytest.fixture
def runner(tmp_path: Any) -> DaskGraphRunner:
    nodes = {
        "last": node({"a": "left", "b": "right"}),
        "left": node({"a": "input"}),
        "right": node({"a": "left", "b": "other"}),
        "broken": node({"a": "left"}, "fail"),
        "lonely": node({"a": "missing"}),
    }
    schema = GraphSchema(nodes)
    return DaskGraphRunner(schema, LocalModelStorage(tmp_path), ExecutionContext(schema, "test"))


@pytest.mark.parametrize("targets", [["last"], ["left", "last"], ["right"]])
def test_a_graph_comes_to_the_same(runner: DaskGraphRunner, targets: list[str]) -> None:
    for given in ({"input": 1, "other": 5}, {"input": 2, "other": 7}):
        assert _run(runner, given, targets) == DaskGraphRunner.run(runner, given, targets)


@pytest.mark.parametrize(("target", "error"), [("broken", GraphComponentException), ("lonely", GraphRunError)])
def test_a_graph_that_fails_says_so_as_rasas(runner: DaskGraphRunner, target: str, error: type[Exception]) -> None:
    for run in (_run, DaskGraphRunner.run):
        with pytest.raises(error):
            run(runner, {"input": 1, "other": 5}, [target])


@pytest.mark.parametrize("domain", [Domain.empty(), Domain.from_dict({"intents": ["greet"]})])
def test_an_empty_domain_is_one_without_anything(domain: Domain) -> None:
    assert _is_empty(domain) == Domain.is_empty(domain)


def test_a_copied_slot_is_what_python_makes_of_it() -> None:
    slot = ListSlot("papers", mappings=[{"type": "custom"}], initial_value=["a"])
    slot.value = ["b"]
    twin = _copy(slot)
    assert (type(twin), vars(twin)) == (type(slot), vars(copy.copy(slot)))
    twin.value = ["c"]
    assert slot.value == ["b"]


async def test_a_connection_is_kept_for_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EndpointConfig, "session", _session)
    seen: list[int] = []

    async def answer(request: aiohttp.web.Request) -> aiohttp.web.Response:
        assert request.transport is not None
        seen.append(request.transport.get_extra_info("peername")[1])
        return aiohttp.web.json_response(await request.json())

    server = aiohttp.web.AppRunner(application_of(answer))
    await server.setup()
    site = aiohttp.web.TCPSite(server, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    endpoint = EndpointConfig(f"http://127.0.0.1:{port}/webhook")
    try:
        assert [await endpoint.request(json={"n": n}) for n in range(3)] == [{"n": n} for n in range(3)]
        assert len(set(seen)) == 1
        # the neighbour was restarted: what was kept is of no use any more, and nobody notices
        await site.stop()
        await server.cleanup()
        server = aiohttp.web.AppRunner(application_of(answer))
        await server.setup()
        await aiohttp.web.TCPSite(server, "127.0.0.1", port).start()
        assert await endpoint.request(json={"n": 4}) == {"n": 4}
    finally:
        await server.cleanup()


def application_of(answer: Any) -> aiohttp.web.Application:
    application = aiohttp.web.Application()
    application.router.add_post("/webhook", answer)
    return application


def test_takes_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    places = [
        (RemoteAction, "_validate_action_result"),
        (RemoteAction, "_action_call_format"),
        (DaskGraphRunner, "run"),
        (EndpointConfig, "session"),
        (Domain, "is_empty"),
        (DialogueStateTracker, "applied_events"),
        (DialogueStateTracker, "copy"),
        (processor, "copy"),
        (rule_policy, "copy"),
    ]
    for kind, name in places:
        monkeypatch.setattr(kind, name, getattr(kind, name))
    monkeypatch.setattr(Slot, "__copy__", None, raising=False)
    take_turns_cheaply()
    assert [getattr(kind, name) for kind, name in places] == [
        *(_validate, call_format, _run, _session, _is_empty),
        *(applied_events, copy_tracker, _AsItIs, _AsItIs),
    ]
    assert Slot.__copy__ is _copy


@pytest.mark.parametrize("module", [processor, rule_policy])
def test_what_is_no_longer_copied_went_into_debug_messages_alone(module: ModuleType) -> None:
    tree = ast.parse(inspect.getsource(module))
    copies = {node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "copy"}
    told = {
        inner
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "structlogger.debug"
        for inner in ast.walk(call)
    }
    assert copies
    assert copies <= told
