"""LiteLLM's callback: successes, failures, and each call once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import FeatureMemoryError
from integration.dialects.litellm import read_bodies, read_payload, split_bodies

START = 1_795_953_600.0


def payload(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "chatcmpl-1",
        "litellm_call_id": "call-1",
        "trace_id": "t-1",
        "session_id": "s-1",
        "call_type": "acompletion",
        "status": "success",
        "custom_llm_provider": "openai",
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Where is order 7?"}],
        "response": {
            "model": "gpt-4o-2024-08-06",
            "choices": [{"message": {"role": "assistant", "content": "On its way."}}],
            "usage": {"prompt_tokens": 30, "completion_tokens": 6},
        },
        "model_parameters": {"temperature": 0.4},
        "prompt_tokens": 30,
        "completion_tokens": 6,
        "total_tokens": 36,
        "response_cost": 0.002,
        "startTime": START,
        "endTime": START + 0.75,
        "request_tags": ["a"],
        "end_user": "u-1",
        "cache_hit": False,
        "metadata": {"user_api_key_hash": "secret", "user_api_key_team_alias": "search"},
        "error_information": {},
    }
    return {name: value for name, value in (made | changes).items() if value is not ...}


FAILURE: dict[str, Any] = {
    "status": "failure",
    "response": None,
    "completion_tokens": 0,
    "response_cost": 0.0,
    "error_str": "RateLimitError: slow down",
    "error_information": {"error_class": "RateLimitError", "error_code": "429"},
}


def test_a_success_is_told_whole() -> None:
    interaction = read_payload(payload())

    assert interaction == {
        "id": "litellm-call-1",
        "model_id": "gpt-4o",
        "input": [{"role": "user", "content": "Where is order 7?"}],
        "output": "On its way.",
        "parameters": {"temperature": 0.4},
        "usage": {"input_tokens": 30, "output_tokens": 6, "cost": 0.002},
        "success": True,
        "session_id": "s-1",
        "tags": {"user": "u-1", "provider": "openai", "tags": ["a"], "team": "search"},
        "metadata": {"timestamp": START * 1000, "duration": 750},
    }


def test_a_failure_is_an_error_and_neither_free_nor_fast() -> None:
    interaction = read_payload(payload(**FAILURE, endTime=START))

    assert interaction["success"] is False
    assert interaction["error"] == {
        "type": "RateLimitError",
        "code": "429",
        "message": "RateLimitError: slow down",
    }
    assert interaction["usage"] == {"input_tokens": 30}
    assert interaction["metadata"] == {"timestamp": START * 1000, "duration": None}
    assert "output" not in interaction


def test_a_failed_try_and_the_answer_after_it_are_two() -> None:
    assert read_payload(payload(**FAILURE))["id"] != read_payload(payload())["id"]


@pytest.mark.parametrize(
    ("changes", "made"),
    [
        ({"litellm_call_id": ..., "call_id": "c-2"}, "litellm-c-2"),
        ({"litellm_call_id": ...}, "litellm-chatcmpl-1"),
        ({"litellm_call_id": 5}, "litellm-5"),
    ],
)
def test_the_id_is_the_best_there_is(changes: dict[str, Any], made: str) -> None:
    assert read_payload(payload(**changes))["id"] == made


def test_without_any_id_the_content_is_the_id() -> None:
    bare = payload(litellm_call_id=..., id=...)

    assert read_payload(bare)["id"] == read_payload(dict(bare))["id"]
    assert read_payload(bare)["id"] != read_payload({**bare, "model": "m"})["id"]


COUNTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "cached within": (
        {
            "metadata": {
                "usage_object": {
                    "prompt_tokens": 30,
                    "completion_tokens": 6,
                    "prompt_tokens_details": {"cached_tokens": 20},
                    "completion_tokens_details": {"reasoning_tokens": 2},
                }
            }
        },
        {"input_tokens": 30, "output_tokens": 6, "cached_input_tokens": 20, "reasoning_tokens": 2},
    ),
    "Anthropic's own usage": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "response": {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "text", "text": "Hi"}],
                "usage": {
                    "input_tokens": 10,
                    "output_tokens": 5,
                    "cache_read_input_tokens": 200,
                    "cache_creation_input_tokens": 30,
                },
            },
        },
        {
            "input_tokens": 240,
            "output_tokens": 5,
            "cached_input_tokens": 200,
            "cache_write_tokens": 30,
        },
    ),
    "zeros that were measured": (
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0, "response": {}},
        {"input_tokens": 0, "output_tokens": 0},
    ),
    "nothing": (
        {"prompt_tokens": ..., "completion_tokens": ..., "total_tokens": ..., "response": {}},
        {},
    ),
}


@pytest.mark.parametrize("what", COUNTS)
def test_tokens_are_counted_in_one_meaning(what: str) -> None:
    changes, found = COUNTS[what]

    assert read_payload(payload(**changes, response_cost=...)).get("usage", {}) == found


def test_zero_is_a_cost_unless_no_price_was_found() -> None:
    assert read_payload(payload(response_cost=0.0))["usage"]["cost"] == 0
    unknown = payload(response_cost=0.0, response_cost_failure_debug_info={"error_str": "no price"})
    assert "cost" not in read_payload(unknown)["usage"]
    assert "cost" not in read_payload(payload(response_cost=None))["usage"]


def test_tools_belong_to_the_input_and_notes_of_the_caller_are_read() -> None:
    tool = {"type": "function", "function": {"name": "find"}}
    notes = {"requester_metadata": {"task_type": "support", "decision_id": "d-1"}}
    interaction = read_payload(payload(model_parameters={"tools": [tool], "n": 1}, metadata=notes))

    assert interaction["input"]["tools"] == [tool]
    assert interaction["parameters"] == {"n": 1}
    assert (interaction["task_type"], interaction["decision_id"]) == ("support", "d-1")


def test_nothing_of_keys_is_kept() -> None:
    assert "secret" not in json.dumps(read_payload(payload()))


FORMS = {
    "array": lambda items: json.dumps(items),
    "lines": lambda items: "\n".join(map(json.dumps, items)),
    "lines with blanks": lambda items: "\n\n".join(map(json.dumps, items)) + "\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_the_same_calls(form: str) -> None:
    calls = [payload(litellm_call_id=f"c-{number}") for number in range(3)]
    found = list(read_bodies(split_bodies(FORMS[form](calls).encode())))

    assert [one["id"] for one in found] == [f"litellm-c-{n}" for n in range(3)]


def test_a_single_call_and_none_at_all() -> None:
    assert len(split_bodies(json.dumps(payload()).encode())) == 1
    assert split_bodies(b"[]") == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"5", 422),
        (b'"x"', 422),
        (b"null", 422),
        (b"", 400),
        (b'{"a": ', 400),
        (b"[1, 2", 400),
        (b"\xff", 400),
        (b"x\ny", 400),
        (b"[" * 5000 + b"]" * 5000, 400),
    ],
)
def test_a_body_that_is_none_is_refused(body: bytes, status: int) -> None:
    with pytest.raises(FeatureMemoryError) as refusal:
        split_bodies(body)

    assert refusal.value.status == status


BROKEN = [{}, 5, None, "x", [], {"litellm_call_id": 5}, {"model": "m", "startTime": "never"}]


def test_a_broken_call_is_refused_alone() -> None:
    bodies = [json.dumps(one).encode() for one in [*BROKEN, payload()]] + [b"{broken", b"\xff"]
    found = list(read_bodies(bodies))

    refused = [isinstance(one, FeatureMemoryError) for one in found]
    assert refused == [True] * len(BROKEN) + [False, True, True]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(payload())), json_values, max_size=5))
def test_any_value_in_any_place_is_read_or_refused(changes: dict[str, Any]) -> None:
    (found,) = read_bodies([json.dumps(payload(**changes)).encode()])

    assert isinstance(found, dict) or found.status < 500


@pytest.mark.parametrize(
    ("trace", "session"),
    [("s-9", "s-9"), ("c9c25b09-7c85-4d2e-9a51-0d0c3b9d1f10", None), ("", None), (..., None)],
)
def test_a_trace_the_caller_named_is_the_session(trace: Any, session: str | None) -> None:
    """The SDK puts the caller's `session_id` there; where there is none it makes a UUID a call."""
    interaction = read_payload(payload(session_id="", trace_id=trace))

    assert interaction.get("session_id") == session
