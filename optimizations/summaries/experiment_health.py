"""Whether an experiment can be trusted, what it can find out, and what it brought: figures and sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from featurememory.templatetags.figures import number, percent, points
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.health.month_effects import month_of
from optimizations.engine.reporting.savings import SavingsHour, sum_hours
from optimizations.models import Optimization
from optimizations.storage import OptimizationStorage

Figures: TypeAlias = dict[str, Any]
HOUR = 3600
UNSURE = 0.5  # chance of a proof below which a trial is not expected to end with one


def build_experiment(row: Optimization, state: OptimizationState) -> Figures | None:
    """The figures of the last review with the money of each month; None before the first one."""
    if not state.health:
        return None
    health: Figures = dict(state.health)
    effects = add_savings(row, health.get("since_activation") or {})
    power: Figures | None = dict(state.power) or None
    figures = {**health, "since_activation": effects, "power": power}
    words = {"warnings": list(list_warnings(figures)), "outlook": describe_power(power)}
    return {**figures, **words}


def add_savings(row: Optimization, effects: Figures) -> Figures:
    """`saved` in the project's currency, by the ledger: what was proven when it was served."""
    hours = [hour for hour in load_hours(row) if hour.verified]
    by_month: dict[str, list[SavingsHour]] = {}
    for hour in hours:
        by_month.setdefault(month_of(hour.hour * HOUR), []).append(hour)
    months, so_far = [], list[SavingsHour]()
    for month in effects.get("months", []):
        mine = by_month.get(month["month"], [])
        so_far += mine
        total = {**month["total"], "saved": describe_saving(so_far)}
        months.append({**month, "saved": describe_saving(mine), "total": total})
    whole = effects.get("total")
    return {
        **effects,
        "months": months,
        "total": {**whole, "saved": describe_saving(hours)} if whole else None,
    }


def load_hours(row: Optimization) -> list[SavingsHour]:
    return OptimizationStorage(row.project_id).load_hours_of(row.id)


def describe_saving(hours: list[SavingsHour]) -> dict[str, float] | None:
    """None where nothing was booked: no prices, or no control yet."""
    if not hours:
        return None
    cost = sum_hours(hours).cost
    return {"point": cost.point, "low": cost.low, "high": cost.high}


# ---- sentences ----


def list_warnings(figures: Mapping[str, Any]) -> Iterator[str]:
    """What people should look into before they trust the figures; none is the usual case."""
    for one in figures.get("balance", ()):
        if one["off"]:
            yield f"Held: {one['text']}. Find out which outcomes are lost."
    yield from warn_of_missing(figures.get("outcomes") or {})
    yield from warn_of_crossing(figures.get("sessions") or {})


def warn_of_missing(outcomes: Mapping[str, Any]) -> Iterator[str]:
    if outcomes.get("warn"):
        missing = [outcomes[arm]["missing"] for arm in ("treatment", "holdout")]
        came = [outcomes[arm]["came"] for arm in ("treatment", "holdout")]
        share = sum(missing) / (sum(missing) + sum(came))
        yield (
            f"{percent(share)} of the outcomes never came ({number(missing[0])} treated, "
            f"{number(missing[1])} held out). Send every interaction with its decision_id, failures too."
        )


def warn_of_crossing(sessions: Mapping[str, Any]) -> Iterator[str]:
    if sessions.get("warn"):
        yield (
            f"{number(sessions['crossed'])} of {number(sessions['returned'])} sessions with several "
            f"requests saw both arms ({percent(sessions['share'])}), because the shares of the arms "
            "moved while they lasted. Only the first request of a session is evidence."
        )


def describe_power(power: Mapping[str, Any] | None) -> str:
    """One sentence: what is left until a proof, if the change is as good as it is hoped to be."""
    if not power:
        return ""
    if power["more"] is None:
        return (
            "It cannot be proven by saving money: it is not expected to cost less. Only better quality "
            "would prove it."
        )
    text = f"It needs about {number(power['more'])} more requests in both arms together"
    if power["days"] is not None:
        text += f", {write_time(power['days'])} at this pace"
    text += ", if quality stays the same."
    if power["chance"] >= UNSURE:
        return f"{text} {percent(power['chance'])} of such trials end with a proof."
    chance = "Fewer than 1%" if power["chance"] < 0.01 else percent(power["chance"])
    loss = points(power["smallest"]).lstrip("+")
    return (
        f"{text} A proof is unlikely: {chance[0].lower()}{chance[1:]} of such trials end with one. "
        f"Within its limit it can rule out a loss of more than {loss}."
    )


def write_time(days: float) -> str:
    if days < 1:
        return "less than a day"
    return f"{number(round(days))} day{'' if round(days) == 1 else 's'}"
