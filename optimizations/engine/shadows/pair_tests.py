"""What the pairs of answers to one task say about a change: does it help, does it keep quality?"""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.domain.outcome import CLIP
from optimizations.engine.statistics.arrays import Array
from optimizations.engine.statistics.betting import row_above
from optimizations.engine.statistics.paired_bets import PairedBets, mix_wealth

NOTHING: Array = np.array([0.0])
MOST_BELOW = 1.0  # a difference is never that far below a margin, which is negative
MOST_OPEN = 500  # pairs without a verdict that are remembered; older ones keep the worst assumption
LEAST_PART = 0.01  # of the capital, after which no new start is made
LOST = 0.15  # wealth below which a part is given up when what it bet on has changed


class OpenPair(msgspec.Struct, array_like=True):
    """A pair that differs: what it saved, its weight, its bound of traffic, and what a person said of
    it (None: nothing yet, it counts as the worst that is possible)."""

    saved: float
    weight: float
    theta: float
    verdict: float | None = None

    @property
    def limits(self) -> tuple[float, float]:
        return (-1.0, 1.0) if self.verdict is None else (self.verdict, self.verdict)


class KeptWealth(msgspec.Struct, array_like=True):
    """E-values that parts which were given up have left, by what they are about."""

    lift: float = 0.0
    guard: float = 0.0
    traffic: float = 0.0


def reach_of(spending_weight: float) -> float:
    return 1.0 + spending_weight * CLIP


def shift(limits: tuple[float, float], by: float) -> tuple[float, float]:
    return limits[0] + by, limits[1] + by


class PairTests(msgspec.Struct):
    """Bets on the difference between the change's answer and the incumbent's.

    `traffic` bets on the margin that all traffic allows, which follows the share that is treated:
    each pair adds its difference to that margin. A reserve is kept: when what it would serve has
    changed and the bets so far are lost, half of the reserve starts anew.
    """

    quality: PairedBets
    utility: PairedBets
    success: PairedBets
    traffic: PairedBets
    part: float = 0.75
    reserve: float = 0.25
    kept: KeptWealth = msgspec.field(default_factory=KeptWealth)
    scored: int = 0  # both answers were scored
    agreed: int = 0  # the outputs are the same: the difference is 0 for certain
    differed: int = 0  # they differ, and no score says which one is better: people may
    evaluated: int = 0  # of those that were scored, how many belong to an evaluation set
    open: dict[str, OpenPair] = msgspec.field(default_factory=dict)
    choice: dict[str, str] = msgspec.field(default_factory=dict)  # what this part started with

    @classmethod
    def fresh(cls, spending_weight: float = 0.1) -> PairTests:
        """`spending_weight` is what cost and duration together weigh in utility."""
        return cls(
            PairedBets.over(),
            PairedBets.over(NOTHING, reach_of(spending_weight)),
            PairedBets.over(),
            PairedBets.over(NOTHING, MOST_BELOW),
        )

    @property
    def n(self) -> int:
        return self.scored + self.agreed + self.differed

    @property
    def judged(self) -> int:
        """Pairs that a person has judged, among those remembered."""
        return sum(pair.verdict is not None for pair in self.open.values())

    def widen(self, spending_weight: float) -> None:
        """When cost weighs more than before, utility is another one: its bets start anew."""
        if self.utility.reach < reach_of(spending_weight):
            self.utility = PairedBets.over(NOTHING, reach_of(spending_weight))

    def add(self, difference: float, saved: float, weight: float, theta: float) -> None:
        """One pair whose difference in quality is known; `saved` is its gain in utility beside that."""
        self.quality.add(difference, difference, weight)
        self.utility.add(difference + saved, difference + saved, weight)
        self.traffic.add(difference - theta, difference - theta, weight)

    def add_open(self, name: str, saved: float, weight: float, theta: float) -> None:
        """One pair that differs and that nobody has judged: it may have lost or gained everything."""
        self.quality.add(-1.0, 1.0, weight)
        self.utility.add(saved - 1.0, saved + 1.0, weight)
        self.traffic.add(-1.0 - theta, 1.0 - theta, weight)
        self.open[name] = OpenPair(saved, weight, theta)
        self.differed += 1
        if len(self.open) > MOST_OPEN:
            del self.open[next(iter(self.open))]

    def judge(self, name: str, verdict: float | None) -> bool:
        """What a person says of a pair that differs, None takes it back; whether it is remembered."""
        pair = self.open.get(name)
        if pair is None:
            return False
        before, saved, theta, weight = pair.limits, pair.saved, pair.theta, pair.weight
        pair.verdict = verdict
        self.quality.revise(before, pair.limits, weight)
        self.utility.revise(shift(before, saved), shift(pair.limits, saved), weight)
        self.traffic.revise(shift(before, -theta), shift(pair.limits, -theta), weight)
        return True

    # ---- evidence ----

    @property
    def lift(self) -> float:
        return self.kept.lift + self.reserve + self.part * self.utility.above(0.0)

    def guard(self, margin: float) -> float:
        value = self.quality.above(-margin)
        if self.success.n:
            value = min(value, self.success.above(-margin))
        return self.kept.guard + self.reserve + self.part * value

    @property
    def all_traffic(self) -> float:
        return self.kept.traffic + self.reserve + self.part * self.traffic.above(0.0)

    def harm(self, margin: float) -> float:
        worse = max(self.utility.below(0.0), self.quality.below(-margin))
        if self.success.n:
            worse = max(worse, self.success.below(-margin))
        return self.part * worse

    def verdicts_needed(self, margin: float, bar: float) -> int | None:
        """How many verdicts "as good" on open pairs would prove that quality holds; None when none are
        needed, or when all of them would not do."""
        waiting = sum(pair.verdict is None for pair in self.open.values())
        if not waiting or self.guard(margin) >= bar:
            return None
        fresh = PairedBets.over(self.quality.grid)
        fresh.add(-1.0, 1.0)
        fresh.revise((-1.0, 1.0), (0.0, 0.0))
        assumed = PairedBets.over(self.quality.grid)
        assumed.add(-1.0, 1.0)
        row = row_above(self.quality.grid, -margin)
        step = fresh.up[row] - assumed.up[row]
        for count in range(1, waiting + 1):
            wealth = mix_wealth(self.quality.up[row] + count * step)
            if self.kept.guard + self.reserve + self.part * wealth >= bar:
                return count
        return None

    # ---- new parts ----

    def start_anew(self, choice: dict[str, str], margin: float) -> None:
        """Gives up bets that are lost, once what they were about is no longer what would be served."""
        best = min(self.utility.above(0.0), self.quality.above(-margin))
        if (
            self.quality.n < 50
            or best >= LOST
            or choice == self.choice
            or self.reserve <= LEAST_PART
        ):
            return
        kept = KeptWealth(
            self.kept.lift + self.part * self.utility.above(0.0),
            self.guard(margin) - self.reserve,
            self.kept.traffic + self.part * self.traffic.above(0.0),
        )
        fresh = PairTests.fresh((self.utility.reach - 1.0) / CLIP)
        self.quality, self.utility = fresh.quality, fresh.utility
        self.success, self.traffic = fresh.success, fresh.traffic
        self.part = self.reserve = self.reserve / 2
        self.kept, self.choice, self.open = kept, dict(choice), {}
