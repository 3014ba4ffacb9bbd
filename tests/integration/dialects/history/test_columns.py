"""Plain tables: by name, by a mapping, by usual names; empty cells are unknown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from integration.dialects.history.columns import guess_mapping, read

NOON = 1_795_953_600_000
ROW = {"model_id": "m", "timestamp": "2026-11-29T12:00:00Z", "input": "Hi"}


def only(row: dict[str, Any], **how: Any) -> dict[str, Any]:
    ((_, found),) = read([row], **how)
    assert isinstance(found, dict), found
    return found


def test_columns_named_like_fields_need_no_mapping() -> None:
    row = {
        **ROW,
        "output": '{"label": "x"}',
        "usage.input_tokens": "12",
        "output_tokens": "0",
        "cost": "",
        "duration": "800",
        "memory_usage": 5,
        "success": "True",
        "score": "0.5",
        "tags.env": "prod",
        "parameters.temperature": "0.4",
        "unknown": "x",
    }

    assert only(row) == {
        "model_id": "m",
        "input": "Hi",
        "output": {"label": "x"},
        "usage": {"input_tokens": 12, "output_tokens": 0},
        "success": True,
        "score": 0.5,
        "tags": {"env": "prod"},
        "parameters": {"temperature": "0.4"},
        "metadata": {"timestamp": NOON, "duration": 800, "resource_usage": {"memory_usage": 5}},
    }


def test_usual_names_are_known_where_they_mean_one_thing() -> None:
    columns = [
        "Prompt",
        "Response",
        "Model",
        "created_at",
        "latency",
        "latency_ms",
        "Prompt Tokens",
    ]

    assert guess_mapping(columns) == {
        "Prompt": "input",
        "Response": "output",
        "Model": "model_id",
        "created_at": "timestamp",
        "latency_ms": "duration",
        "Prompt Tokens": "input_tokens",
    }
    assert guess_mapping(["prompt", "input"]) == {"input": "input"}


def test_a_mapping_names_the_columns() -> None:
    row = {"q": "Hi", "city": "Lyon", "when": NOON // 1000, "secs": "0.8", "other": "x"}
    row |= {"m": "m", "t": "t"}
    mapping = {
        "m": "model_id",
        "t": "task_type",
        "q": "input.question",
        "city": "input.city",
        "when": "timestamp",
        "secs": "duration_s",
    }
    found = only(row, mapping=mapping)

    assert found["input"] == {"question": "Hi", "city": "Lyon"}
    assert found["metadata"] == {"timestamp": NOON, "duration": 800.0}
    assert (found["model_id"], found["task_type"]) == ("m", "t")


def test_a_mapping_to_no_field_is_refused_at_once() -> None:
    with pytest.raises(FeatureMemoryError, match="there is no field 'inputt'"):
        list(read([], mapping={"q": "inputt"}))


@pytest.mark.parametrize(
    "moment", [datetime(2026, 11, 29, 12), datetime(2026, 11, 29, 12, tzinfo=UTC)]
)
def test_values_of_parquet_are_taken_as_they_are(moment: datetime) -> None:
    row = {
        **ROW,
        "timestamp": moment,
        "score": 1,
        "success": False,
        "cost": float("nan"),
        "error": None,
    }
    found = only(row)

    assert found["metadata"]["timestamp"] == NOON
    assert (found["score"], found["success"]) == (1, False)
    assert "usage" not in found


def test_messages_are_read_in_the_one_shape() -> None:
    found = only(
        {**ROW, "input": '[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]'}
    )

    assert found["input"] == [{"role": "user", "content": "Hi"}]


BROKEN = [
    {"timestamp": "never"},
    {"timestamp": ""},
    {"model_id": None},
    {"duration": "fast"},
    {"score": "good"},
    {"success": "maybe"},
    {"input_tokens": "-1"},
]


@pytest.mark.parametrize("change", BROKEN, ids=str)
def test_a_broken_row_is_refused_alone(change: dict[str, Any]) -> None:
    found = list(read([{**ROW, **change}, ROW]))

    assert [isinstance(one, FeatureMemoryError) for _, one in found] == [True, False]
