"""The effect since activation, month by month, from the lasting holdout alone.

A change is activated when its effect looks good, so what it showed until then is too good on average:
the winner's curse. Requests that came afterwards took no part in the choice. Each gives an unbiased
score of the effect (`statistics.effect_scores`); the sums of a month give its mean and its error.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from optimizations.engine.statistics.effect_scores import Score

WIDTH = 3.0  # standard errors, as in the ledger: about 95 % when looked at often
MOST = 36  # months kept; older ones are added to the oldest


def month_of(at: float) -> str:
    """The calendar month in UTC: "2026-11"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m")


class ScoreSum(msgspec.Struct, array_like=True):
    """Sums of scores and of their squares."""

    total: float = 0.0
    squares: float = 0.0

    def add(self, score: Score) -> None:
        self.total += score.value
        self.squares += score.value**2

    def join(self, other: ScoreSum) -> None:
        self.total += other.total
        self.squares += other.squares

    def interval(self, n: int) -> tuple[float, float, float]:
        """(point, low, high) of the mean over `n` scores, a normal approximation."""
        mean = self.total / n
        spread = max(0.0, self.squares / n - mean**2)
        half = WIDTH * (spread / n) ** 0.5
        return mean, mean - half, mean + half


class MonthEffect(msgspec.Struct, array_like=True):
    month: str
    treated: int = 0
    control: int = 0
    quality: ScoreSum = msgspec.field(default_factory=ScoreSum)
    utility: ScoreSum = msgspec.field(default_factory=ScoreSum)

    @property
    def n(self) -> int:
        return self.treated + self.control

    def add(self, quality: Score, utility: Score, treated: bool) -> None:
        self.treated += treated
        self.control += not treated
        self.quality.add(quality)
        self.utility.add(utility)

    def join(self, other: MonthEffect) -> None:
        self.treated += other.treated
        self.control += other.control
        self.quality.join(other.quality)
        self.utility.join(other.utility)


class MonthEffects(msgspec.Struct):
    """Months in order, and `promised`: (quality, utility) as they looked at the activation."""

    months: list[MonthEffect] = msgspec.field(default_factory=list)
    promised: tuple[float, float] | None = None

    def add(self, at: float, quality: Score, utility: Score, treated: bool) -> None:
        self._month(month_of(at)).add(quality, utility, treated)

    def _month(self, name: str) -> MonthEffect:
        """Late outcomes find their month again; one older than all that is kept goes to the oldest."""
        for known in reversed(self.months):
            if known.month == name:
                return known
        full = len(self.months) >= MOST
        if full and name < self.months[0].month:
            return self.months[0]
        made = MonthEffect(name)
        self.months.append(made)
        self.months.sort(key=lambda one: one.month)
        if full:
            oldest = self.months.pop(0)
            self.months[0].join(oldest)
        return made
