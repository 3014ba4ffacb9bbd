"""Quality with memory and in the holdout, bucket by bucket and in all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from uuid import UUID

from optimizations.engine.reporting.arm_weights import HOLDOUT, MEMORY
from optimizations.policy_runtime.arm_hours import ArmSums, read_sums, sum_arms
from patterns.charts.effectiveness import FEW, ArmLine
from patterns.statistics.series import Z95
from patterns.statistics.time_window import Window


@dataclass
class ArmSeries:
    memory: ArmLine
    holdout: ArmLine
    rows: list[tuple[int, str, ArmSums]]

    @classmethod
    def read(cls, project_id: UUID, window: Window) -> ArmSeries:
        return cls.of(read_sums(project_id, window.start, window.end), window)

    @classmethod
    def of(cls, rows: list[tuple[int, str, ArmSums]], window: Window) -> ArmSeries:
        buckets = {arm: [ArmSums() for _ in range(window.count)] for arm in (MEMORY, HOLDOUT)}
        for hour, arm, sums in rows:
            place = window.bucket(hour)
            if place is not None and arm in buckets:
                buckets[arm][place].add(sums)
        return cls(draw_arm(buckets[MEMORY]), draw_arm(buckets[HOLDOUT]), rows)

    @cached_property
    def totals(self) -> dict[str, ArmSums]:
        return sum_arms(self.rows)

    @property
    def is_telling(self) -> bool:
        return are_telling(self.holdout.counts)

    @property
    def effect(self) -> tuple[float, float, float] | None:
        """Difference of the means with its 95 % interval; None while one side has too few calls."""
        memory, holdout = self.totals.get(MEMORY), self.totals.get(HOLDOUT)
        if not memory or not holdout or min(memory.effective_n, holdout.effective_n) < 20:
            return None
        if memory.mean is None or holdout.mean is None:
            return None
        # No quality in 0 to 1 varies more than a coin of the same mean: the interval is on the wide side.
        spread = sum(
            mean * (1 - mean) / n
            for mean, n in (
                (memory.mean, memory.effective_n),
                (holdout.mean, holdout.effective_n),
            )
        )
        difference, half = memory.mean - holdout.mean, Z95 * sqrt(spread)
        return difference, difference - half, difference + half


def draw_arm(buckets: list[ArmSums]) -> ArmLine:
    return ArmLine([one.mean for one in buckets], [one.effective_n for one in buckets])


def are_telling(counts: Sequence[float], share: float = 0.9) -> bool:
    """Whether so many of the buckets with calls hold enough of them to be drawn."""
    used = [n for n in counts if n > 0]
    return bool(used) and sum(n >= FEW for n in used) >= share * len(used)
