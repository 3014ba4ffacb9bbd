"""Chart: what proven changes saved over time, by kind of optimization."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from featurememory.templatetags import figures
from optimizations.engine.reporting.savings import WIDTH, SavingsHour
from optimizations.policy_runtime.policy_cache import policies
from optimizations.summaries.kind_names import name_kind
from patterns.charts.chart import (
    TIME,
    Chart,
    Column,
    Legend,
    add_figure,
    build_table,
    explain_missing_figure,
    name_step,
)
from patterns.charts.plotly_parts import build_layout, choose_ticks, draw_bars
from patterns.statistics.time_window import Window

COLOURS = ("c1", "c3", "c5", "c4", "c2")
OTHERS = "Other kinds"
UNPROVEN = "Nothing is proven to save cost in this range yet; what is on trial counts once it is."
UNCHANGED = (
    "What is proven has not changed the cost in this range: it saves time or tokens, or the models "
    "it chose between have no price on the Models page."
)
SLIGHT = 0.03  # losses below this part of the axis need no room of their own


@dataclass
class SavedMoney:
    """What each kind saved in each bucket, and in all with its interval."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)
    variance: float = 0.0
    n: int = 0

    @property
    def total(self) -> float:
        return sum(sum(values) for values in self.by_kind.values())

    @property
    def interval(self) -> tuple[float, float]:
        half = WIDTH * self.variance**0.5
        return self.total - half, self.total + half

    @property
    def buckets(self) -> list[float]:
        return [sum(values) for values in zip(*self.by_kind.values(), strict=True)]


def read_ledger(project_id: UUID) -> list[tuple[str, SavingsHour]]:
    """The hours of changes that were proven at that time, each with its kind; from memory, no query."""
    kept = policies.for_deciding(project_id)
    with kept.lock:
        known = kept.engine.optimizations
        return [
            (state.kind if (state := known.get(hour.optimization_id)) else "", hour)
            for hour in kept.engine.list_saved()
            if hour.verified
        ]


def sum_saved(window: Window, ledger: Iterable[tuple[str, SavingsHour]]) -> SavedMoney:
    """The hours inside the window; others are ignored."""
    found = SavedMoney()
    for kind, hour in ledger:
        place = window.bucket(hour.hour)
        if place is None:
            continue
        name = name_kind(kind) if kind else OTHERS
        values = found.by_kind.setdefault(name, [0.0] * window.count)
        values[place] += hour.sums[0]
        found.variance += hour.variances[0]
        found.n += hour.n
    found.by_kind = dict(sorted(found.by_kind.items(), key=lambda item: -sum(item[1])))
    return found


def build_savings_chart(window: Window, saved: SavedMoney) -> Chart:
    x = window.labels()
    kinds = fold_kinds({name: values for name, values in saved.by_kind.items() if any(values)})
    chart = Chart(
        "savings",
        "Savings by kind",
        f"Cost not spent by proven changes, {name_step(window)}",
        (TIME, *(Column(name, "money") for name in kinds), Column("All", "money")),
        build_table(x, *kinds.values(), saved.buckets if kinds else [0.0] * window.count),
    )
    if not kinds:
        return explain_missing_figure(chart, UNCHANGED if saved.by_kind else UNPROVEN)
    low, high = (figures.money(value) for value in saved.interval)
    chart = Chart(
        chart.name,
        chart.title,
        f"{chart.note} · {figures.money(saved.total)}, 95% interval {low} to {high}",
        chart.columns,
        chart.rows,
        describe_saved(window, saved, kinds),
        legend=tuple(
            Legend(name, colour, figures.money(sum(values)))
            for (name, values), colour in zip(kinds.items(), COLOURS, strict=False)
        ),
    )
    columns = list(zip(*kinds.values(), strict=True))
    lowest = min(sum(min(0.0, v) for v in column) for column in columns)
    highest = max(sum(max(0.0, v) for v in column) for column in columns)
    lowest = lowest if -lowest > SLIGHT * highest else 0.0
    made = build_layout(window, choose_ticks(lowest, highest or 0.01, write_money))
    made |= {"barmode": "relative", "bargap": 0.25}
    data = [
        draw_bars(x, values, name, colour, "money")
        for (name, values), colour in zip(kinds.items(), COLOURS, strict=False)
    ]
    return add_figure(chart, data, made)


def describe_saved(window: Window, saved: SavedMoney, kinds: dict[str, list[float]]) -> str:
    low, high = saved.interval
    did = "more spent than saved" if saved.total < 0 else "saved"
    parts = ", ".join(f"{name} {figures.money(sum(values))}" for name, values in kinds.items())
    return (
        f"{figures.money(abs(saved.total))} {did} in the {window.words} shown, "
        f"95% interval {figures.money(low)} to {figures.money(high)}: {parts}."
    )


def fold_kinds(by_kind: dict[str, list[float]]) -> dict[str, list[float]]:
    """At most five series: from the fifth kind on they are one, with those whose kind is not known."""
    if len(by_kind) <= len(COLOURS):
        return by_kind
    names = [name for name in by_kind if name != OTHERS][: len(COLOURS) - 1]
    rest = [values for name, values in by_kind.items() if name not in names]
    kept = {name: by_kind[name] for name in names}
    return {**kept, OTHERS: [sum(column) for column in zip(*rest, strict=True)]}


def write_money(value: float) -> str:
    return "$0" if not value else figures.cost(value).removesuffix(".00")
