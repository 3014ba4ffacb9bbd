"""One review: propose, judge, and divide the traffic anew, scope by scope."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np

from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_of
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL
from optimizations.engine.domain.trial_scope import Scope, ScopeKey
from optimizations.engine.review import traffic_split, verdicts
from optimizations.engine.review.champion import UNCHANGED, Picks, choose
from optimizations.engine.review.exploration_budget import ExplorationSpending
from optimizations.engine.review.judge import SERVED_LEAST, Judge, TrialCase
from optimizations.engine.review.proposer import Proposer
from optimizations.engine.review.scope_view import ScopeView, _alike
from optimizations.engine.review.traffic_split import ExplorationBudget, ScopeValues, Serving
from optimizations.engine.review.transition_log import TransitionLog
from optimizations.engine.review.verdicts import ReviewVerdict
from optimizations.engine.serving.policy_table import PolicyTable
from optimizations.engine.statistics.betting import Array, e_bh
from optimizations.engine.statistics.posterior import posterior
from optimizations.engine.trials.trial import Trial

MEMORY = 8000.0  # requests of a scope after which an outcome counts a third
LISTED = 48  # patterns of a scope that get plans of their own
# Share of the quality budget that exploration may use up: while nothing promises a gain, and when it
# is certain that what is on trial is worth more than it costs.
TRIAL_RESERVE, PROMISING = 0.3, 0.7
LOSS_AHEAD = 1000.0  # requests over which what is left of it is spread
OPTIMISM = (1.3, 0.4)  # standard deviations: a trial takes in what may well help
SLOW_AFTER = 4  # requests before a value counts as slow
LIVE = ("candidate", "trial", "active")


class Reviewer:
    def __init__(
        self,
        settings: PolicySettings,
        now: float,
        table: PolicyTable,
        scopes: dict[ScopeKey, Scope],
        trials: dict[str, Trial],
        spending: ExplorationSpending,
    ) -> None:
        self.settings, self.now, self.table = settings, now, table
        self.scopes, self.trials, self.spending = scopes, trials, spending
        self.steps = TransitionLog()

    @property
    def touched(self) -> dict[str, None]:
        return self.steps.touched

    def run(self) -> list[Transition]:
        self.spending.forget(self.settings.window)
        proposer = Proposer(self.settings, self.now, self.table, self.trials, self.steps)
        mine = self._by_scope()
        for scope in self.scopes.values():
            self._fade(scope)
            proposer.propose(scope, mine.get(scope.key, []))
        mine = self._by_scope()
        found = [self._view(scope, mine.get(scope.key, [])) for scope in self.scopes.values()]
        views = [view for view in found if view is not None]
        discovered = self._discovered()
        for view in views:
            self._choose(view)
            self._judge(view, discovered)
        self._plan(views)
        return self.steps.taken

    def _by_scope(self) -> dict[ScopeKey, list[Trial]]:
        found: dict[ScopeKey, list[Trial]] = {}
        for trial in self.trials.values():
            state = trial.state
            found.setdefault((state.kind, state.task_type, state.base), []).append(trial)
        return found

    def _fade(self, scope: Scope) -> None:
        fresh = scope.requests - scope.faded
        if fresh > 0:
            scope.fade(float(np.exp(-fresh / MEMORY)))
            scope.faded = scope.requests

    # ---- what is known ----

    def _view(self, scope: Scope, mine: list[Trial]) -> ScopeView | None:
        live = [e for e in mine if e.state.status in LIVE and not e.state.blocked]
        live.sort(key=lambda e: e.state.id)
        own = {value_of(e.state.params): e for e in reversed(live) if not e.state.tailored}
        scope.live = [e.state.id for e in live]
        if not own:
            self.table.plans.pop(scope.key, None)
            self._nothing_left(live)
            return None
        patterns = scope.largest_patterns(LISTED)
        seen = np.array([scope.seen.get(p, 0.0) for p in patterns])
        rest = max(1.0, scope.requests - seen.sum())
        traffic = np.append(seen, rest) / (seen.sum() + rest)
        keys = sorted(own)
        values = self._values(scope, own, patterns)
        rng = np.random.default_rng([self.table.version, len(patterns), len(keys)])
        weights = (self.settings.cost_weight, self.settings.duration_weight)
        ratios = self._price_ratios(scope, values)
        alike = _alike(scope, values.params)
        post = posterior(scope, keys, ratios, weights, rng, patterns, alike)
        chooser = next((e for e in live if e.state.adaptive), None)
        nothing = np.full(len(traffic), UNCHANGED)
        return ScopeView(scope, patterns, traffic, live, values, chooser, post, nothing)

    def _values(self, scope: Scope, own: dict[str, Trial], patterns: list[str]) -> ScopeValues:
        keys = sorted(own)
        owners = [own[key].state for key in keys]
        fits = [
            [float(s.adaptive or own[k].covers(p)) for k, s in zip(keys, owners, strict=True)]
            for p in [*patterns, ""]
        ]
        quick = np.array([float(self._quick(scope, key)) for key in keys])
        return ScopeValues(keys, [s.params for s in owners], owners, np.array(fits) * quick)

    def _quick(self, scope: Scope, key: str) -> bool:
        """Whether the mean duration of a value leaves its slowest answers a chance to pass."""
        cell = scope.cells.get(key, {}).get("")
        if cell is None or cell.n < SLOW_AFTER:
            return True
        usual = max(1e-9, scope.mean(CONTROL, "")[2])
        return cell.time / cell.n <= self.settings.latency_factor * usual

    def _nothing_left(self, live: list[Trial]) -> None:
        """What follows the best of several values ends with the last of them."""
        for trial in live:
            if trial.state.status in ("candidate", "trial"):
                text = "Nothing to gain here: no value helps anywhere."
                self.steps.take(trial.state, ReviewVerdict("rejected", "futile", text), self.now)

    def _price_ratios(self, scope: Scope, values: ScopeValues) -> dict[str, float]:
        """What a change of model is expected to cost before it was tried, by list price."""
        base = self.table.cards.get(scope.model_id)
        found = {}
        for key, params in zip(values.keys, values.params, strict=True):
            other = self.table.cards.get(str(params.get("model_id", "")))
            ratios = [
                b / a
                for name in ("input_per_1m", "output_per_1m")
                if (a := getattr(base and base.prices, name, None))
                and (b := getattr(other and other.prices, name, None)) is not None
            ]
            if ratios:
                found[key] = sum(ratios) / len(ratios)
        return found

    def _discovered(self) -> set[str]:
        """Which trials e-BH picks among all that run now."""
        trials = [e for e in self.trials.values() if e.state.status == "trial"]
        values = [e.tests.utility.above(0.0) for e in trials]
        return {trials[k].state.id for k in e_bh(values, self.settings.discovery_rate)}

    # ---- choosing and judging ----

    def _choose(self, view: ScopeView) -> None:
        chooser = view.chooser
        if chooser is None:
            return
        before = view.used_by(chooser)
        if chooser.state.pinned and not chooser.state.tailored:  # a person's word
            own = view.values.keys.index(value_of(chooser.state.params))
            view.picks = np.full(len(view.traffic), own)
            return
        if chooser.state.alarm:  # stays as it is until that is decided
            view.picks = before
            return
        allowed = verdicts.ACTIVE_RESERVE * self.settings.quality_budget
        fits = view.values.fits
        count = len(view.values.keys)
        hope = 0.0 if chooser.state.status == "active" else max(OPTIMISM[1], OPTIMISM[0] / count)
        picks, view.price = choose(view.post, view.traffic, fits, allowed, before, hope)
        view.doubted = float(view.traffic[picks >= 0].sum()) < SERVED_LEAST
        if view.doubted and chooser.state.status == "active":
            view.picks = before  # not given up on belief alone: the alarm puts it to the test
            return
        view.picks = picks
        keys = [*view.values.keys, CONTROL]
        names = [*view.patterns, ""]
        choice = {name: keys[int(v)] for name, v in zip(names, view.picks, strict=True)}
        if choice != chooser.state.choice:
            self.steps.touched[chooser.state.id] = None
        chooser.state.choice = choice
        self._show(view, chooser.state)

    def _show(self, view: ScopeView, state: OptimizationState) -> None:
        """For whom it is, as people read it: all patterns, or those where it does something."""
        served = [p for p in view.patterns if state.choice[p] != CONTROL]
        everywhere = state.choice[""] != CONTROL or not served
        state.patterns = () if everywhere else tuple(sorted(served))
        state.pattern_id = served[0] if len(served) == 1 and not everywhere else ""
        if state.tailored:
            state.params = {"by_pattern": {p: json.loads(state.choice[p]) for p in served}}

    def _judge(self, view: ScopeView, discovered: set[str]) -> None:
        judge = Judge(self.settings, self.now, self.steps)
        good = view.post.chance_good(self.settings.quality_margin)
        for trial in view.trials:
            state = trial.state
            used = view.used_by(trial)
            doubted = view.doubted and trial is view.chooser
            rows = np.flatnonzero(used >= 0)
            effect = float((view.traffic[rows] * view.post.mean[rows, used[rows]]).sum())
            case = TrialCase(
                view.scope,
                trial,
                0.0 if doubted else float(view.traffic[rows].sum()),
                self._hope(view, trial, good),
                effect,
                view.chooser is not None and trial is not view.chooser and not state.by_hand,
                state.id in discovered,
            )
            judge.judge(case)
            trial.tests.believed = self._believed(view, used)

    def _believed(self, view: ScopeView, used: Picks) -> dict[str, tuple[float, float]]:
        """The expected effect on quality and on utility of what is used in each pattern."""
        worth = view.post.worth_mean(0.0)
        names = [*view.patterns, ""]
        return {
            names[p]: (float(view.post.mean[p, used[p]]), float(worth[p, used[p]]))
            for p in np.flatnonzero(used >= 0)
        }

    def _hope(self, view: ScopeView, trial: Trial, good: Array) -> float:
        """Chance of a gain: of its own value, or of any where it follows the best."""
        keys = view.values.keys
        mine = [k for k in range(len(keys)) if view.values.owners[k] is trial.state]
        columns = good[:, mine] if mine else good
        return float((view.traffic * columns.max(axis=1)).sum())

    # ---- dividing the traffic ----

    def _plan(self, views: list[ScopeView]) -> None:
        share = self.spending.share(self.settings)
        kinds = max(1, len({v.scope.kind for v in views if self._curious(v)}))
        spent = self.spending.lost(self._losses(views))
        for view in views:
            allowed = self.settings.quality_budget * self.settings.window * self._reserve(view)
            left = max(0.0, allowed - spent)
            self._plan_one(view, ExplorationBudget(share / kinds, left / LOSS_AHEAD / kinds))

    def _reserve(self, view: ScopeView) -> float:
        """The part of the quality budget that a scope may explore with, by what its trial promises.
        Of several values the best looks better than it is: no more for its promise."""
        if len(view.values.keys) > 1:
            return TRIAL_RESERVE
        rows = np.flatnonzero(view.picks >= 0)
        worth = view.post.worth(0.0)[:, rows, view.picks[rows]] @ view.traffic[rows]
        sure = max(0.0, 2 * float((worth > 0).mean()) - 1) if len(rows) else 0.0
        return TRIAL_RESERVE + (PROMISING - TRIAL_RESERVE) * sure

    def _curious(self, view: ScopeView) -> bool:
        return any(e.state.status in ("candidate", "trial") for e in view.trials)

    def _losses(self, views: list[ScopeView]) -> Callable[[ScopeKey, str], float]:
        table: dict[tuple[ScopeKey, str], float] = {}
        for view in views:
            for j, key in enumerate(view.values.keys):
                table[(view.scope.key, key)] = self._loss(view, j, key)

        def loss_of(scope: ScopeKey, value: str) -> float:
            known = table.get((scope, value))
            if known is not None or scope not in self.scopes:
                return known or 0.0
            cell = self.scopes[scope].cells.get(value, {}).get("")
            return max(0.0, self.scopes[scope].mean(CONTROL, "")[0] - cell.mean) if cell else 0.0

        return loss_of

    def _loss(self, view: ScopeView, j: int, key: str) -> float:
        """Believed loss of one request, weighed by where the value was served."""
        cells = view.scope.cells.get(key, {})
        served = np.array([cells[p].n if p in cells else 0.0 for p in view.patterns] + [0.1])
        lost = np.maximum(0.0, -view.post.mean[:, j])
        return float((served * lost).sum() / served.sum())

    def _plan_one(self, view: ScopeView, budget: ExplorationBudget) -> None:
        values = view.values
        live = np.array([s.status in LIVE for s in values.owners], dtype=float)
        values.fits = values.fits * live
        chooser = view.chooser.state if view.chooser else None
        self._begin(view)
        fixed = [
            (e.state, values.keys.index(value_of(e.state.params)))
            for e in view.trials
            if e.state.status == "active" and e.state is not chooser
        ]
        serving = Serving(chooser, view.picks, fixed)
        curiosity = traffic_split.explore(
            view.post.worth(view.price),
            view.post.loss,
            values.fits,
            view.traffic,
            view.picks,
            chooser is not None and chooser.status == "trial",
            budget,
            self.table.version,
        )
        plans = traffic_split.plan_set(
            values, view.patterns, serving, curiosity, self.settings.holdout
        )
        self.table.plans[view.scope.key] = plans

    def _begin(self, view: ScopeView) -> None:
        """Trials begin: of what follows the best, and of what a person proposed."""
        for trial in view.trials:
            state = trial.state
            state.champion = trial is view.chooser and state.status in ("candidate", "trial")
            if state.status == "candidate" and (state.champion or state.by_hand):
                self.steps.take(
                    state, ReviewVerdict("trial", "begun", "Its trial has begun."), self.now
                )
