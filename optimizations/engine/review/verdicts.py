"""Verdicts on one optimization from its evidence: pure functions, one per step of its life."""

from __future__ import annotations

import msgspec
import numpy as np

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json
from optimizations.engine.statistics.betting import (
    GUARD_WEIGHTS,
    HARM_WEIGHTS,
    effectiveness,
    requests_needed,
)
from optimizations.engine.statistics.change_detection import CALM
from optimizations.engine.trials.trial_tests import TrialTests

SETTLED, RESIGNED = 30, 5  # treated requests before it is given up as harmful, as futile
SLOW_SHARE = 0.05  # of the answers: beyond the p95
CLEAR_AFTER = 150  # scores after an alarm before it can be called off
CLEAR_AT = 5.0  # e-value that rules the feared harm out
CLEAR_LATEST = 1500
HARMLESS = 0.5  # e-value of harm below which an alarm was chance, where nothing has fallen either
CONFIRMED = 25  # live requests per arm before what pairs have proven becomes active
ACTIVE_RESERVE = 1.0  # share of the quality budget that what is active may cost by estimate
# E-values of harm against the holdout since an alarm that roll back: alone, and where the treated arm has
# fallen so clearly below what it was. A steady change has some two alarms in 8,000 requests, so 20 alone
# rolled 5 to 7 % back; both together are hardly ever wrong, and sooner.
ALONE_BAR, BACKED_BAR, FALLEN_BAR = 60.0, 4.0, 1000.0
BACKED_AFTER = 20  # scores: a few lucky ones of the holdout on a bad day are worth 4 soon
# Alarms: of one arm alone, of the randomised difference. Real falls are first seen in the arm, so that
# a low bar of the other brings alarms that mean nothing, and each holds out half of the traffic.
FALL_BAR, HARM_BAR = 300.0, 80.0


class ReviewVerdict(msgspec.Struct, frozen=True):
    """`step` is the target status, or `alarm`/`cleared`; `reason` a stable code."""

    step: str
    reason: str
    text: str


def write_points(value: float) -> str:
    """A difference of rates as pages and API texts write it: 0.127 -> "+12.7 pt"."""
    return f"{100 * value:+.1f} pt".replace("-", "\u2212")


def refresh_figures(
    state: OptimizationState, tests: TrialTests, base: float, settings: PolicySettings
) -> None:
    """Brings the figures of a state up to date. `base` is the control's mean utility."""
    state.lift = tests.utility.interval()
    scale = max(0.1, abs(base))
    state.relative_lift = tuple(x / scale for x in state.lift)  # type: ignore[assignment]
    state.quality_effect = tests.quality.interval()
    state.e_lift = tests.utility.above(0.0) * (tests.pairs.lift if tests.pairs else 1.0)
    state.e_harm = max(live_harm(tests, settings), paired_harm(tests, settings))
    state.e_guard = guard_evidence(tests, settings)
    state.n_treated, state.n_control = tests.n_treated, tests.n_control
    low = state.relative_lift[1]
    if tests.pairs and state.e_lift >= settings.activate_at:
        low = max(low, 0.0)
    state.effectiveness = effectiveness(low, settings.effectiveness_target) if low > -1 else 0.0
    if tests.utility.n == 0 and tests.pairs is None:
        state.effectiveness = 0.0
    state.needs_more = estimate_needed(tests, settings)
    state.guards = summarize_guards(state, tests)
    state.pairs = summarize_pairs(tests, settings)


def guard_evidence(tests: TrialTests, settings: PolicySettings) -> float:
    """The e-value against "quality falls by more than the margin", on the worse signal."""
    margin = -settings.quality_margin
    value = tests.quality.above(margin, GUARD_WEIGHTS)
    second = tests.second
    value = min(value, second.above(margin, GUARD_WEIGHTS)) if second.n else value
    return value * (tests.pairs.guard(settings.quality_margin) if tests.pairs else 1.0)


def live_harm(tests: TrialTests, settings: PolicySettings) -> float:
    """The e-value against "no harm" on requests it served itself."""
    return max(tests.utility.below(0.0), tests.quality.below(-settings.quality_margin))


