"""What was saved: estimated, verified and lost, each with its interval and n.

A request that was treated would have cost what the control group costs on the same pattern: a
past-only mean, corrected by what control requests really cost, weighted by e/(1 − e) (e the chance
of treatment). The sum over requests has the right expectation whatever the means are, and its
variance is the sum of the squared corrections. Amounts are sums over single decisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.reporting.savings import MEASURES, Savings, SavingsHour, sum_savings

MOST_MEANS = 20_000
MOST_HOURS = 40 * 24  # kept here, of those that anything was booked in; storage has the older ones


class ControlMean(msgspec.Struct, array_like=True):
    """What control requests of one model and pattern cost: n, sums and squares per measure."""

    n: int = 0
    sums: list[float] = msgspec.field(default_factory=lambda: [0.0] * MEASURES)
    squares: list[float] = msgspec.field(default_factory=lambda: [0.0] * MEASURES)

    def add(self, values: list[float]) -> None:
        self.n += 1
        for k in range(MEASURES):
            self.sums[k] += values[k]
            self.squares[k] += values[k] ** 2

    def mean(self, k: int) -> float:
        return self.sums[k] / self.n

    def variance(self, k: int) -> float:
        return max(0.0, self.squares[k] / self.n - self.mean(k) ** 2)


class SavingsLedger(msgspec.Struct):
    hours: dict[str, SavingsHour] = msgspec.field(default_factory=dict)
    means: dict[str, ControlMean] = msgspec.field(default_factory=dict)
    changed: list[str] = msgspec.field(default_factory=list)
    oldest: int = (
        0  # the first hour kept here (since the epoch); what comes for older ones is left out
    )

    def record(
        self,
        outcome: Outcome,
        cost: float | None,
        optimizations: Mapping[str, OptimizationState],
    ) -> None:
        """Adds one outcome to the ledger; an unpriced one adds nothing, nor does one without result."""
        decision = outcome.decision
        if (cost is None and not outcome.cached) or is_without_result(outcome, cost):
            return
        tokens = (outcome.input_tokens or 0.0) + (outcome.output_tokens or 0.0)
        actual = [cost or 0.0, tokens, outcome.duration or 0.0]
        before = decision.model_before if decision else outcome.model_id
        pattern = (decision.pattern_id if decision else outcome.pattern_id) or ""
        keys = [f"{outcome.task.task_type}\x1f{before}\x1f{p}" for p in (pattern, "")]
        draws = [d for d in decision.draws if len(d.arms) > 1] if decision else []
        cache = next((a for a in decision.applied if outcome.cached), None) if decision else None
        treated = any(d.chosen for d in draws) or outcome.cached
        mean = next((self.means[k] for k in keys if k in self.means and self.means[k].n >= 5), None)
        if mean is not None and (draws or outcome.cached):
            shares = arm_shares(draws) if cache is None else {cache.id: 1.0}
            self._book(outcome, actual, mean, treated, shares, optimizations)
        if not treated:
            for key in dict.fromkeys(keys):
                if key in self.means or len(self.means) < MOST_MEANS:
                    self.means.setdefault(key, ControlMean()).add(actual)

    def _book(
        self,
        outcome: Outcome,
        actual: list[float],
        mean: ControlMean,
        treated: bool,
        shares: dict[str, float],
        optimizations: Mapping[str, OptimizationState],
    ) -> None:
        chance = min(0.98, sum(shares.values()))
        if treated and outcome.decision is not None:
            chosen = [a.id for a in outcome.decision.applied if a.arm != "holdout"]
            shares = {chosen[0]: 1.0} if chosen else {}
            values = [mean.mean(k) - actual[k] for k in range(MEASURES)]
            spread = [mean.variance(k) for k in range(MEASURES)]
        else:
            odds = chance / (1 - chance)
            shares = {k: v / chance for k, v in shares.items()}
            values = [odds * (actual[k] - mean.mean(k)) for k in range(MEASURES)]
            spread = [v * v for v in values]
        for identifier, part in shares.items():
            if outcome.at // 3600 < self.oldest:
                continue
            state = optimizations.get(identifier)
            proven = state is None or state.status == "active"
            self._hour(int(outcome.at // 3600), identifier, proven).add(
                [v * part for v in values], [v * part for v in spread], int(treated)
            )

    def _hour(self, hour: int, identifier: str, proven: bool) -> SavingsHour:
        key = f"{hour}:{identifier}:{int(proven)}"
        if key not in self.changed:
            self.changed.append(key)
        return self.hours.setdefault(key, SavingsHour(hour, identifier, proven))

    def take_changes(self) -> tuple[SavingsHour, ...]:
        found = tuple(self.hours[k] for k in self.changed if k in self.hours)
        self.changed = []
        self._forget_oldest()
        return found

    def _forget_oldest(self) -> None:
        known = sorted({one.hour for one in self.hours.values()})
        if len(known) > MOST_HOURS:
            self.oldest = known[-MOST_HOURS]
            self.hours = {key: one for key, one in self.hours.items() if one.hour >= self.oldest}

    def savings(self, since: float, until: float, older: Iterable[SavingsHour] = ()) -> Savings:
        """`older` are stored hours before `oldest`."""
        return sum_savings([*older, *self.hours.values()], since, until)


def is_without_result(outcome: Outcome, cost: float | None) -> bool:
    """Whether the call gave nothing back: what it did not cost was not saved."""
    return outcome.error is not None or (outcome.failed and not cost)


def arm_shares(draws: list) -> dict[str, float]:  # type: ignore[type-arg]
    """Chance of each arm, as its part of the chance that anything was changed."""
    untouched = 1.0
    weight: dict[str, float] = {}
    for draw in draws:
        for arm, probability in zip(draw.arms, draw.probabilities, strict=True):
            if arm:
                weight[arm] = weight.get(arm, 0.0) + probability
            else:
                untouched *= probability
    total = sum(weight.values())
    return {arm: (1 - untouched) * w / total for arm, w in weight.items()} if total > 0 else {}
