"""What the Overview shows of one project and range: read lazily, each thing once."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from featurememory.config import config_of
from featurememory.models import Project
from integration.views.overview import headline_figures, proven_figures
from integration.views.overview.arm_series import ArmSeries
from integration.views.overview.headline_figures import Figure
from optimizations.engine.reporting.savings import SavingsHour
from optimizations.summaries.savings_chart import SavedMoney, read_ledger, sum_saved
from patterns.statistics import hourly_gauges, series
from patterns.statistics.hourly_gauges import HourlyGauge
from patterns.statistics.series import Hours, Series
from patterns.statistics.time_window import RANGES, Window

# With fewer interactions, or a smaller share of the current ones, the preceding range is not compared.
LEAST, SHARE = 30, 0.02


class Overview:
    """The data of the page for one project and range, read lazily and once."""

    def __init__(
        self, project: Project, name: str | None, now: datetime, compare: bool = False
    ) -> None:
        self.project, self.now, self.compare = project, now, compare
        self.name = name if name in RANGES else ""

    @cached_property
    def rows(self) -> Hours:
        """Of the longest range that may be shown, and of the one before it."""
        longest = Window.ending(self.now, self.name or "30d")
        return series.read_rollups(self.project.pk, longest.previous().start, longest.end)

    @cached_property
    def window(self) -> Window:
        return Window.ending(self.now, self.name or self.choose_range())

    def choose_range(self) -> str:
        start = Window.ending(self.now, "30d").start
        return series.choose_range([row for row in self.rows if row[0] >= start], self.now)

    @cached_property
    def series(self) -> Series:
        return series.fill_series(self.window, self.rows)

    @cached_property
    def before(self) -> Series:
        """The preceding range; empty when it has too little data to compare with."""
        found = series.fill_series(self.window.previous(), self.rows)
        enough = found.total.count >= max(LEAST, SHARE * self.series.total.count)
        return found if enough else series.fill_series(self.window.previous(), [])

    @cached_property
    def comparable(self) -> bool:
        return self.before.total.count > 0

    @cached_property
    def arms(self) -> ArmSeries:
        return ArmSeries.read(self.project.pk, self.window)

    @cached_property
    def ledger(self) -> list[tuple[str, SavingsHour]]:
        return read_ledger(self.project.pk)

    @cached_property
    def saved(self) -> SavedMoney:
        return sum_saved(self.window, self.ledger)

    @cached_property
    def saved_before(self) -> SavedMoney:
        return sum_saved(self.window.previous(), self.ledger)

    @cached_property
    def hours(self) -> list[Any]:
        return hourly_gauges.read_hours(
            self.project.pk, self.window.previous().start, self.window.end
        )

    @cached_property
    def gauges(self) -> list[HourlyGauge]:
        return hourly_gauges.fill_buckets(self.window, self.hours)

    @cached_property
    def gauge(self) -> HourlyGauge:
        return hourly_gauges.sum_gauges(self.gauges)

    @cached_property
    def gauge_before(self) -> HourlyGauge:
        return hourly_gauges.sum_gauges(
            hourly_gauges.fill_buckets(self.window.previous(), self.hours)
        )

    @property
    def compared(self) -> Series | None:
        """The preceding range, when it is to be drawn beside this one."""
        return self.before if self.compare and self.comparable else None

    def figures(self, stored: int) -> list[Figure]:
        """The six headline figures; what is proven comes in place of what is only counted."""
        now, before, limit = self.series, self.before, config_of(self.project.pk).max_patterns
        return [
            headline_figures.build_stored_patterns(stored, limit, self.gauges),
            headline_figures.build_recognition_rate(
                self.gauges, self.gauge, self.gauge_before, self.window.name
            ),
            proven_figures.build_effect(self.arms)
            or headline_figures.build_effectiveness(now, before),
            proven_figures.build_savings(self.saved, self.saved_before)
            or headline_figures.build_tokens(now, before),
            headline_figures.build_duration(now, before),
            headline_figures.build_recognition_time(self.gauges, self.gauge, self.gauge_before),
        ]
