"""The spec's PerformanceTracker: figures of each pattern over the hourly rollups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from patterns.engine.domain.results import Match
from patterns.models import ModelInteraction, PatternHour
from patterns.statistics import quantile_sketch, rollups

# The mean quality is shrunk towards 0.5 by two imagined uses, as in the engine.
PRIOR_QUALITY, PRIOR_WEIGHT = 0.5, 2.0


@dataclass(frozen=True)
class PatternPerformance:
    """Figures of a pattern under one model ("" for all). Milliseconds, tokens, bytes, currency.

    None means that no interaction reported the figure.
    """

    pattern_id: str
    model_id: str
    count: int
    success_rate: float | None
    effectiveness: float | None
    duration_p50: float | None
    duration_p95: float | None
    tokens_mean: float | None
    memory_mean: float | None
    cost_mean: float | None
    cost_sum: float | None


class PerformanceTracker:
    """`record` adds outcomes to the rollups, `summary` reads them."""

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id

    def record(self, rows: Sequence[tuple[ModelInteraction, Match]]) -> None:
        """Adds rows to the rollups; call it in the transaction that marks them recognised."""
        outcomes = []
        for row, match in rows:
            row.pattern_id = UUID(match.pattern_id)
            outcomes.append(rollups.outcome_of(row))
        rollups.add_outcomes(self.project_id, outcomes)

    def summary(self, pattern_ids: Sequence[str]) -> dict[str, list[PatternPerformance]]:
        """All-time figures of each pattern, one per model, most used first."""
        rows = PatternHour.objects.filter(
            project_id=self.project_id, hour=rollups.ALL_TIME, pattern_id__in=pattern_ids
        )
        found: dict[str, list[PatternPerformance]] = {str(name): [] for name in pattern_ids}
        for row in rows.order_by("-count", "model_id"):
            found[str(row.pattern_id)].append(measure_hours(row))
        return found


def measure_hours(row: PatternHour) -> PatternPerformance:
    """The figures of one rollup row."""

    def mean(total: float, count: int) -> float | None:
        return total / count if count else None

    digest = quantile_sketch.merge_sketches([row.durations])
    return PatternPerformance(
        pattern_id=str(row.pattern_id),
        model_id=row.model_id,
        count=row.count,
        success_rate=mean(row.successes, row.judged),
        effectiveness=shrink_quality(row.quality_sum, row.quality_count),
        duration_p50=quantile_sketch.read_quantile(digest, 0.5),
        duration_p95=quantile_sketch.read_quantile(digest, 0.95),
        tokens_mean=mean(row.tokens_sum, row.tokens_count),
        memory_mean=mean(row.memory_sum, row.memory_count),
        cost_mean=mean(row.call_cost_sum, row.call_cost_count),
        cost_sum=row.cost_sum if row.cost_count else None,
    )


def shrink_quality(quality_sum: float, quality_count: int) -> float | None:
    if not quality_count:
        return None
    return (quality_sum + PRIOR_QUALITY * PRIOR_WEIGHT) / (quality_count + PRIOR_WEIGHT)
