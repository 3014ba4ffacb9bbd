"""What is known of an optimization that has no measured effect, and what it needs until it is proven."""

from __future__ import annotations

from featurememory.templatetags.figures import number
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.models import Optimization
from optimizations.summaries.guard_texts import is_pair

CACHES = ("cache_response", "cache_similar")
DAY_S = 86_400


def describe_progress(row: Optimization, state: OptimizationState) -> str:
    """In place of an effect: what was compared or limited so far."""
    if row.type in CACHES and (counted := count_compared(state)):
        compared, wrong = counted
        repeats = "1 repeat" if compared == 1 else f"{number(compared)} repeats"
        return f"{repeats} compared, {number(wrong) if wrong else 'none'} different"
    cut = state.guards.get("cut_off")
    if is_pair(cut):
        return f"{number(cut[1])} of {number(cut[0])} answers cut off"
    if row.status == "trial" and state.n_treated + state.n_control:
        return f"too early to tell: {number(state.n_treated)} treated, {number(state.n_control)} held out"
    if row.status in ("suspended", "rejected", "retired") and state.n_treated + state.n_control:
        return f"ended after {number(state.n_treated)} treated, {number(state.n_control)} held out"
    return "not measured yet"


def count_compared(state: OptimizationState) -> tuple[int, int] | None:
    """Repeats compared and how many differed, on the level that has seen most."""
    found: list[tuple[int, int]] = []
    for name, value in state.guards.items():
        if ":" in name and is_pair(value):
            found.append((int(value[0]), int(value[1])))
    return max(found, default=None)


def describe_need(row: Optimization, state: OptimizationState, now: float) -> str:
    """What it needs until proven, and about when that is at the present pace; "" where nothing."""
    if row.status not in ("trial", "shadow", "candidate"):
        return ""
    more, days = count_needed(state), estimate_days(state, now)
    if not more:
        return ""
    things = "repeats" if row.type in CACHES else "interactions"
    text = f"about {number(more)} more {things}"
    return text if days is None else f"{text}, {write_days(days)}"


def count_needed(state: OptimizationState) -> int | None:
    """By what the trial is thought able to find out, where the review has worked that out; the
    engine's first guess before."""
    if not state.power:
        return state.needs_more
    more = state.power.get("more")
    return more if isinstance(more, int) else None


def estimate_days(state: OptimizationState, now: float) -> float | None:
    """Days until then if outcomes come as they did since it began; None too early to say."""
    planned = state.power.get("days")
    if isinstance(planned, int | float):
        return float(planned)
    seen, lasted = state.n_treated + state.n_control, now - state.changed_at
    if state.kind in CACHES:
        seen = state.n_treated
    if seen < 10 or lasted < DAY_S / 24 or state.needs_more is None:
        return None
    return state.needs_more * lasted / seen / DAY_S


def write_days(days: float) -> str:
    if days < 1:
        return "within a day"
    if days > 365:
        return "more than a year at this pace"
    return f"in about {number(round(days))} day{'' if round(days) == 1 else 's'} at this pace"
