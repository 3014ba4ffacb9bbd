"""What Phoenix exports: spans of its API, and tables with a column for each attribute."""

from __future__ import annotations

import json
from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from integration.dialects.history.phoenix import read
from tests.integration.dialects.sent import SPAN, TRACE

TIMES = {"start_time": "2026-11-29T12:00:00+00:00", "end_time": "2026-11-29T12:00:00.800000+00:00"}
ATTRIBUTES: dict[str, Any] = {
    "llm.model_name": "gpt-4o",
    "llm.invocation_parameters": '{"temperature": 0.4}',
    "llm.token_count.prompt": 30,
    "llm.token_count.completion": 6,
    "session.id": "s-1",
    "tag.tags": ["a", "b"],
    "output.value": "On its way.",
}
DOTTED = {
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "Where is order 7?",
}
LISTED = [{"message.role": "user", "message.content": "Where is order 7?"}]
NESTED = {
    "llm": {
        "model_name": "gpt-4o",
        "invocation_parameters": '{"temperature": 0.4}',
        "token_count": {"prompt": 30, "completion": 6},
        "input_messages": [{"message": {"role": "user", "content": "Where is order 7?"}}],
    },
    "session": {"id": "s-1"},
    "tag": {"tags": ["a", "b"]},
    "output": {"value": "On its way."},
    "openinference": {"span": {"kind": "LLM"}},
}
API: dict[str, Any] = {
    "name": "ChatCompletion",
    "context": {"trace_id": TRACE, "span_id": SPAN},
    "span_kind": "LLM",
    "parent_id": None,
    "status_code": "OK",
    **TIMES,
}
TABLE: dict[str, Any] = {
    "name": "ChatCompletion",
    "context.trace_id": TRACE,
    "context.span_id": SPAN,
    "span_kind": "LLM",
    "status_code": "UNSET",
    **TIMES,
    **{f"attributes.{name}": value for name, value in ATTRIBUTES.items()},
    "attributes.llm.input_messages": LISTED,
    "attributes.llm.token_count.total": float("nan"),
    "attributes.user.id": None,
}
SHAPES: dict[str, dict[str, Any]] = {
    "API with dotted names": {**API, "attributes": {**ATTRIBUTES, **DOTTED}},
    "API with nested names": {**API, "attributes": NESTED},
    "table": TABLE,
    "table as text": {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in TABLE.items()
        if value is not None and value == value
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_tells_the_same_call(shape: str) -> None:
    ((_, found),) = read([SHAPES[shape]])

    assert found == {
        "id": f"{TRACE}-{SPAN}",
        "model_id": "gpt-4o",
        "input": [{"role": "user", "content": "Where is order 7?"}],
        "output": "On its way.",
        "parameters": {"temperature": 0.4},
        "usage": {"input_tokens": 30, "output_tokens": 6},
        "success": True,
        "session_id": "s-1",
        "tags": {"tags": ["a", "b"]},
        "metadata": {"timestamp": 1_795_953_600_000, "duration": 800.0},
    }


def test_a_failure_says_what_happened() -> None:
    event = {"name": "exception", "timestamp": TIMES["end_time"]}
    event["attributes"] = {"exception.type": "Timeout", "exception.message": "slow"}  # type: ignore[assignment]
    ((_, found),) = read([{**TABLE, "status_code": "ERROR", "events": [event]}])

    assert isinstance(found, dict)
    assert (found["success"], found["error"]) == (False, {"type": "Timeout", "message": "slow"})


def test_chains_and_models_above_models_are_left_out() -> None:
    def row(own: str, parent: str | None, kind: str) -> dict[str, Any]:
        return {**TABLE, "context.span_id": own, "parent_id": parent, "span_kind": kind}

    rows = [
        row("a", None, "CHAIN"),
        row("b", "a", "LLM"),
        row("c", "b", "LLM"),
        row("d", "a", "TOOL"),
    ]

    assert [found["id"][-1] for _, found in read(rows) if isinstance(found, dict)] == ["c"]


@pytest.mark.parametrize(
    "change", [{"context.span_id": None}, {"start_time": None}, {"start_time": "never"}]
)
def test_a_broken_row_is_refused_alone(change: dict[str, Any]) -> None:
    found = list(read([{**TABLE, **change}, {**TABLE, "context.span_id": "fine"}]))

    assert [isinstance(one, FeatureMemoryError) for _, one in found] == [True, False]


@pytest.mark.parametrize(
    "odd", [{"attributes": 5}, {"events": [5, {}]}, {"context": []}, {"parent_id": 5}]
)
def test_what_is_odd_but_beside_the_point_is_left_out(odd: dict[str, Any]) -> None:
    ((_, found),) = read([{**TABLE, **odd}])

    assert isinstance(found, dict)
