"""What stands in place of an effect that has not been measured."""

from __future__ import annotations

from typing import Any

import pytest

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.models import Optimization
from optimizations.summaries.progress import describe_need, describe_progress

DAY = 86_400.0


def make(kind: str, status: str, **known: Any) -> tuple[Optimization, OptimizationState]:
    state = OptimizationState("o-1", kind, "t", "", {}, status=status, **known)  # type: ignore[arg-type]
    return Optimization(id="o-1", type=kind, status=status), state


@pytest.mark.parametrize(
    ("kind", "status", "known", "said"),
    [
        (
            "cache_response",
            "shadow",
            {"guards": {"exact:once": [70, 0], "exact:any": [113, 2]}},
            "113 repeats compared, 2 different",
        ),
        (
            "cache_response",
            "shadow",
            {"guards": {"exact:any": [1, 0]}},
            "1 repeat compared, none different",
        ),
        ("cache_response", "shadow", {}, "not measured yet"),
        (
            "token_budget",
            "active",
            {"guards": {"cut_off": [1200, 3], "bound": 0.01}},
            "3 of 1,200 answers cut off",
        ),
        (
            "route_model",
            "trial",
            {"n_treated": 5, "n_control": 26},
            "too early to tell: 5 treated, 26 held out",
        ),
        (
            "route_model",
            "rejected",
            {"n_treated": 6, "n_control": 11},
            "ended after 6 treated, 11 held out",
        ),
        ("route_model", "candidate", {}, "not measured yet"),
    ],
)
def test_what_was_compared_or_counted_is_told(
    kind: str, status: str, known: dict[str, Any], said: str
) -> None:
    assert describe_progress(*make(kind, status, **known)) == said


@pytest.mark.parametrize(
    ("needs_more", "said"),
    [
        (400, "about 400 more interactions, in about 4 days at this pace"),
        (20, "about 20 more interactions, within a day"),
        (90_000, "about 90,000 more interactions, more than a year at this pace"),
        (None, ""),
        (0, ""),
    ],
)
def test_a_trial_says_how_many_more_and_about_when(needs_more: int | None, said: str) -> None:
    known = {"n_treated": 50, "n_control": 150, "changed_at": 8 * DAY, "needs_more": needs_more}

    assert describe_need(*make("route_model", "trial", **known), now=10 * DAY) == said


def test_without_a_pace_it_names_no_date() -> None:
    known = {"n_treated": 3, "n_control": 2, "changed_at": 0.0, "needs_more": 40}

    assert describe_need(*make("route_model", "trial", **known), 60.0) == (
        "about 40 more interactions"
    )


def test_what_is_proven_needs_nothing() -> None:
    assert describe_need(*make("route_model", "active", needs_more=40), 60.0) == ""


def test_what_the_trial_can_find_out_replaces_the_first_guess() -> None:
    known = {"n_treated": 6, "n_control": 12, "changed_at": 0.0, "needs_more": 7}
    power = {"more": 1785, "days": 266.2, "chance": 0.0, "smallest": 0.039}
    state = make("route_model", "trial", **known, power=power)

    assert describe_need(*state, 10 * DAY) == (
        "about 1,785 more interactions, in about 266 days at this pace"
    )


def test_what_cannot_be_proven_needs_nothing() -> None:
    state = make("route_model", "trial", needs_more=7, power={"more": None, "days": None})

    assert describe_need(*state, 10 * DAY) == ""
