"""OpenAI's batches: requests and results find each other, and durations stay unknown."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from integration.dialects.history.openai_batch import read

CREATED = 1_795_953_600


def asked(name: str = "r-1", **body: Any) -> dict[str, Any]:
    made = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": f"Where is order {name}?"}],
        "temperature": 0.4,
    }
    return {
        "custom_id": name,
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": body or made,
    }


def answered(name: str = "r-1", status: int = 200, **body: Any) -> dict[str, Any]:
    made = {
        "id": "chatcmpl-1",
        "created": CREATED,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"message": {"role": "assistant", "content": "On its way."}}],
        "usage": {
            "prompt_tokens": 30,
            "completion_tokens": 6,
            "prompt_tokens_details": {"cached_tokens": 20},
        },
    }
    response = {"status_code": status, "request_id": "req-1", "body": body or made}
    return {"id": f"batch_req_{name}", "custom_id": name, "response": response, "error": None}


@pytest.mark.parametrize("order", [0, 1])
def test_a_pair_is_told_whole_in_either_order(order: int) -> None:
    rows = [asked(), answered()]
    ((number, found),) = read(reversed(rows) if order else rows)

    assert number == 2
    assert found == {
        "id": "openai-batch-batch_req_r-1",
        "model_id": "gpt-4o",
        "input": [{"role": "user", "content": "Where is order r-1?"}],
        "output": "On its way.",
        "parameters": {"temperature": 0.4},
        "usage": {"input_tokens": 30, "output_tokens": 6, "cached_input_tokens": 20},
        "success": True,
        "tags": {"provider": "openai", "batch": True},
        "metadata": {"timestamp": CREATED * 1000, "duration": None},
    }


def test_files_may_be_mixed_in_any_order() -> None:
    rows = [asked("a"), asked("b"), answered("b"), asked("c"), answered("a"), answered("c")]
    for order in itertools.permutations(rows):
        found = [one["id"][-1] for _, one in read(order) if isinstance(one, dict)]

        assert sorted(found) == ["a", "b", "c"]


def test_responses_and_embeddings_are_read() -> None:
    responses = read(
        [
            asked(model="gpt-4o", instructions="Be brief.", input="Where?", max_output_tokens=9),
            answered(
                created_at=CREATED,
                output=[
                    {"role": "assistant", "content": [{"type": "output_text", "text": "Here."}]}
                ],
                usage={"input_tokens": 3, "output_tokens": 1},
            ),
        ]
    )
    ((_, one),) = responses
    embedding = [asked("e", model="e-3", input=["a", "b"]), answered("e", data=[1])]
    _, (_, two) = read([asked(), answered(), *embedding])

    assert isinstance(one, dict)
    assert one["input"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Where?"},
    ]
    assert (one["output"], one["parameters"]) == ("Here.", {"max_output_tokens": 9})
    assert isinstance(two, dict)
    assert (two["input"], two["metadata"]["timestamp"]) == (["a", "b"], CREATED * 1000)


FAILURES: dict[str, dict[str, Any]] = {
    "refused": answered(status=429, error={"code": "rate_limit", "message": "slow down"}),
    "expired": {
        "id": "batch_req_r-1",
        "custom_id": "r-1",
        "response": None,
        "error": {"code": "batch_expired", "message": "not in time"},
    },
}


@pytest.mark.parametrize("how", FAILURES)
def test_a_failed_request_is_an_error(how: str) -> None:
    _, (_, found) = read([asked("r-0"), answered("r-0"), asked(), FAILURES[how]])

    assert isinstance(found, dict)
    assert (found["success"], found["model_id"]) == (False, "gpt-4o")
    assert found["error"]["code"] in ("rate_limit", "batch_expired")
    assert "output" not in found


def test_what_has_no_time_or_no_other_half_is_told() -> None:
    found = list(
        read([asked(), FAILURES["expired"], answered("alone"), asked("waiting"), {"x": 1}])
    )
    errors = {number: one.message for number, one in found if isinstance(one, FeatureMemoryError)}

    assert set(errors) == {2, 3, 5}
    assert "none of the files" in errors[3]


def test_a_name_used_twice_keeps_the_later() -> None:
    again = asked("r-1", model="gpt-5", input="again")
    found = [one for _, one in read([asked(), again, answered()])]

    assert [one["input"] for one in found if isinstance(one, dict)] == ["again"]
