"""Judges one optimization at a time, by its evidence and by what is believed of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL
from optimizations.engine.review import verdicts
from optimizations.engine.review.transition_log import TransitionLog
from optimizations.engine.review.trial_case import TrialCase
from optimizations.engine.review.verdicts import ReviewVerdict
from optimizations.engine.statistics.change_detection import LEAST_LEVEL, FallDetector
from optimizations.engine.trials.trial import Trial
from optimizations.engine.trials.trial_tests import TrialTests

SERVED_LEAST = 0.02  # share of traffic; what serves less is put to the test
DOUBTED = 0.1  # weight that earlier outcomes keep after an alarm
WEEK = 7 * 86_400.0
FUTILE = 0.035  # chance of gain below which it is given up: two of the 64 draws
TRIED = ("candidate", "shadow", "trial")
BLOCKS = ("gamed", "slow")  # what stops even a change whose effect is proven


def may_harm(trials: Iterable[Trial]) -> bool:
    """Whether something active may do harm: then it is worth reviewing every few requests."""
    active = (e for e in trials if e.state.status == "active" and not e.state.pinned)
    return any(e.state.alarm or verdicts.is_alarming(e.tests) for e in active)


def read_promise(tests: TrialTests, settings: PolicySettings) -> tuple[float, float]:
    """Effect on quality and on utility as it looks when a change is activated."""
    if tests.pairs is not None and min(tests.n_treated, tests.n_control) < settings.min_per_arm:
        return tests.pairs.quality.mean, tests.pairs.utility.mean
    return tests.quality.mean, tests.utility.mean


class Judge(msgspec.Struct):
    settings: PolicySettings
    now: float
    steps: TransitionLog

    def judge(self, case: TrialCase) -> None:
        state, tests, scope = case.trial.state, case.trial.tests, case.scope
        q0, c0, t0 = scope.mean(CONTROL, "")
        base = q0 - self.settings.cost_weight * c0 - self.settings.duration_weight * t0
        verdicts.refresh_figures(state, tests, base, self.settings)
        if state.pairs:
            meter = scope.meter
            state.pairs["spent_share"] = meter.spent / max(1e-9, meter.paid + meter.spent)
        if state.status == "active":
            self._judge_active(case)
        elif state.status in TRIED and (tests.n_treated or tests.pairs):
            self._judge_tried(case)

    def _judge_tried(self, case: TrialCase) -> None:
        state, tests = case.trial.state, case.trial.tests
        verdict = None
        running = state.status in ("shadow", "trial")
        held = self._hold_imbalanced(case)
        if running and not case.component and not held and self._is_affordable(case):
            verdict = verdicts.judge_trial(state, tests, self.settings, discovered=case.discovered)
        slow = verdicts.is_too_slow(tests, self.settings)
        if state.tailored and slow:
            return  # it is given up by what was slow, and measured on
        harm = verdicts.judge_harm(state, tests, self.settings, self.now, state.changed_at)
        unserved = case.component or (state.status == "shadow" and state.adaptive)
        if unserved and harm is not None and harm.reason not in BLOCKS:
            harm = None  # it may still be the best of some pattern, and harms nobody
        if verdict is None or (harm is not None and harm.reason in BLOCKS):
            verdict = harm
        if verdict is None and tests.n_treated >= verdicts.RESIGNED and case.hope < FUTILE:
            text = "It is almost certain not to help in any pattern."
            verdict = ReviewVerdict("rejected", "futile", text)
        if verdict is None:
            return
        if verdict.reason == "paired":
            state.confirming = True
            state.confirmed_from = (tests.n_treated, tests.n_control)
        self.steps.take(state, verdict, self.now)
        if verdict.step != "trial":
            state.confirming = False
        if verdict.step == "active":
            tests.months.promised = read_promise(tests, self.settings)
            known = min(LEAST_LEVEL, state.treated.judged)
            tests.watch.falls = FallDetector.fresh(tests.quality.mean, known)

    def _hold_imbalanced(self, case: TrialCase) -> bool:
        """Whether outcomes come in another ratio than requests were assigned: what is missing may be
        what went wrong, so nothing is activated. Said once; missing outcomes decide nothing else."""
        state, problem = case.trial.state, case.trial.tests.find_imbalance()
        if problem and not state.imbalanced:
            text = f"Held: {problem}. Find out which outcomes are lost, then try it anew."
            self.steps.take(state, ReviewVerdict(state.status, "sample_ratio", text), self.now)
        state.imbalanced = bool(problem)
        return state.imbalanced

    def _is_affordable(self, case: TrialCase) -> bool:
        """Whether it serves enough, and its estimated loss fits into the quality budget."""
        allowed = verdicts.ACTIVE_RESERVE * self.settings.quality_budget
        return case.reach >= SERVED_LEAST and case.effect >= -allowed

    def _judge_active(self, case: TrialCase) -> None:
        state, tests = case.trial.state, case.trial.tests
        if state.pinned:
            return
        self._hold_imbalanced(case)
        spent = self._judge_use(state)
        if spent is not None:
            self.steps.take(state, spent, self.now)
            return
        allowed = verdicts.quality_tolerance(max(case.reach, SERVED_LEAST), self.settings)
        verdict = verdicts.judge_active(state, tests, self.settings, allowed)
        if not state.alarm and case.reach < SERVED_LEAST:
            text = (
                "It promises no gain in any pattern; half of its traffic is held out to find out."
            )
            verdict = ReviewVerdict("alarm", "alarm", text)
        if verdict is not None:
            self.steps.take(state, self._start_or_end(case, verdict), self.now)

    def _start_or_end(self, case: TrialCase, verdict: ReviewVerdict) -> ReviewVerdict:
        """Carries out what an alarm, an all-clear or a rollback brings with it."""
        state, tests, scope = case.trial.state, case.trial.tests, case.scope
        state.alarm = verdict.step == "alarm"
        if verdict.step == "alarm":
            scope.fade_live(DOUBTED)  # what was learned before the change says little now
            tests.start_alarm_tests()
        elif verdict.step == "cleared":
            tests.end_alarm_tests()
        else:
            for value in {case.trial.target(p) for p in [*scope.seen, ""]} - {CONTROL}:
                scope.forget(value)
            return verdict
        return ReviewVerdict("active", verdict.reason, verdict.text)

    def _judge_use(self, state: OptimizationState) -> ReviewVerdict | None:
        """Retires what is no longer used, or was below the effectiveness threshold for a week."""
        if self.now - state.last_used > self.settings.retention_period:
            return ReviewVerdict("retired", "unused", "Not used for the retention period.")
        enough = state.effectiveness >= self.settings.effectiveness_threshold
        if enough or state.e_lift >= self.settings.reject_at:  # a dip is not yet a loss
            state.below_since = None
        elif state.below_since is None:
            state.below_since = self.now
        elif self.now - state.below_since > WEEK:
            text = f"Effectiveness {state.effectiveness:.2f}, below the threshold for seven days."
            return ReviewVerdict("retired", "ineffective", text)
        return None
