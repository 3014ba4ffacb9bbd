"""What a trial still needs, in requests and in days."""

from __future__ import annotations

from optimizations.engine.domain.optimization import OptimizationState

DAY = 86_400.0
LEAST_SPAN = 3600.0  # seconds of a trial before its pace says anything


def describe_need(state: OptimizationState) -> str:
    """About 400 more interactions are needed, 3 days at the present pace.; empty when nothing is known."""
    more = state.needs_more
    if not more or state.status not in ("shadow", "trial"):
        return ""
    days = estimate_days(state, more)
    text = f"About {more:,} more interactions are needed"
    if days is None:
        return f"{text}."
    pace = "less than a day" if days < 1 else f"{days:,.0f} day{'' if round(days) == 1 else 's'}"
    return f"{text}, {pace} at the present pace."


def estimate_days(state: OptimizationState, more: int) -> float | None:
    """Days until so many more have been compared, by the interactions' clock."""
    compared = state.n_treated + state.n_control
    span = state.last_used - state.changed_at
    if not compared or span < LEAST_SPAN:
        return None
    return more * span / compared / DAY
