"""Headline figures about what is proven: the effect against the holdout, and the money saved."""

from __future__ import annotations

from featurememory.templatetags import figures
from integration.views.overview.arm_series import ArmSeries
from integration.views.overview.headline_figures import Figure
from optimizations.engine.reporting.arm_weights import HOLDOUT, MEMORY
from optimizations.summaries.savings_chart import SavedMoney

ACTIVE = "/optimizations/?status=active"


def build_effect(arms: ArmSeries) -> Figure | None:
    """How much more effective calls are with memory; None while too few are held out."""
    effect = arms.effect
    if effect is None:
        return None
    point, low, high = effect
    memory, holdout = arms.totals[MEMORY].mean, arms.totals[HOLDOUT].mean
    return Figure(
        "Effect of memory",
        figures.points(point),
        None,
        None,
        describe_interval(low, high),
        arms.memory.drawn,
        title=f"{figures.percent(memory)} effective with memory, {figures.percent(holdout)} in the "
        "holdout; the interval of the difference holds it in 95 of 100 cases",
        link=ACTIVE,
    )


def describe_interval(low: float, high: float) -> str:
    span = f"{figures.points(low)} to {figures.points(high)}"
    return f"within chance, {span}" if low <= 0 <= high else f"{span}, 95%"


def build_savings(now: SavedMoney, before: SavedMoney) -> Figure | None:
    """What proven changes saved; None while there is none."""
    if not now.by_kind:
        return None
    low, high = now.interval
    return Figure(
        "Saved",
        figures.money(now.total),
        now.total,
        before.total if before.by_kind else None,
        f"{figures.money(low)} to {figures.money(high)}",
        now.buckets,
        title="Cost not spent thanks to proven changes, with the 95% interval",
        link=ACTIVE,
    )
