"""Quality with memory and in the holdout per hour: counted with the outcomes, read by charts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.reporting.arm_weights import weigh_arm
from optimizations.models import ArmHour


@dataclass
class ArmSums:
    """`n` judged calls, their weights, the squares of these, and weighted quality (0 to 1)."""

    n: int = 0
    weight: float = 0.0
    squares: float = 0.0
    quality: float = 0.0

    def add(self, other: ArmSums) -> None:
        self.n += other.n
        self.weight += other.weight
        self.squares += other.squares
        self.quality += other.quality

    @property
    def mean(self) -> float | None:
        return min(1.0, max(0.0, self.quality / self.weight)) if self.weight > 0 else None

    @property
    def effective_n(self) -> float:
        """As many equally weighted calls tell as much (Kish 1965)."""
        return self.weight**2 / self.squares if self.squares > 0 else 0.0


Unsaved = dict[tuple[int, str], ArmSums]  # by hour since the epoch and arm


def note_outcome(unsaved: Unsaved, outcome: Outcome, sign: int = 1) -> None:
    """Add an outcome, or with `sign` -1 take back what was added for it."""
    quality, arm = outcome.quality, weigh_arm(outcome)
    if quality is None or arm is None:
        return
    name, weight = arm
    sums = unsaved.setdefault((int(outcome.at // 3600), name), ArmSums())
    sums.add(ArmSums(sign, sign * weight, sign * weight**2, sign * weight * quality))


def save_sums(project_id: UUID, unsaved: Unsaved) -> None:
    """Add what was counted to the rows; call it in the transaction that saves the engine."""
    for (hour, arm), sums in sorted(unsaved.items()):
        row, _ = ArmHour.objects.get_or_create(project_id=project_id, hour=hour, arm=arm)
        ArmHour.objects.filter(pk=row.pk).update(
            n=F("n") + sums.n,
            weight=F("weight") + sums.weight,
            squares=F("squares") + sums.squares,
            quality=F("quality") + sums.quality,
        )
    unsaved.clear()


def read_sums(project_id: UUID, first: int, end: int) -> list[tuple[int, str, ArmSums]]:
    """Hour, arm and sums of these hours, oldest first."""
    rows = ArmHour.objects.filter(project_id=project_id, hour__gte=first, hour__lt=end)
    found = rows.order_by("hour").values_list("hour", "arm", "n", "weight", "squares", "quality")
    return [(hour, arm, ArmSums(n, *rest)) for hour, arm, n, *rest in found]


def sum_arms(rows: Iterable[tuple[int, str, ArmSums]]) -> dict[str, ArmSums]:
    found: dict[str, ArmSums] = {}
    for _, arm, sums in rows:
        found.setdefault(arm, ArmSums()).add(sums)
    return found
