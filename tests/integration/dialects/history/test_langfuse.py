"""What Langfuse exports: its API's, its blob storage's and its pages' shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from integration.dialects.history.langfuse import read
from tests.integration.dialects.sent import SPAN, TRACE, told

API: dict[str, Any] = {
    "id": SPAN,
    "traceId": TRACE,
    "type": "GENERATION",
    "name": "answer",
    "startTime": "2026-11-29T12:00:00.000Z",
    "endTime": "2026-11-29T12:00:00.800Z",
    "model": "gpt-4o",
    "modelParameters": {"temperature": 0.4},
    "input": [{"role": "user", "content": "Where is order 7?"}],
    "output": {"role": "assistant", "content": "On its way."},
    "usageDetails": {"input": 176, "output": 30, "total": 1240}
    | {"input_cached_tokens": 1024, "output_reasoning_tokens": 10},
    "costDetails": {"input": 0.1, "output": 0.2, "total": 0.3},
    "level": "DEFAULT",
    "sessionId": "s-1",
    "userId": "u-1",
    "environment": "production",
    "parentObservationId": None,
}
BLOB: dict[str, Any] = {
    "id": SPAN,
    "trace_id": TRACE,
    "type": "GENERATION",
    "start_time": "2026-11-29 12:00:00.000000",
    "end_time": "2026-11-29 12:00:00.800000",
    "provided_model_name": "gpt-4o",
    "model_parameters": '{"temperature": 0.4}',
    "input": json.dumps(API["input"]),
    "output": json.dumps(API["output"]),
    "usage_details": API["usageDetails"],
    "cost_details": API["costDetails"],
    "level": "DEFAULT",
    "session_id": "s-1",
    "user_id": "u-1",
    "environment": "production",
    "parent_observation_id": "",
}
PAGE: dict[str, str] = {
    name: value if isinstance(value, str) else json.dumps(value)
    for name, value in API.items()
    if value is not None
}


def only(row: dict[str, Any]) -> dict[str, Any]:
    ((number, found),) = read([row])
    assert number == 1
    assert isinstance(found, dict), found
    return found


@pytest.mark.parametrize("row", [API, BLOB, PAGE], ids=["api", "blob", "page"])
def test_every_shape_tells_the_same_call(row: dict[str, Any]) -> None:
    assert only(row) == {
        "id": f"{TRACE}-{SPAN}",
        "model_id": "gpt-4o",
        "input": API["input"],
        "output": "On its way.",
        "parameters": {"temperature": 0.4},
        "usage": {
            "input_tokens": 1200,
            "output_tokens": 40,
            "cached_input_tokens": 1024,
            "reasoning_tokens": 10,
            "cost": 0.3,
        },
        "success": True,
        "session_id": "s-1",
        "tags": {"user": "u-1", "env": "production"},
        "metadata": {"timestamp": 1_795_953_600_000, "duration": 800.0},
    }


def test_an_import_meets_what_came_live() -> None:
    assert only(API)["id"] == told({"langfuse.observation.model.name": "gpt-4o"})["id"]


USAGES: dict[str, tuple[dict[str, Any], dict[str, float]]] = {
    "the old object": ({"usage": {"input": 5, "output": 2, "total": 7}}, {"in": 5, "out": 2}),
    "the oldest object": (
        {"usage": {"promptTokens": 5, "completionTokens": 2}},
        {"in": 5, "out": 2},
    ),
    "plain columns": ({"inputUsage": 5, "outputUsage": 2, "totalUsage": 7}, {"in": 5, "out": 2}),
    "told to be nothing": ({"usageDetails": {}, "inputUsage": 0, "outputUsage": 0}, {}),
    "zero": ({"usage": {"input": 0, "output": 0}}, {"in": 0, "out": 0}),
    "nothing": ({}, {}),
}


@pytest.mark.parametrize("what", USAGES)
def test_tokens_are_found_and_absent_ones_are_not_zero(what: str) -> None:
    given, counts = USAGES[what]
    row = {
        name: value for name, value in API.items() if name not in ("usageDetails", "costDetails")
    }
    names = {"in": "input_tokens", "out": "output_tokens"}

    assert only(row | given).get("usage", {}) == {names[name]: n for name, n in counts.items()}


def test_an_end_that_was_never_set_is_no_duration() -> None:
    assert only({**API, "endTime": None})["metadata"]["duration"] is None


def test_what_failed_was_an_error() -> None:
    failed = only({**API, "level": "ERROR", "statusMessage": "429", "costDetails": {"total": 0}})

    assert (failed["success"], failed["error"]) == (False, {"message": "429"})
    assert "cost" not in failed["usage"]


def test_only_calls_of_models_are_imported() -> None:
    rows = [
        {**API, "id": f"{n}", "type": kind} for n, kind in enumerate(["SPAN", "EVENT", "AGENT"])
    ]
    above = {**API, "id": "above"}
    below = {**API, "id": "below", "parentObservationId": "above"}
    found = [one for _, one in read([*rows, above, below, {"id": "trace", "name": "x"}])]

    assert [one["id"] for one in found if isinstance(one, dict)] == [f"{TRACE}-below"]
    assert len(found) == 1


def test_a_trace_brings_its_observations() -> None:
    own = {name: value for name, value in API.items() if name not in ("traceId", "sessionId")}
    trace = {
        "id": TRACE,
        "sessionId": "s-9",
        "observations": [own, {**own, "id": "other", "type": "SPAN"}, "id"],
    }

    assert (only(trace)["id"], only(trace)["session_id"]) == (f"{TRACE}-{SPAN}", "s-9")


@pytest.mark.parametrize(
    "change",
    [{"id": None}, {"startTime": None}, {"startTime": "never"}, {"id": {}}, {"startTime": []}],
)
def test_a_broken_row_is_refused_alone(change: dict[str, Any]) -> None:
    found = list(read([{**API, **change}, {**API, "id": "fine"}]))

    assert [isinstance(one, FeatureMemoryError) for _, one in found] == [True, False]
    assert [number for number, _ in found] == [1, 2]
