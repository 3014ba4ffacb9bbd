"""The sentence about one active change."""

from __future__ import annotations

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.summaries.headline import count_rejected, summarize_one


def make(kind: str, **known: object) -> OptimizationState:
    return OptimizationState("o-1", kind, "t", "", {}, status="active", summary="A change", **known)  # type: ignore[arg-type]


def test_a_cache_tells_what_was_compared_in_place_of_an_effect() -> None:
    state = make("cache_response", lift=(0.0, -1.0, 1.0), guards={"exact:any": [214, 0]})
    said = summarize_one(state, 1)

    assert said.strong == "A change."
    assert said.text == "It is active; 214 repeats compared, none different."


def test_a_limit_tells_that_its_errors_are_counted() -> None:
    said = summarize_one(make("token_budget", lift=(0.0, -1.0, 1.0)), 3)

    assert (
        said.text
        == "It is active; its errors are counted instead of an effect. 2 more active here."
    )


def test_a_measured_effect_comes_with_its_interval() -> None:
    said = summarize_one(make("route_model", lift=(0.163, 0.125, 0.2)), 1)

    assert said.strong == "A change."
    assert "+16.3 pt against the holdout, 95% interval +12.5 pt to +20.0 pt" in said.text


def test_what_was_stopped_is_told_apart_from_what_was_rejected() -> None:
    states = [make("route_model") for _ in range(3)]
    for state, status in zip(states, ("rejected", "suspended", "retired"), strict=True):
        state.status = status  # type: ignore[assignment]

    assert count_rejected(states[1:2]) == "One change is suspended."
    assert (
        count_rejected(states) == "2 changes were tried and none was kept. One change is suspended."
    )
