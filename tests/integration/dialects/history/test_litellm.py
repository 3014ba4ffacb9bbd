"""LiteLLM's spend logs, with and without the texts, and payloads kept in files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from integration.dialects.history.litellm import read
from integration.dialects.litellm import read_payload
from tests.integration.dialects.test_litellm import payload

ROW: dict[str, Any] = {
    "request_id": "chatcmpl-1",
    "call_type": "acompletion",
    "api_key": "digest",
    "spend": 0.002,
    "prompt_tokens": 30,
    "completion_tokens": 6,
    "total_tokens": 36,
    "startTime": "2026-11-29 12:00:00.000",
    "endTime": "2026-11-29 12:00:00.750",
    "model": "gpt-4o",
    "custom_llm_provider": "openai",
    "cache_hit": "False",
    "messages": {},
    "response": {"choices": [{"message": {"role": "assistant", "content": "On its way."}}]},
    "proxy_server_request": {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Where is order 7?"}],
        "temperature": 0.4,
        "metadata": {"secret": "x"},
    },
    "metadata": {"user_api_key_team_alias": "search", "status": "success"},
    "request_tags": ["a"],
    "end_user": "u-1",
    "session_id": "s-1",
}


def as_text(row: dict[str, Any]) -> dict[str, str]:
    return {name: v if isinstance(v, str) else json.dumps(v) for name, v in row.items()}


@pytest.mark.parametrize("row", [ROW, as_text(ROW)], ids=["values", "text"])
def test_a_row_is_told_whole(row: dict[str, Any]) -> None:
    ((_, found),) = read([row])

    assert found == {
        "id": "litellm-chatcmpl-1",
        "model_id": "gpt-4o",
        "input": [{"role": "user", "content": "Where is order 7?"}],
        "output": "On its way.",
        "parameters": {"temperature": 0.4},
        "usage": {"input_tokens": 30, "output_tokens": 6, "cost": 0.002},
        "success": True,
        "session_id": "s-1",
        "tags": {"user": "u-1", "provider": "openai", "tags": ["a"], "team": "search"},
        "metadata": {"timestamp": 1_795_953_600_000, "duration": 750.0},
    }


def test_rows_without_texts_are_calls_all_the_same() -> None:
    ((_, found),) = read([{**ROW, "response": "{}", "proxy_server_request": "{}"}])

    assert isinstance(found, dict)
    assert found["input"] is None
    assert "output" not in found


def test_a_failed_row_is_an_error_and_not_free() -> None:
    error = {"error_class": "RateLimitError", "error_code": "429"}
    row = {**ROW, "status": "failure", "spend": 0.0, "completion_tokens": 0, "response": {}}
    ((_, found),) = read([{**row, "metadata": {"error_information": error}}])

    assert isinstance(found, dict)
    assert (found["success"], found["error"]) == (False, {"type": "RateLimitError", "code": "429"})
    assert found["usage"] == {"input_tokens": 30}


def test_payloads_of_the_callback_are_read_as_they_are_live() -> None:
    assert list(read([payload()])) == [(1, read_payload(payload()))]


def test_a_broken_row_is_refused_alone() -> None:
    found = list(read([{**ROW, "startTime": "never"}, {**ROW, "model": ""}, ROW]))

    assert [isinstance(one, FeatureMemoryError) for _, one in found] == [True, True, False]
