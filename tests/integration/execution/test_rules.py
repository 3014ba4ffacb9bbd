"""What is tried again, after which pause, and what is not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.execution.rules import ExecutionRules, is_models_fault, is_passing
from optimizations.engine.domain.task import Applied

RULES = ExecutionRules(attempts=4, first_pause_s=1.0, longest_pause_s=3.0)


def answered(status: int, **headers: str) -> Exception:
    request = httpx.Request("POST", "http://model/")
    response = httpx.Response(status, headers=headers, request=request)
    return httpx.HTTPStatusError("no", request=request, response=response)


@pytest.mark.parametrize(
    "error",
    [TimeoutError(), ConnectionResetError(), httpx.ReadError("x"), answered(429), answered(503)],
    ids=repr,
)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    assert is_passing(error)
    assert RULES.find_pause(1, error, 0.5) == 0.5


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        answered(400),
        answered(401),
        FeatureMemoryError("no room", ErrorCode.OVERLOADED),
    ],
    ids=repr,
)
def test_what_would_fail_again_is_not(error: Exception) -> None:
    assert RULES.find_pause(1, error, 0.5) is None


def test_pauses_double_up_to_the_longest_and_are_drawn_from_zero_up() -> None:
    pauses = [RULES.find_pause(attempt, TimeoutError(), 1.0) for attempt in (1, 2, 3, 4)]

    assert pauses == [1.0, 2.0, 3.0, None]
    assert RULES.find_pause(2, TimeoutError(), 0.0) == 0.0


@pytest.mark.parametrize(
    ("wish", "pause"), [("7", 7.0), ("3600", None), ("soon", 0.5), ("-1", 0.5)]
)
def test_a_provider_that_says_when_is_believed(wish: str, pause: float | None) -> None:
    assert RULES.find_pause(1, answered(429, **{"Retry-After": wish}), 0.5) == pause


def test_a_request_the_model_refuses_is_not_its_fault() -> None:
    assert not is_models_fault(answered(400))
    assert is_models_fault(answered(500))
    assert is_models_fault(ValueError())


def test_an_applied_timeout_is_followed() -> None:
    limit = Applied("o-1", "timeout", "treatment", {"timeout_ms": 1500, "retries": 1})
    held_out = Applied("o-1", "timeout", "holdout", {"timeout_ms": 1500, "retries": 1})

    found = ExecutionRules().follow([limit])
    assert (found.timeout_s, found.attempts) == (1.5, 2)
    assert ExecutionRules().follow([held_out]) == ExecutionRules()


@pytest.mark.parametrize(
    "wrong", [{"attempts": 0}, {"timeout_s": 0}, {"timeout_s": -1}, {"first_pause_s": -1}]
)
def test_rules_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="attempts from 1"):
        ExecutionRules(**wrong)
