"""`wrap(client, prepare=True)`: decisions applied, answers from memory, shadows after the answer."""

from __future__ import annotations

import time
from typing import Any

import featurememory_client as fm
import pytest

from tests.integration.client.calls import recorded
from tests.integration.client.fake_model import FakeModel
from tests.integration.client.fake_server import PREPARE, FakeServer, Tarpit
from tests.integration.client.stand_in_sdk import APIStatusError, Provider
from tests.integration.client.wrapping.calls import ask_large


def test_it_asks_about_the_task(prepared: Provider, server: FakeServer) -> None:
    ask_large(prepared, temperature=0.2)

    order = server.bodies(PREPARE)[0]
    assert order["models"] == ["large", "small"]
    assert order["task"] == {
        "task_type": "t",
        "model_id": "large",
        "input": {"messages": [{"role": "user", "content": "hello"}]},
        "parameters": {"temperature": 0.2},
    }


def test_the_model_runs_as_decided_and_the_call_says_so(
    prepared: Provider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: {
        "task": {**task, "model_id": "small", "parameters": {"temperature": 0.7}},
        "changed": ["model_id", "parameters"],
    }
    ask_large(prepared, temperature=0.2, top_p=0.5)

    body = model.bodies[0]
    assert (body["model"], body["temperature"], "top_p" in body) == ("small", 0.7, False)
    entry = recorded(server)
    assert (entry["model_id"], entry["decision_id"]) == ("small", "decision-1")
    assert entry["parameters"] == {"temperature": 0.7}


def test_a_time_limit_that_was_decided_is_kept(
    prepared: Provider, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = Provider.request

    def note(self: Provider, cast_to: Any, options: Any, **more: Any) -> Any:
        seen.append(options)
        return real(self, cast_to, options, **more)

    monkeypatch.setattr(Provider, "request", note)
    params = {"timeout_ms": 1500, "retries": 1}
    applied = {"id": "o", "type": "timeout", "arm": "treatment", "params": params}
    server.decide = lambda task: {"optimizations_applied": [applied]}
    ask_large(prepared)

    assert (seen[0].timeout, seen[0].max_retries) == (1.5, 1)


CACHED = ["cached words", {"role": "assistant", "content": "cached words"}]


@pytest.mark.parametrize("cached", CACHED, ids=["text", "message"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_cached_output_is_served_without_the_model(
    prepared: Provider, server: FakeServer, model: FakeModel, cached: Any, stream: bool
) -> None:
    server.decide = lambda task: {"cached_output": cached}
    answer = ask_large(prepared, stream=stream)
    if stream:
        text = "".join(getattr(chunk.choices[0].delta, "content", None) or "" for chunk in answer)
    else:
        text = answer.choices[0].message.content

    assert text == "cached words"
    assert model.requests == []
    entry = recorded(server)
    assert (entry["decision_id"], entry["tags"]["served"]) == ("decision-1", "cache")
    assert (entry["success"], entry["usage"]) == (None, {"cost": 0})


def test_a_cached_tool_call_is_served_as_one(prepared: Provider, server: FakeServer) -> None:
    ask_large(prepared, "hello [tool]")
    kept = recorded(server)["output"]
    server.decide = lambda task: {"cached_output": kept}

    (call,) = ask_large(prepared).choices[0].message.tool_calls
    assert call.function.arguments == '{"ticket": "T-77"}'


def read_text(prepared: Any, path: str, stream: bool) -> str:
    if path == "responses":
        answer = prepared.responses.create(model="m", input="hello", stream=stream)
        deltas = [e.delta for e in answer if e.type.endswith("text.delta")] if stream else []
        return "".join(deltas) if stream else str(answer.output[0].content[0].text)
    said = [{"role": "user", "content": "hello"}]
    answer = prepared.messages.create(model="m", messages=said, stream=stream)
    parts = [e.delta.text for e in answer if e.type == "content_block_delta"] if stream else []
    return "".join(parts) if stream else str(answer.content[0].text)


@pytest.mark.parametrize("path", ["responses", "messages"])
@pytest.mark.parametrize("stream", [False, True])
def test_every_endpoint_serves_what_was_recorded(
    prepared: Provider, server: FakeServer, model: FakeModel, path: str, stream: bool
) -> None:
    assert read_text(prepared, path, False) == "echo hello"
    kept = recorded(server)["output"]
    server.decide = lambda task: {"cached_output": kept}

    assert read_text(prepared, path, stream) == "echo hello"
    assert len(model.requests) == 1


@pytest.mark.parametrize("cached", [5, [], [7], {"odd": 1}, {"vectors": 1}])
def test_a_cached_output_of_no_known_form_is_not_served(
    prepared: Provider, server: FakeServer, model: FakeModel, cached: Any
) -> None:
    server.decide = lambda task: {"cached_output": cached}

    assert ask_large(prepared).choices[0].message.content == "echo hello"
    assert "decision_id" not in recorded(server)


def test_what_the_provider_refuses_runs_as_it_was_meant(
    prepared: Provider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: {"task": {**task, "model_id": "x-[400]"}, "changed": ["model_id"]}

    assert ask_large(prepared).choices[0].message.content == "echo hello"
    assert fm.flush()
    outcomes = [(e["model_id"], e["success"], e.get("decision_id")) for e in server.acknowledged]
    assert outcomes == [("x-[400]", False, "decision-1"), ("large", True, None)]


def test_an_error_of_a_task_that_was_not_changed_is_the_callers(prepared: Provider) -> None:
    with pytest.raises(APIStatusError):
        ask_large(prepared, "hello [400]")


def test_a_change_nobody_here_can_make_changes_nothing(
    prepared: Provider, server: FakeServer, model: FakeModel
) -> None:
    server.decide = lambda task: {"task": {**task, "input": "other"}, "changed": ["input"]}
    ask_large(prepared)

    assert model.bodies[0]["messages"][0]["content"] == "hello"
    assert "decision_id" not in recorded(server)


def test_embeddings_are_not_asked_about(prepared: Provider, server: FakeServer) -> None:
    prepared.embeddings.create(model="m", input="hello")

    assert server.bodies(PREPARE) == []


def test_without_an_answer_everything_is_as_ever(
    bare: Provider, model: FakeModel, tarpit: Tarpit
) -> None:
    fm.init(tarpit.url, "k", timeout=0.1)
    prepared = fm.wrap(bare, prepare=True)
    began = time.monotonic()

    assert ask_large(prepared).choices[0].message.content == "echo hello"
    assert time.monotonic() - began < 0.5
    assert model.bodies[0]["model"] == "large"
