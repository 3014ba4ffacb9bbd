"""The charts of the Overview, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from featurememory.config import config_of
from integration.views.overview.arm_series import ArmSeries, are_telling
from integration.views.overview.marks import list_marks
from optimizations.summaries import savings_chart
from patterns.charts import durations, effectiveness, process_memory, stored_patterns, token_use
from patterns.charts.chart import Chart
from patterns.statistics import series
from patterns.statistics.births import count_births
from patterns.statistics.time_window import Window

if TYPE_CHECKING:
    from integration.views.overview.page_data import Overview

JUDGED = 3 + series.SUMS.index("quality_count")  # its place in a row of `read_rollups`
MOST_DRAWN = 0.5  # of all calls a quiet day more may be a gap than of the few held out
COARSER = (1, 2, 3, 5, 7)
CHARTS = ("effectiveness", "patterns", "savings", "tokens", "duration", "memory")


def build_chart(page: Overview, name: str) -> Chart:
    """One chart by its name; KeyError when there is none of that name."""
    made: dict[str, Callable[[Overview], Chart]] = {
        "effectiveness": build_effectiveness,
        "patterns": build_patterns,
        "savings": lambda page: savings_chart.build_savings_chart(page.window, page.saved),
        "tokens": lambda page: token_use.build_token_use_chart(page.series, page.compared),
        "duration": lambda page: durations.build_durations_chart(page.series, page.compared),
        "memory": lambda page: process_memory.build_process_memory_chart(page.window, page.gauges),
    }
    return made[name](page)


def build_effectiveness(page: Overview) -> Chart:
    window, arms = choose_buckets(page)
    found = series.fill_series(window, page.rows)
    marks = list_marks(page.project, window)
    before = series.fill_series(window.previous(), page.rows) if page.compared else None
    return effectiveness.build_effectiveness_chart(found, marks, arms.memory, arms.holdout, before)


def choose_buckets(page: Overview) -> tuple[Window, ArmSeries]:
    """The finest buckets in which most hold enough held-out calls to tell anything; else enough calls."""
    windows = [page.window.coarsened(times) for times in COARSER]
    for window in windows:
        arms = ArmSeries.of(page.arms.rows, window)
        if arms.is_telling:
            return window, arms
    for window in windows:
        if are_telling(count_judged(window, page.rows), MOST_DRAWN):
            break
    return window, ArmSeries.of(page.arms.rows, window)


def count_judged(window: Window, rows: series.Hours) -> list[float]:
    counts = [0.0] * window.count
    for row in rows:
        place = window.bucket(row[0])
        if place is not None:
            counts[place] += row[JUDGED]
    return counts


def build_patterns(page: Overview) -> Chart:
    limit = config_of(page.project.pk).max_patterns
    births, deaths = count_births(page.project.pk, page.window)
    return stored_patterns.build_stored_patterns_chart(
        page.window, page.gauges, limit, births, deaths
    )
