"""From two answers to one task to evidence: into the beliefs of a scope, and into the bets."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.outcome import Outcome, ratio
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL, ShadowWish
from optimizations.engine.domain.trial_scope import Scope, ShadowMeter
from optimizations.engine.shadows.agreement import is_closed, outputs_agree
from optimizations.engine.shadows.pair_tests import PairTests
from optimizations.engine.trials.trial import Trial

Verdicts = tuple[float | None, float | None]  # before and now
SCORED = 0.3  # of the incumbent's answers have a quality
UNSCORED = (200, 0.1)  # shadows without scores after which no more are waited for
ALL_TRAFFIC = 2.0  # quality budgets that all traffic may lose
GUESSED = -0.3  # what is believed of a pair that differs until somebody says which answer is better


class PairReading(msgspec.Struct, frozen=True):
    """One pair in the units of a scope. `difference` None: they differ, and nobody said how much."""

    pattern: str
    value: str
    difference: float | None
    second: float | None
    agreed: bool
    saved: float
    cost: float
    time: float


def read_pair(
    scope: Scope,
    main: tuple[Outcome, float | None],
    shadow: tuple[Outcome, float | None],
    value: str,
    settings: PolicySettings,
    judged: bool = False,
) -> PairReading | None:
    """The pair as it counts here, each outcome with its cost; None while it cannot be compared.

    Where answers are scored a pair waits for both scores, whether they agree or not: if those that
    agree counted at once and the others later or never, every change would look harmless. Where nobody
    scores, those count whose answer served is closed, whatever the shadow's is like.
    """
    first, second = main[0], shadow[0]
    agreed = not (first.failed or second.failed) and outputs_agree(first.output, second.output)
    if not judged and not may_count(scope, first, second):
        return None
    difference = None if judged and not agreed else find_difference(first, second, agreed)
    own = spending_of(scope, *shadow, value)
    other = spending_of(scope, *main, CONTROL)
    saved = settings.cost_weight * (other[0] - own[0])
    saved += settings.duration_weight * (other[1] - own[1])
    signals = (first.second_signal, second.second_signal)
    beside = None if None in signals else float(signals[1] or 0) - float(signals[0] or 0)
    return PairReading(
        first.home, value, difference, 0.0 if agreed and beside is not None else beside, agreed,
        saved, *own,
    )  # fmt: skip


def is_scored(scope: Scope) -> bool:
    """Whether the caller usually says how good an answer was, those of shadows included."""
    cell, meter = scope.cells.get(CONTROL, {}).get(""), scope.meter
    if meter.served:
        return meter.graded > SCORED * meter.served and not is_unscored(meter)
    known = cell is not None and cell.n > SCORED * min(scope.requests, 8000)
    return known and not is_unscored(meter)


def is_unscored(meter: ShadowMeter) -> bool:
    """Whether shadows come without scores: what is said of what was served says nothing of them."""
    return meter.run >= UNSCORED[0] and meter.scored < UNSCORED[1] * meter.run


def may_count(scope: Scope, main: Outcome, shadow: Outcome) -> bool:
    """Whether the pair may be evidence now, in a way that does not depend on how it comes out."""
    if main.is_graded and shadow.is_graded:
        return True
    if is_scored(scope):
        return has_failed(main) or has_failed(shadow)
    return is_closed(main.output)


def has_failed(outcome: Outcome) -> bool:
    """Whether the call failed, whatever its answer would have been worth."""
    return not outcome.is_graded and outcome.quality == 0.0


def find_difference(main: Outcome, shadow: Outcome, agreed: bool) -> float | None:
    """The shadow's quality less the incumbent's; equal outputs are equally good for certain. Two calls
    that succeeded are not two answers that are as good: most callers report success of whatever came
    back. So that tells nothing, and neither does a score beside a success."""
    if agreed:
        return 0.0
    told = (main.is_graded and shadow.is_graded) or has_failed(main) or has_failed(shadow)
    if main.quality is None or shadow.quality is None or not told:
        return None
    return min(1.0, max(0.0, shadow.quality)) - min(1.0, max(0.0, main.quality))


def spending_of(
    scope: Scope, outcome: Outcome, cost: float | None, value: str
) -> tuple[float, float]:
    """Relative cost and time; a call that failed costs and takes what the value usually does."""
    if outcome.failed:
        return expected_spending(scope, value, outcome.home)
    return ratio(cost, scope.reference.cost), ratio(outcome.duration, scope.reference.duration)


def expected_spending(scope: Scope, value: str, pattern: str) -> tuple[float, float]:
    cell = scope.pairs.get(value, {}).get("")
    if value == CONTROL or cell is None or cell.n < 1:
        _, cost, time = scope.mean(value, pattern)
        return cost, time
    return cell.cost / cell.n, cell.time / cell.n


def learn_pair(scope: Scope, pair: PairReading) -> None:
    """Adds a pair to what is believed of the value."""
    difference = GUESSED if pair.difference is None else pair.difference
    for pattern in {"", pair.pattern}:
        scope.pair(pair.value, pattern).add(difference, pair.cost, pair.time)


def bet_on_pair(
    trial: Trial,
    name: str,
    pair: PairReading,
    weight: float,
    settings: PolicySettings,
    reach: float,
) -> None:
    """Adds a pair to the bets on an optimization that would serve its value there."""
    spending = settings.cost_weight + settings.duration_weight
    tests = trial.tests.pairs = trial.tests.pairs or PairTests.fresh(spending)
    tests.widen(spending)
    theta = max(-settings.quality_margin, -ALL_TRAFFIC * settings.quality_budget / max(reach, 1e-3))
    if pair.difference is None:
        tests.add_open(name, pair.saved, weight, theta)
        return
    tests.add(pair.difference, pair.saved, weight, theta)
    tests.agreed += pair.agreed
    tests.scored += not pair.agreed
    if pair.second is not None:
        tests.success.add(pair.second, pair.second, weight)


def judge_open_pair(
    scope: Scope, trials: list[Trial], wish: ShadowWish, pattern: str, verdicts: Verdicts
) -> None:
    """Puts a person's verdict on a pair that differs in the place of what was assumed of it."""
    before, now = verdicts
    for trial in trials:
        if trial.tests.pairs is not None:
            trial.tests.pairs.judge(wish.shadow_id, now)
    old, new = (GUESSED if one is None else one for one in (before, now))
    for where in {"", pattern}:
        scope.pair(wish.value, where).revise(old, new)
