"""A call as an interaction: only what is known, and a model's failures count for that model."""

from __future__ import annotations

from typing import Any

import pytest

from integration.dialects.calls import MOST_TAGS, ToldCall, fitting_id, interaction_of, model_of

TIMES = {"timestamp": 5, "duration": 800.0}


def known(**values: Any) -> dict[str, Any]:
    return interaction_of(ToldCall(started_ms=5, duration_ms=800.0, **values))


def test_what_is_unknown_is_left_out() -> None:
    assert known(model="m", input="Hi") == {"model_id": "m", "input": "Hi", "metadata": TIMES}


def test_an_error_is_told_of_a_failed_call_only() -> None:
    error = {"type": "Timeout"}

    assert known(failed=True, error=error)["error"] == error
    assert "error" not in known(failed=False, error=error)


def test_zero_costs_are_costs_unless_the_call_failed() -> None:
    assert known(cost=0.0, failed=False)["usage"] == {"cost": 0.0}
    assert "usage" not in known(cost=0.0, failed=True)
    assert known(cost=0.2, failed=True)["usage"] == {"cost": 0.2}


@pytest.mark.parametrize(
    ("asked", "served_by", "counted"),
    [
        ("gpt-4o", "gpt-4o-2024-08-06", "gpt-4o"),
        ("openai/gpt-4o", "gpt-4o-2024-08-06", "openai/gpt-4o"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5"),
        ("GPT-4o", "gpt-4o", "GPT-4o"),
        ("gpt-4o", "gpt-4o-mini", "gpt-4o-mini"),
        ("gpt-4o", "claude-sonnet-4-5", "claude-sonnet-4-5"),
        ("my-deployment", "gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("gpt-4o", None, "gpt-4o"),
        (None, "gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        (None, None, "unknown"),
    ],
)
def test_the_model_that_answered_counts_under_the_name_it_was_asked_by(
    asked: str | None, served_by: str | None, counted: str
) -> None:
    assert model_of(asked, served_by) == counted


def test_the_first_that_knows_wins() -> None:
    call = ToldCall()
    call.fill(model="first", session=None)
    call.fill(model="second", session="s-1", failed=False)
    call.fill(failed=True)

    assert (call.model, call.session, call.failed) == ("first", "s-1", False)


def test_another_telling_of_the_call_adds_what_this_one_lacks() -> None:
    call = ToldCall(id="inner", usage={"input_tokens": 5}, parameters={"top_p": 1})
    call.fill_from(ToldCall(id="outer", input="Hi", usage={"input_tokens": 9}, parameters={"n": 2}))

    assert (call.id, call.input, call.usage) == ("inner", "Hi", {"input_tokens": 5})
    assert call.parameters == {"top_p": 1, "n": 2}


def test_tags_are_few_and_short() -> None:
    call = ToldCall()
    call.fill_tags({"empty": "", "long": "x" * 5000, "wide": ["y" * 5000], "list": ["a"]})
    call.fill_tags({f"t{number}": number for number in range(100)})

    assert len(call.tags) == MOST_TAGS
    assert (len(str(call.tags["long"])), len(str(call.tags["wide"]))) == (1000, 1000)
    assert call.tags["list"] == ["a"]


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "extra_headers",
        "llm.headers",
        "gen_ai.openai.api-key",
        "Authorization",
        "Set-Cookie",
    ],
)
def test_keys_are_kept_nowhere(name: str) -> None:
    call = ToldCall()
    call.fill_tags({name: "sk-1"})
    call.fill_parameters({name: "sk-1"})

    assert (call.tags, call.parameters) == ({}, {})


def test_an_id_that_does_not_fit_is_made_to() -> None:
    long = "x" * 500

    assert fitting_id("call-1") == "call-1"
    assert fitting_id(long) == fitting_id(long) != fitting_id(long + "y")
    assert len(fitting_id(long)) <= 128
    assert "\x00" not in fitting_id("a\x00b")
