"""One review: propose, judge, and divide the traffic anew, scope by scope."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from optimizations.engine import planning, review
from optimizations.engine.allocation import Posterior, posterior
from optimizations.engine.budgets import Spending
from optimizations.engine.change import LEAST_LEVEL, FallDetector
from optimizations.engine.deciding import Table
from optimizations.engine.evidence import Array, e_bh
from optimizations.engine.kind import Params
from optimizations.engine.kinds import KINDS
from optimizations.engine.learning import Entry, optimization_id, value_of
from optimizations.engine.lifecycle import Status, Transition
from optimizations.engine.optimization import OptimizationState
from optimizations.engine.planning import Arms, Budget
from optimizations.engine.proof import Proof
from optimizations.engine.review import Verdict
from optimizations.engine.scope import Scope, ScopeKey
from optimizations.engine.settings import PolicySettings
from optimizations.engine.task import CONTROL, Json

SERVED_LEAST = 0.02  # share of traffic; what serves less is put to the test
DOUBTED = 0.1  # weight that earlier outcomes keep after an alarm
WEEK = 7 * 86_400.0
MEMORY = 8000.0  # requests of a scope after which an outcome counts a third
LISTED = 48  # patterns of a scope that get plans of their own
PATIENCE = 30  # treated requests before patterns may be told apart
DIFFERENT = 0.08  # share of traffic that has to be better left out
HOPE = 0.35  # chance of gain at which a pattern stays in a group
FUTILE = 0.02
SMALLEST = 0.08  # share of traffic that is worth a trial of its own
APART = 3.0  # standard deviations by which the scatter of patterns exceeds chance
HOPELESS = 0.05  # chance of gain at which a pattern counts as different
BLOCKS = ("gamed", "slow")  # what stops even a change whose effect is proven
TRIAL_RESERVE, ACTIVE_RESERVE = 0.35, 0.7  # shares of the quality budget that may be used up


class View(msgspec.Struct):
    """A scope during one review."""

    scope: Scope
    patterns: list[str]
    traffic: Array  # [pattern], the last is all that is not listed
    entries: list[Entry]
    post: Posterior

    @property
    def fits(self) -> Array:
        return np.array(
            [[float(e.covers(p)) for e in self.entries] for p in [*self.patterns, ""]]
        ).reshape(len(self.patterns) + 1, len(self.entries))


class Reviewer:
    def __init__(
        self,
        settings: PolicySettings,
        now: float,
        table: Table,
        scopes: dict[ScopeKey, Scope],
        entries: dict[str, Entry],
        spending: Spending,
    ) -> None:
        self.settings, self.now, self.table = settings, now, table
        self.scopes, self.entries, self.spending = scopes, entries, spending
        self.steps: list[Transition] = []
        self.touched: dict[str, None] = {}

    def run(self) -> list[Transition]:
        self.spending.forget(self.settings.window)
        for scope in self.scopes.values():
            self._fade(scope)
            self._propose(scope)
        views = [v for s in self.scopes.values() if (v := self._view(s)) is not None]
        discovered = self._discovered()
        for view in views:
            for j, entry in enumerate(view.entries):
                self._judge(view, j, entry, entry.state.id in discovered)
        self._plan(views)
        return self.steps

    def _fade(self, scope: Scope) -> None:
        fresh = scope.requests - scope.faded
        if fresh > 0:
            scope.fade(float(np.exp(-fresh / MEMORY)))
            scope.faded = scope.requests

    # ---- proposing ----

    def _propose(self, scope: Scope) -> None:
        kind = KINDS[scope.kind]
        if scope.kind not in self.settings.kinds or scope.cells.get(CONTROL) is None:
            return
        known = {
            value_of(e.state.params): e.state
            for e in self.entries.values()
            if self._scope_key(e.state) == scope.key
        }
        found = kind.candidates(scope.example, self.table.cards, self.settings)
        for params in [*found, *(self._measured(scope) if not known else [])]:
            state = known.get(value_of(params))
            if state is None:
                self._found(scope, params, "", ())
            elif self._rested(state):
                self._restart(scope, state)

    def _measured(self, scope: Scope) -> list[Params]:
        """Changes that follow from what was measured in the scope."""
        found = scope.notes.proposal(self.settings) if scope.notes else None
        return [] if found is None else [found]

    def _scope_key(self, state: OptimizationState) -> ScopeKey:
        return (state.kind, state.task_type, state.base)

    def _rested(self, state: OptimizationState) -> bool:
        rest = self.settings.cool_down_s / (7 if state.status == "suspended" else 1)
        resting = state.status in ("rejected", "suspended", "retired") and not state.blocked
        person = bool(state.transitions) and state.transitions[-1].reason == "person"
        return resting and not person and self.now - state.changed_at >= rest

    def _restart(self, scope: Scope, state: OptimizationState) -> None:
        """After its rest a change is tried anew, with nothing remembered."""
        self.entries[state.id].proof = Proof.fresh()
        scope.forget(value_of(state.params))
        target: Status = "trial" if state.status == "suspended" else "candidate"
        self._step(state, Verdict(target, "rested", "Its rest is over; it is tried again."))

    def _found(
        self, scope: Scope, params: Params, generation: str, group: tuple[str, ...]
    ) -> Entry:
        identifier = optimization_id(scope.key, params, generation)
        state = OptimizationState(
            id=identifier,
            kind=scope.kind,
            task_type=scope.task_type,
            base=scope.base,
            params=dict(params),
            pattern_id=group[0] if len(group) == 1 else "",
            patterns=group,
            created_at=self.now,
            changed_at=self.now,
            last_used=self.now,
            holdout=self.settings.holdout,
            summary=KINDS[scope.kind].describe(params),
        )
        entry = Entry(state, Proof.fresh())
        self.entries[identifier] = entry
        self.touched[identifier] = None
        return entry

    # ---- judging ----

    def _view(self, scope: Scope) -> View | None:
        live = [
            e
            for e in self.entries.values()
            if self._scope_key(e.state) == scope.key
            and e.state.status in ("candidate", "trial", "active")
            and not e.state.blocked
        ]
        if not live:
            self.table.plans.pop(scope.key, None)
            return None
        live.sort(key=lambda e: e.state.id)
        patterns = scope.largest_patterns(LISTED)
        seen = np.array([scope.seen.get(p, 0.0) for p in patterns])
        rest = max(1.0, scope.requests - seen.sum())
        traffic = np.append(seen, rest) / (seen.sum() + rest)
        values = [value_of(e.state.params) for e in live]
        rng = np.random.default_rng([self.table.version, len(patterns), len(values)])
        weights = (self.settings.cost_weight, self.settings.duration_weight)
        post = posterior(scope, values, self._price_ratios(scope, live), weights, rng, patterns)
        return View(scope, patterns, traffic, live, post)

    def _price_ratios(self, scope: Scope, live: list[Entry]) -> dict[str, float]:
        """What a change of model is expected to cost before it was tried, by list price."""
        base = self.table.cards.get(scope.model_id)
        found = {}
        for entry in live:
            other = self.table.cards.get(str(entry.state.params.get("model_id", "")))
            ratios = [
                b / a
                for name in ("input_per_1m", "output_per_1m")
                if (a := getattr(base and base.prices, name, None))
                and (b := getattr(other and other.prices, name, None)) is not None
            ]
            if ratios:
                found[value_of(entry.state.params)] = sum(ratios) / len(ratios)
        return found

    def _discovered(self) -> set[str]:
        """Which trials e-BH picks among all that run now."""
        trials = [e for e in self.entries.values() if e.state.status == "trial"]
        values = [e.proof.utility.above(0.0) for e in trials]
        return {trials[k].state.id for k in e_bh(values, self.settings.discovery_rate)}

    def _judge(self, view: View, j: int, entry: Entry, discovered: bool) -> None:
        state, proof = entry.state, entry.proof
        q0, c0, t0 = view.scope.mean(CONTROL, "")
        base = q0 - self.settings.cost_weight * c0 - self.settings.duration_weight * t0
        review.refresh(state, proof, base, self.settings)
        if state.status == "active":
            self._judge_active(view, j, entry)
        elif state.status in ("trial", "candidate") and proof.n_treated:
            self._judge_trial(view, j, entry, discovered)

    def _judge_active(self, view: View, j: int, entry: Entry) -> None:
        if entry.state.pinned:
            return
        spent = self._spent(entry.state)
        if spent is not None:
            self._step(entry.state, spent)
            return
        share = float((view.traffic * view.fits[:, j]).sum())
        allowed = review.tolerance(share, self.settings)
        good = (view.post.value[:, :, j] > 0).mean(axis=0)
        served = (good >= planning.DOUBT) & (view.fits[:, j] > 0)
        verdict = review.judge_active(entry.state, entry.proof, self.settings, allowed)
        if not entry.state.alarm and float(view.traffic[served].sum()) < SERVED_LEAST:
            verdict = Verdict(
                "alarm", "alarm", "It is doubted everywhere; half is held out to see."
            )
        if verdict is None:
            return
        if verdict.step == "alarm":
            entry.state.alarm = True
            view.scope.fade(DOUBTED)  # what was learned before the change says little now
            entry.proof.suspect()
            verdict = Verdict("active", verdict.reason, verdict.text)
        elif verdict.step == "cleared":
            entry.state.alarm = False
            entry.proof.cleared()
            verdict = Verdict("active", verdict.reason, verdict.text)
        else:
            entry.state.alarm = False
            view.scope.forget(value_of(entry.state.params))
        self._step(entry.state, verdict)

    def _spent(self, state: OptimizationState) -> Verdict | None:
        """Retires what nobody uses any more, or what has shown too little for a week."""
        if self.now - state.last_used > self.settings.retention_period:
            return Verdict("retired", "unused", "It was not used for the retention period.")
        enough = state.effectiveness >= self.settings.effectiveness_threshold
        if enough or state.e_lift >= self.settings.reject_at:  # a dip is not yet a loss
            state.below_since = None
        elif state.below_since is None:
            state.below_since = self.now
        elif self.now - state.below_since > WEEK:
            text = f"Effectiveness {state.effectiveness:.2f}, too little for seven days."
            return Verdict("retired", "ineffective", text)
        return None

    def _judge_trial(self, view: View, j: int, entry: Entry, discovered: bool) -> None:
        state, proof = entry.state, entry.proof
        good = view.post.chance_good(self.settings.quality_margin)[:, j] * view.fits[:, j]
        verdict = None
        if state.status == "trial":
            verdict = review.judge_trial(state, proof, self.settings, discovered=discovered)
        if verdict is not None and verdict.step == "active" and not self._affordable(view, j, good):
            verdict = None
        if verdict is None and self._differ(view, j, entry, good):
            return
        started = state.changed_at
        harm = review.judge_harm(state, proof, self.settings, self.now, started)
        verdict = harm if verdict is None or (harm and harm.reason in BLOCKS) else verdict
        hope = float((view.traffic * good).sum())
        if verdict is None and proof.n_treated >= review.RESIGNED and hope < FUTILE:
            text = "It is as good as certain not to help anywhere."
            verdict = Verdict("rejected", "futile", text)
        if verdict is not None:
            self._step(state, verdict)
            if verdict.step == "active":
                treated = state.treated
                level = treated.quality / max(1, treated.judged)
                proof.watch.falls = FallDetector.fresh(level, LEAST_LEVEL)

    def _affordable(self, view: View, j: int, good: Array) -> bool:
        """Whether its estimated loss fits into the quality budget beside what is active."""
        used = np.where(good >= planning.DOUBT, view.traffic, 0.0)
        effect = float((used * view.post.mean[:, j]).sum())
        return effect >= -ACTIVE_RESERVE * self.settings.quality_budget

    def _differ(self, view: View, j: int, entry: Entry, good: Array) -> bool:
        """Replaces a trial by one for the patterns where it helps, when it does not in others."""
        state, proof = entry.state, entry.proof
        if proof.n_treated < PATIENCE or view.scope.refinements > 64 or state.by_hand:
            return False
        inside = view.fits[:, j] > 0
        keep = inside & (good >= HOPE)
        drop = inside & (good < HOPELESS)
        kept = [p for p, k in zip(view.patterns, keep[:-1], strict=True) if k]
        dropped = float(view.traffic[drop].sum())
        still = float(view.traffic[keep].sum())
        if not self._apart(view, value_of(state.params)):
            return False
        if still < SMALLEST or dropped < DIFFERENT * float(view.traffic[inside].sum()):
            return False
        view.scope.refinements += 1
        text = f"Patterns differ: it goes on in {len(kept)} of {int(inside.sum())}."
        self._step(state, Verdict("rejected", "patterns_differ", text))
        generation = f"{view.scope.refinements}"
        newer = self._found(view.scope, dict(state.params), generation, tuple(sorted(kept)))
        view.entries[j] = newer
        return True

    def _apart(self, view: View, value: str) -> bool:
        """Whether patterns scatter more than chance explains: Cochran's Q (Biometrics, 1954)."""
        n, effect = [], []
        for pattern in view.patterns:
            cell = view.scope.cells.get(value, {}).get(pattern)
            if cell is not None and cell.n >= 2:
                n.append(cell.n)
                effect.append(cell.mean - view.scope.mean(CONTROL, pattern)[0])
        if len(n) < 2:
            return False
        weight, found = np.array(n), np.array(effect)
        centre = (weight * found).sum() / weight.sum()
        q = float((weight * (found - centre) ** 2).sum()) / view.post.noise
        free = len(n) - 1
        return q - free >= APART * float(np.sqrt(2 * free))

    def _step(self, state: OptimizationState, verdict: Verdict) -> None:
        target: Status = verdict.step  # type: ignore[assignment]
        evidence: dict[str, Json] = {
            "e_lift": min(1e12, state.e_lift),
            "e_guard": min(1e12, state.e_guard),
            "e_harm": min(1e12, state.e_harm),
            "n_treated": state.n_treated,
            "n_control": state.n_control,
            "lift": list(state.lift),
            "quality_effect": list(state.quality_effect),
        }
        step = Transition(
            state.id, state.status, target, verdict.reason, verdict.text, self.now, evidence
        )
        if state.status != target:
            state.changed_at = self.now
        state.status = target
        state.transitions.append(step)
        self.steps.append(step)

    # ---- dividing the traffic ----

    def _plan(self, views: list[View]) -> None:
        share = self.spending.share(self.settings)
        kinds = max(1, len({v.scope.kind for v in views if self._curious(v)}))
        spent = self.spending.lost(self._losses(views))
        rate = self.settings.quality_budget * TRIAL_RESERVE
        left = max(0.0, rate * self.settings.window - spent)
        for view in views:
            self._plan_one(view, share / kinds, left / 1000 / kinds)

    def _curious(self, view: View) -> bool:
        return any(e.state.status in ("candidate", "trial") for e in view.entries)

    def _losses(self, views: list[View]) -> Callable[[ScopeKey, str], float]:
        table: dict[tuple[ScopeKey, str], float] = {}
        for view in views:
            for j, entry in enumerate(view.entries):
                key = (view.scope.key, value_of(entry.state.params))
                table[key] = float((view.traffic * view.post.loss[:, j]).sum())

        def loss_of(scope: ScopeKey, value: str) -> float:
            known = table.get((scope, value))
            if known is not None or scope not in self.scopes:
                return known or 0.0
            kept = self.scopes[scope]
            return max(0.0, kept.mean(CONTROL, "")[0] - kept.mean(value, "")[0])

        return loss_of

    def _plan_one(self, view: View, share: float, loss: float) -> None:
        arms = Arms([e.state for e in view.entries], self._usable(view))
        weights = planning.weigh(arms, view.post)
        first = planning.champion(arms, weights, view.traffic)
        for j, state in enumerate(arms.states):
            state.champion = j == first
            if state.champion and state.status == "candidate":
                self._step(state, Verdict("trial", "begun", "Its trial has begun."))
        budget = Budget(share, loss)
        explore = planning.exploration(weights, view.post, view.traffic, budget, first)
        plans = planning.plan_set(arms, view.patterns, weights, explore, self.settings.holdout)
        self.table.plans[view.scope.key] = plans

    def _usable(self, view: View) -> Array:
        live = [e.state.status in ("candidate", "trial", "active") for e in view.entries]
        return np.asarray(view.fits * np.array(live, dtype=float), dtype=np.float64)