def paired_harm(tests: TrialTests, settings: PolicySettings) -> float:
    return tests.pairs.harm(settings.quality_margin) if tests.pairs else 1.0


def is_proven(state: OptimizationState, tests: TrialTests, settings: PolicySettings) -> bool:
    """Whether all evidence together, live and in pairs, shows the gain and that quality holds."""
    shown = state.e_lift >= settings.lift_at and state.e_guard >= settings.activate_at
    return shown and (tests.pairs is None or is_harmless_overall(tests, settings))


def is_harmless_overall(tests: TrialTests, settings: PolicySettings) -> bool:
    """Whether the pairs show that all traffic together keeps its quality. What was tried on live traffic
    as long as any trial that has no pairs needs no more than that one: they only add to its evidence."""
    tried = min(tests.n_treated, tests.n_control) >= settings.min_per_arm
    return tried or (tests.pairs is not None and tests.pairs.all_traffic >= settings.reject_at)


def summarize_guards(state: OptimizationState, tests: TrialTests) -> dict[str, Json]:
    found: dict[str, Json] = {
        "quality": {"e_value": min(1e9, state.e_guard), "effect": list(state.quality_effect)},
        "p95_ms": [round(tests.control_latency.p95, 1), round(tests.treated_latency.p95, 1)],
        "gamed": tests.find_gaming(),
    }
    if problem := tests.find_imbalance():
        found["sample_ratio"] = problem
    if tests.second.n:
        found["success"] = {"effect": tests.second.mean, "n": tests.second.n}
    return found


def summarize_pairs(tests: TrialTests, settings: PolicySettings) -> dict[str, Json]:
    """What pairs of answers to the same tasks say, by the kind of evidence; empty without any."""
    pairs, margin = tests.pairs, settings.quality_margin
    if pairs is None:
        return {}
    return {
        "n": pairs.n,
        "scored": pairs.scored - pairs.evaluated,
        "evaluated": pairs.evaluated,
        "agreed": pairs.agreed,
        "differed": pairs.differed,
        "judged": pairs.judged,
        "quality": list(pairs.quality.interval()),
        "e_gain": min(1e9, pairs.lift),
        "e_guard": min(1e9, pairs.guard(margin)),
        "e_all_traffic": min(1e9, pairs.all_traffic),
        "verdicts_needed": pairs.verdicts_needed(margin, settings.activate_at),
    }


def estimate_needed(tests: TrialTests, settings: PolicySettings) -> int | None:
    """About how many more requests the trial needs; None when no number would suffice."""
    bar = float(np.log(settings.activate_at))
    lift = requests_needed(
        tests.utility.mean, tests.utility.variance, float(np.log(settings.lift_at)) + 1
    )
    slack = tests.quality.mean + settings.quality_margin
    kept = requests_needed(slack, tests.quality.variance, bar + 1)
    if lift is None or kept is None:
        return None
    return max(0, max(lift, kept) - tests.utility.n)


def is_too_slow(tests: TrialTests, settings: PolicySettings) -> bool:
    """Whether more than a twentieth of its answers take longer than the control's p95 allows: a test of
    that quantile which may be looked at whenever one likes."""
    return tests.slow.above(SLOW_SHARE) >= settings.activate_at


def judge_trial(
    state: OptimizationState, tests: TrialTests, settings: PolicySettings, *, discovered: bool
) -> ReviewVerdict | None:
    """The verdict that activates it, or None. `discovered`: e-BH over all trials picked it."""
    if not is_proven(state, tests, settings) or not discovered:
        return None
    paired = tests.pairs.n if tests.pairs else 0
    if min(tests.n_treated, tests.n_control) + paired < settings.min_per_arm:
        return None
    if paired and min(tests.n_treated, tests.n_control) < settings.min_per_arm:
        return judge_confirmation(state, tests, settings)
    point, low, high = state.lift
    text = f"Proven: {write_points(point)} ({write_points(low)} to {write_points(high)}), quality held."
    return ReviewVerdict("active", "proven", text)


