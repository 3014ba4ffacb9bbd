"""One review: propose, judge, and divide the traffic anew, scope by scope."""

from __future__ import annotations

import numpy as np

from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.trial_scope import Scope, ScopeKey
from optimizations.engine.review.budget_division import divide_budget
from optimizations.engine.review.champion import choose_champion, settle_picks
from optimizations.engine.review.experiment.description import describe_experiment
from optimizations.engine.review.exploration_budget import ExplorationSpending
from optimizations.engine.review.judge import Judge
from optimizations.engine.review.proposer import Proposer
from optimizations.engine.review.scope_view import ScopeView, build_view, live_trials
from optimizations.engine.review.shadowing.division import plan_shadows
from optimizations.engine.review.traffic_split import plan_scope
from optimizations.engine.review.transition_log import TransitionLog
from optimizations.engine.review.trial_case import believed_effects, build_case
from optimizations.engine.review.verdicts import ReviewVerdict
from optimizations.engine.serving.policy_table import PolicyTable
from optimizations.engine.serving.traffic_plan import PlanSet
from optimizations.engine.shadows.shadow_plan import SHADOWED
from optimizations.engine.statistics.betting import e_bh
from optimizations.engine.trials.trial import Trial

MEMORY = 8000.0  # requests of a scope after which an outcome counts a third


class Reviewer:
    """Changes the trials' states and the table's plans in place; `run` returns the steps."""

    def __init__(
        self,
        settings: PolicySettings,
        now: float,
        table: PolicyTable,
        scopes: dict[ScopeKey, Scope],
        trials: dict[str, Trial],
        spending: ExplorationSpending,
        waited: float,
    ) -> None:
        """`waited`: seconds after which an outcome counts as missing."""
        self.settings, self.now, self.table, self.waited = settings, now, table, waited
        self.scopes, self.trials, self.spending = scopes, trials, spending
        self.steps = TransitionLog()

    @property
    def touched(self) -> dict[str, None]:
        """Ids of the states that changed."""
        return self.steps.touched

    def run(self) -> list[Transition]:
        self.spending.forget(self.settings.window)
        self._propose()
        views = self._build_views()
        discovered = self._find_discoveries()
        for view in views:
            choose_champion(view, self.settings, self.steps)
            self._judge(view, discovered)
        self._divide_traffic(views)
        return self.steps.taken

    def _propose(self) -> None:
        proposer = Proposer(self.settings, self.now, self.table, self.trials, self.steps)
        trials = self._trials_by_scope()
        for scope in self.scopes.values():
            fade_scope(scope)
            scope.meter.judge_callers()
            proposer.propose(scope, trials.get(scope.key, []))

    def _trials_by_scope(self) -> dict[ScopeKey, list[Trial]]:
        found: dict[ScopeKey, list[Trial]] = {}
        for trial in self.trials.values():
            state = trial.state
            found.setdefault((state.kind, state.task_type, state.base), []).append(trial)
        return found

    def _build_views(self) -> list[ScopeView]:
        views, trials = [], self._trials_by_scope()
        for scope in self.scopes.values():
            live = live_trials(trials.get(scope.key, []))
            scope.live = [trial.state.id for trial in live]
            view = build_view(scope, live, self.table, self.settings)
            if view is not None:
                views.append(view)
            else:
                self.table.plans.pop(scope.key, None)
                self._end_trials(live)
        return views

    def _end_trials(self, live: list[Trial]) -> None:
        """Rejects what follows the best of several values when none of them is left."""
        for trial in live:
            if trial.state.status in ("candidate", "shadow", "trial"):
                text = "Nothing to gain: no value helps in any pattern."
                self.steps.take(trial.state, ReviewVerdict("rejected", "futile", text), self.now)

    def _find_discoveries(self) -> set[str]:
        """Ids of the trials that e-BH picks among all that run now."""
        running = [t for t in self.trials.values() if t.state.status in ("shadow", "trial")]
        values = [
            trial.tests.utility.above(0.0) * (trial.tests.pairs.lift if trial.tests.pairs else 1.0)
            for trial in running
        ]
        return {running[k].state.id for k in e_bh(values, self.settings.discovery_rate)}

    def _judge(self, view: ScopeView, discovered: set[str]) -> None:
        judge = Judge(self.settings, self.now, self.steps)
        good = view.post.chance_good(self.settings.quality_margin)
        for trial in view.trials:
            settled = settle_picks(view, trial, self.settings)
            judge.judge(build_case(view, trial, settled, good, trial.state.id in discovered))
            used = view.used_by(trial)
            trial.tests.believed = believed_effects(view, used)
            if describe_experiment(view, trial, used, self.settings, self.now, self.waited):
                self.steps.touched[trial.state.id] = None

    def _divide_traffic(self, views: list[ScopeView]) -> None:
        budgets = divide_budget(views, self.spending, self.settings, self.scopes)
        for view, budget in zip(views, budgets, strict=True):
            self._begin_trials(view)
            plans = plan_scope(view, budget, self.table.version, self.settings.holdout)
            self.table.plans[view.scope.key] = plans
            self._plan_shadows(view, plans)

    def _plan_shadows(self, view: ScopeView, plans: PlanSet) -> None:
        self.table.shadows.pop(view.scope.key, None)
        if view.scope.kind in SHADOWED and self.settings.shadow_budget > 0:
            self.table.shadows[view.scope.key] = plan_shadows(view, plans, self.settings)
        chooser = view.chooser
        if chooser is not None and chooser.tests.pairs is not None:
            chooser.tests.pairs.start_anew(chooser.state.choice, self.settings.quality_margin)

    def _begin_trials(self, view: ScopeView) -> None:
        """Starts the trial of the chooser, and of what a person proposed."""
        for trial in view.trials:
            state = trial.state
            live = ("candidate", "shadow", "trial")
            state.champion = trial is view.chooser and state.status in live
            shadowed = view.offline and not state.by_hand
            if state.status == "candidate" and state.champion and shadowed:
                text = "Its answers are compared beside the incumbent's, out of users' sight."
                self.steps.take(state, ReviewVerdict("shadow", "begun", text), self.now)
            elif state.status == "candidate" and (state.champion or state.by_hand):
                verdict = ReviewVerdict("trial", "begun", "Its trial has started.")
                self.steps.take(state, verdict, self.now)
            elif state.status == "shadow" and not shadowed:
                text = "No shadows are run; it is tried on a small share of the traffic."
                self.steps.take(state, ReviewVerdict("trial", "unshadowed", text), self.now)


def fade_scope(scope: Scope) -> None:
    """Fades older outcomes by the number that came in since the last review."""
    fresh = scope.requests - scope.faded
    if fresh > 0:
        scope.fade(float(np.exp(-fresh / MEMORY)))
        scope.faded = scope.requests
