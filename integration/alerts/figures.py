"""What a rule measures. Every figure is read from sums and counts, never from raw interactions."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Min

from integration.models import AlertRule
from optimizations.models import OptimizationEvent
from patterns.models import ModelInteraction, Pattern, StorageUse
from patterns.serializers import family_of
from patterns.statistics.rollups import ALL_TIME
from patterns.statistics.series import Sums, read_rollups, sum_columns
from patterns.statistics.time_window import hour_of

Figure = AlertRule.AlertFigure
# Of these fewer calls than `at_least` say nothing.
MEANS = {
    Figure.SURGE,
    Figure.SUCCESS,
    Figure.EFFECTIVENESS,
    Figure.P50,
    Figure.P95,
    Figure.CALL_COST,
    Figure.TOKENS,
}
EVENTS = {Figure.NEW_PATTERNS, Figure.PROVEN, Figure.ROLLED_BACK}
MEGABYTE = 1_000_000


class FigureReader:
    """Figures of one project at one moment; sums that several rules need are read once."""

    def __init__(self, project_id: UUID, now: datetime) -> None:
        self.project_id, self.now = project_id, now
        self._sums: dict[tuple[int, UUID | None], Sums] = {}

    def measure(self, rule: AlertRule) -> float | None:
        """None while nothing can be said."""
        if rule.figure in EVENTS:
            return self.count_events(rule)
        if (found := self.measure_now(rule)) is not None:
            return found
        sums = self.read_sums(rule.window_hours, rule.pattern_id)
        if rule.figure in MEANS and sums.count < rule.at_least:
            return None
        return self.derive(rule, sums)

    def measure_now(self, rule: AlertRule) -> float | None:
        pending = ModelInteraction.objects.filter(project_id=self.project_id).pending()
        if rule.figure == Figure.QUEUE:
            return float(pending.count())
        if rule.figure == Figure.WAITING:
            oldest = pending.aggregate(at=Min("received_at"))["at"]
            return 0.0 if oldest is None else max(0.0, time.time() - oldest / 1000)
        if rule.figure == Figure.STORAGE:
            use = StorageUse.objects.filter(project_id=self.project_id).first()
            return (use.interaction_bytes + use.decision_bytes) / MEGABYTE if use else 0.0
        if rule.figure == Figure.DRIFTING:
            rows = Pattern.objects.filter(project_id=self.project_id)
            return float(rows.filter(status=Pattern.PatternStatus.DRIFTING).count())
        return None

    def count_events(self, rule: AlertRule) -> float:
        """Since the rule last looked; a new rule looks back an hour at most."""
        hour_ago = self.now - timedelta(hours=1)
        since = max(rule.evaluated_at or rule.created_at, hour_ago)
        if rule.figure == Figure.NEW_PATTERNS:
            rows: Any = Pattern.objects.stored().filter(created_at__gt=since)
        else:
            after = "active" if rule.figure == Figure.PROVEN else "suspended"
            # What people decide they know; and a step that changes nothing proves nothing.
            rows = OptimizationEvent.objects.filter(at__gt=since, after=after, actor="memory")
            rows = rows.exclude(before=after)
        return float(rows.filter(project_id=self.project_id).count())

    def read_sums(self, hours: int, pattern_id: UUID | None) -> Sums:
        if (hours, pattern_id) not in self._sums:
            end = hour_of(self.now) + 1
            ids = list(family_of([pattern_id])) if pattern_id else []
            rows = read_rollups(self.project_id, end - hours, end, ids)
            self._sums[hours, pattern_id] = sum_columns([r for r in rows if r[0] != ALL_TIME])
        return self._sums[hours, pattern_id]

    def derive(self, rule: AlertRule, sums: Sums) -> float | None:
        if rule.figure == Figure.CALLS:
            return sums.count
        if rule.figure == Figure.SURGE:
            return self.compute_surge(rule, sums)
        if rule.figure == Figure.SUCCESS:
            return percent(sums.successes / sums.judged if sums.judged else None)
        if rule.figure == Figure.EFFECTIVENESS:
            return percent(sums.quality)
        if rule.figure == Figure.P50:
            return sums.p50
        if rule.figure == Figure.P95:
            return sums.p95
        if rule.figure == Figure.COST:
            return sums.cost_sum
        if rule.figure == Figure.CALL_COST:
            return sums.call_cost_sum / sums.call_cost_count if sums.call_cost_count else None
        return sums.tokens

    def compute_surge(self, rule: AlertRule, sums: Sums) -> float | None:
        """The last full hour and the one under way, against as many mean ones before."""
        recent = self.read_sums(2, rule.pattern_id).count
        before = (sums.count - recent) / max(1, rule.window_hours - 2)
        return recent / 2 / before if before > 0 and rule.window_hours > 2 else None


def percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