def judge_confirmation(
    state: OptimizationState, tests: TrialTests, settings: PolicySettings
) -> ReviewVerdict | None:
    """What pairs have proven serves a few live requests first, where only harm is looked for."""
    if not state.confirming:
        text = "Proven by pairs of answers to the same tasks; a few live requests confirm it."
        return ReviewVerdict("trial", "paired", text)
    done = [
        n - a for n, a in zip((tests.n_treated, tests.n_control), state.confirmed_from, strict=True)
    ]
    if min(done) < CONFIRMED or live_harm(tests, settings) >= CLEAR_AT:
        return None
    text = f"Proven by {tests.pairs.n if tests.pairs else 0} pairs, and live requests show no harm."
    return ReviewVerdict("active", "proven", text)


def judge_harm(
    state: OptimizationState,
    tests: TrialTests,
    settings: PolicySettings,
    now: float,
    started: float,
) -> ReviewVerdict | None:
    """The verdict that rejects it (gamed, slow, harmful, expired), or None."""
    gamed = tests.find_gaming()
    if gamed:
        return ReviewVerdict("rejected", "gamed", f"Quality signal not trusted: {gamed}.")
    if tests.n_treated + (tests.pairs.n if tests.pairs else 0) < SETTLED:
        return None
    if is_too_slow(tests, settings):
        return ReviewVerdict("rejected", "slow", "Its slowest answers take too long.")
    if tests.second.n and tests.second.below(-settings.quality_margin) >= settings.reject_at:
        if tests.quality.mean > -settings.quality_margin:
            text = "Its score holds, but its tasks succeed less often."
            return ReviewVerdict("rejected", "gamed", text)
        return ReviewVerdict(
            "rejected", "harm", f"Harmful: quality {write_points(tests.quality.mean)}."
        )
    if state.e_harm >= settings.reject_at:
        return ReviewVerdict(
            "rejected", "harm", f"Harmful: quality {write_points(tests.quality.mean)}."
        )
    if 2 * tests.n_treated >= settings.max_trial_requests:
        return ReviewVerdict("rejected", "expired", "No effect shown within its share of requests.")
    if now - started > settings.max_trial_s:
        return ReviewVerdict("rejected", "expired", "No effect shown in time.")
    return None


def quality_tolerance(share: float, settings: PolicySettings) -> float:
    """The loss of quality an active change may cause: the project's budget over its traffic."""
    allowed = settings.quality_budget / max(share, 1e-6)
    return float(min(settings.quality_margin, max(0.01, np.floor(100 * allowed) / 100)))


def is_alarming(tests: TrialTests) -> bool:
    """Whether what is active may have become worse: a reason to hold out more, not to roll back."""
    return tests.watch.falls.value >= FALL_BAR or tests.watch.loudest >= HARM_BAR


def judge_active(
    state: OptimizationState, tests: TrialTests, settings: PolicySettings, allowed: float
) -> ReviewVerdict | None:
    """Alarm, all-clear or rollback of what is active. `allowed` is its `quality_tolerance`."""
    if not state.alarm:
        if is_alarming(tests):
            return ReviewVerdict(
                "alarm",
                "alarm",
                "It may have become worse; half of its traffic is held out to find out.",
            )
        return None
    since = tests.suspicion
    if since is None:  # an alarm kept by an earlier version: what it saw since is not comparable
        tests.start_alarm_tests()
        return None
    quality, utility = since.quality, since.utility
    harm = max(quality.below(-allowed, HARM_WEIGHTS), utility.below(0.0, HARM_WEIGHTS))
    fallen = tests.watch.falls.value >= FALLEN_BAR and quality.n >= BACKED_AFTER
    if harm >= (BACKED_BAR if fallen else ALONE_BAR):
        text = f"Rolled back: quality {write_points(quality.mean)}, utility {write_points(utility.mean)}."
        return ReviewVerdict("suspended", "harm", text)
    clear = quality.n >= CLEAR_AFTER and quality.above(-settings.quality_margin) >= CLEAR_AT
    calm = quality.n >= CLEAR_AFTER and harm < HARMLESS and tests.watch.falls.value < CALM
    if clear or calm or quality.n >= CLEAR_LATEST:
        return ReviewVerdict("cleared", "cleared", "No harm found against the holdout.")
    return None
