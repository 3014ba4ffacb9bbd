"""LiteLLM's two spans a call, its costs and its ids."""

from __future__ import annotations

import json

import pytest

from integration.dialects.spans.dialect import SpanKind
from integration.dialects.spans.mapping import kind_of
from tests.integration.dialects.sent import CHAT, span, told

MAIN = {
    **CHAT,
    "gen_ai.operation.name": "acompletion",
    "llm.request.type": "acompletion",
    "llm.is_streaming": "True",
    "litellm.call_id": "abc",
    "gen_ai.cost.total_cost": 0.02,
    "gen_ai.cost.input_cost": 0.01,
    "hidden_params": "{}",
    "metadata.user_api_key_hash": "secret-digest",
    "metadata.user_api_key_alias": "",
    "metadata.user_api_key_team_alias": "search",
    "metadata.requester_metadata": json.dumps({"task_type": "support", "decision_id": "d-1"}),
}


def test_what_it_adds_is_read_and_nothing_of_keys_is_kept() -> None:
    interaction = told(MAIN)

    assert interaction["id"] == "litellm-abc"
    assert interaction["usage"] == {"input_tokens": 40, "output_tokens": 8, "cost": 0.02}
    assert interaction["parameters"] == {"stream": True}
    assert (interaction["task_type"], interaction["decision_id"]) == ("support", "d-1")
    assert interaction["tags"]["team"] == "search"
    assert "secret-digest" not in json.dumps(interaction)


@pytest.mark.parametrize("name", ["raw_gen_ai_request", "my generation"])
def test_the_raw_request_is_context(name: str) -> None:
    raw = {"llm.openai.stringified_raw_response": "{}", "llm.openai.model": "gpt-5-mini"}

    assert kind_of(span(raw, name=name)) is SpanKind.CONTEXT
    assert kind_of(span(MAIN, name="litellm_request")) is SpanKind.MODEL


def test_an_error_is_told() -> None:
    interaction = told(
        {**MAIN, "error.message": "too many requests", "error.type": "RateLimitError"}
    )

    assert interaction["error"] == {"type": "RateLimitError", "message": "too many requests"}
    assert told({**MAIN, "error.message": ""})["success"] is True
