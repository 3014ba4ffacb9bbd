"""From an outcome to evidence: into the sums of its scopes, and into the tests of their trials."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from optimizations.engine.domain.evaluated_task import EvaluatedTask
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.outcome import Outcome, ratio
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL, Draw, ShadowWish, TaskDecision
from optimizations.engine.domain.trial_scope import Scope, ScopeKey, open_scope
from optimizations.engine.health.arm_sessions import ArmMemory
from optimizations.engine.health.missing_outcomes import OutcomeWait
from optimizations.engine.kinds import KINDS
from optimizations.engine.shadows.pair_state import PairState
from optimizations.engine.trials.evaluation_learning import learn_evaluated, may_learn
from optimizations.engine.trials.pair_learning import (
    Verdicts,
    bet_on_pair,
    expected_spending,
    judge_open_pair,
    learn_pair,
    read_pair,
)
from optimizations.engine.trials.scoring import (
    Reading,
    compare_with_control,
    read_outcome,
    score_second_signal,
    score_trials,
    trace_draws,
)
from optimizations.engine.trials.sessions import Sessions
from optimizations.engine.trials.trial import Trial

Explored = list[tuple[ScopeKey, str]]  # the unproven values that were served, by scope


class TrialLearner(msgspec.Struct):
    """One step of learning over the engine's own collections, which it changes in place."""

    settings: PolicySettings
    cards: Cards
    optimizations: dict[str, OptimizationState]
    trials: dict[str, Trial]
    scopes: dict[ScopeKey, Scope]
    sessions: Sessions
    arms: ArmMemory
    wait: OutcomeWait
    touched: dict[str, None]  # ids of states to be written
    now: float

    def observe(self, outcome: Outcome, cost: float | None) -> Explored:
        """Learns a new outcome in every scope it belongs to; returns what it explored."""
        explored: Explored = []
        for scope, draw in self._find_draws(outcome):
            scope.count(outcome.home, outcome.at)
            pay_meter(scope, outcome, cost)
            note_outcome(scope, outcome, draw)
            if self._served_value(draw) == CONTROL:
                scope.meter.served += 1
                scope.meter.graded += outcome.is_graded
            self._note_arrival(scope, outcome, draw)
            explored += self._learn(scope, draw, outcome, cost)
        return explored

    def correct(self, old: Outcome, new: Outcome, cost: float | None) -> Explored:
        """Learns late feedback. A bet that was settled stays settled, the sums follow."""
        explored: Explored = []
        for scope, draw in self._find_draws(new):
            if self._served_value(draw) == CONTROL:
                scope.meter.graded += new.is_graded - old.is_graded
            if old.quality is None:
                explored += self._learn(scope, draw, new, cost, late=True)
                continue
            self._revise_quality(scope, draw, old.quality, new)
            if old.second_signal is None and draw is not None:
                reading = read_outcome(scope, new, new.home, cost)
                if reading is not None and reading.second is not None:
                    score_second_signal(scope, draw, reading, self._live_trials(scope))
        return explored

    def _note_arrival(self, scope: Scope, outcome: Outcome, draw: Draw | None) -> None:
        """Counts an outcome for the health of the experiment, whether or not it was judged."""
        decision = outcome.decision
        if draw is None or decision is None:
            return
        first = self.sessions.is_first(scope, decision, "arrived")
        for trial, compared in compare_with_control(draw, outcome.home, self._live_trials(scope)):
            tests, treated = trial.tests, compared.treated
            self.touched[trial.state.id] = None
            if decision.task.session_id is not None:
                self.arms.note(tests.arms, trial.state.id, decision.unit_digest, treated)
            if first:
                tests.arrived.add(treated, compared.propensity)
                if outcome.delay is not None:
                    tests.missing.note_arrival(treated, outcome.delay, self.wait.seconds)

    def miss(self, decision: TaskDecision) -> None:
        """Counts a decision whose outcome has not come in time."""
        pattern = decision.pattern_id or ""
        for draw in decision.draws:
            scope = self.scopes.get((draw.kind, decision.task.task_type, draw.base))
            if scope is None or not self.sessions.is_first(scope, decision, "missing"):
                continue
            for trial, compared in compare_with_control(draw, pattern, self._live_trials(scope)):
                trial.tests.missing.missed.add(compared.treated, compared.propensity)
                self.touched[trial.state.id] = None

    def observe_shadow(
        self,
        main: Outcome,
        shadow: Outcome,
        wish: ShadowWish,
        costs: tuple[float | None, float | None],
        verdict: float | None,
    ) -> PairState:
        """Learns a pair: the incumbent's answer and that of a shadow, each with its cost."""
        scope = self._scope_of(main, wish)
        if scope is None:
            return "waiting"
        value = (main, costs[0]), (shadow, costs[1])
        pair = read_pair(scope, *value, wish.value, self.settings, verdict is not None)
        if pair is None:
            return "waiting"
        scope.meter.scored += shadow.is_graded
        learn_pair(scope, pair)
        for trial in self._live_trials(scope):
            if trial.target(main.home) != wish.value or wish.weight <= 0:
                continue
            reach = share_served(scope, trial)
            bet_on_pair(trial, wish.shadow_id, pair, wish.weight, self.settings, reach)
            trial.tests.note_output(shadow.output, None if shadow.failed else shadow.duration, True)
            trial.tests.note_output(main.output, None if main.failed else main.duration, False)
            self.touched[trial.state.id] = None
        if pair.difference is None:
            self.judge_pair(main, wish, (None, verdict))
            return "open"
        return "agreed" if pair.agreed else "scored"

    def evaluate(self, tasks: Sequence[EvaluatedTask]) -> int:
        """Learns tasks of an evaluation set where their scope is known; how many pairs were bet on.
        What would be served stays as it is meanwhile: give few at a time, and review in between."""
        count = 0
        for scope in self.scopes.values():
            fitting = [task for task in tasks if may_learn(scope, task)]
            trials = self._live_trials(scope) if fitting else []
            reach = {trial.state.id: share_served(scope, trial) for trial in trials}
            for task in fitting:
                bet = learn_evaluated(task, scope, trials, self.cards, self.settings, reach)
                self.touched.update(dict.fromkeys(trial.state.id for trial in bet))
                count += len(bet)
        return count

    def meter_shadow(
        self, main: Outcome, shadow: Outcome, wish: ShadowWish, cost: float | None
    ) -> None:
        """Counts what a shadow cost; where that is unknown, what it usually does, never nothing."""
        scope = self._scope_of(main, wish)
        if scope is not None:
            usual, _ = expected_spending(scope, wish.value, main.home)
            known = cost is not None and scope.reference.cost > 0
            scope.meter.answered += 1
            scope.meter.run += 1
            scope.meter.spent += ratio(cost, scope.reference.cost) if known else usual

    def judge_pair(self, main: Outcome, wish: ShadowWish, verdicts: Verdicts) -> None:
        """A person's verdict on a pair that differs: before and now."""
        scope = self._scope_of(main, wish)
        if scope is None or verdicts[0] == verdicts[1]:
            return
        trials = self._live_trials(scope)
        for trial in trials:
            self.touched[trial.state.id] = None
        judge_open_pair(scope, trials, wish, main.home, verdicts)

    def _scope_of(self, main: Outcome, wish: ShadowWish) -> Scope | None:
        return self.scopes.get((wish.kind, main.task.task_type, wish.base))

    def _find_draws(self, outcome: Outcome) -> list[tuple[Scope, Draw | None]]:
        """The scopes an outcome belongs to, with the draw that was made there."""
        found = []
        for kind, base, task, draw in trace_draws(outcome, self.cards):
            scope = open_scope(self.scopes, self.settings.kinds, kind, base, task, self.cards)
            if scope is not None:
                found.append((scope, draw))
        return found

    def _served_value(self, draw: Draw | None) -> str | None:
        """The cell key of what was served: CONTROL, a change, or None when it is gone."""
        if draw is None or not draw.chosen:
            return CONTROL
        if draw.values:
            return draw.value
        state = self.optimizations.get(draw.chosen)
        return value_key(state.params) if state else None

    def _learn(
        self,
        scope: Scope,
        draw: Draw | None,
        outcome: Outcome,
        cost: float | None,
        *,
        late: bool = False,
    ) -> Explored:
        value = self._served_value(draw)
        reading = read_outcome(scope, outcome, outcome.home, cost, value or CONTROL)
        if value == CONTROL and not late and not outcome.failed:
            scope.note_reference(cost, outcome.duration)
        if reading is None or value is None:
            return []
        if draw is not None and self.sessions.is_first(scope, outcome.decision):
            treated = value != CONTROL
            for trial in score_trials(
                scope, draw, reading, self._live_trials(scope), self.settings
            ):
                self._note_arm(trial, outcome, reading, cost, treated)
        explored: Explored = []
        if value == CONTROL:
            reading = read_outcome(scope, outcome, outcome.home, cost) or reading
        elif outcome.explored:
            explored = [(scope.key, value)]
        scope.learn(value, reading.pattern, reading.quality, reading.cost, reading.time)
        return explored

    def _note_arm(
        self, trial: Trial, outcome: Outcome, reading: Reading, cost: float | None, treated: bool
    ) -> None:
        """Updates the figures of the arm, and the outputs that the guards against gaming compare."""
        state = trial.state
        self.touched[state.id] = None
        duration = None if outcome.failed else outcome.duration
        trial.tests.note_output(outcome.output, duration, treated, self.settings.latency_factor)
        (state.treated if treated else state.control).note(outcome, reading.quality, cost)
        if treated:
            state.last_used = self.now

    def _revise_quality(self, scope: Scope, draw: Draw | None, before: float, new: Outcome) -> None:
        value = self._served_value(draw)
        if value is None or new.quality is None:
            return
        for pattern in {"", new.home}:
            scope.cell(value, pattern).revise(before, new.quality)

    def _live_trials(self, scope: Scope) -> list[Trial]:
        return [self.trials[name] for name in scope.live if name in self.trials]


def share_served(scope: Scope, trial: Trial) -> float:
    """The share of the scope's traffic that an optimization would serve."""
    served = sum(n for p, n in scope.seen.items() if trial.target(p) != CONTROL)
    return served / max(1, scope.requests)


def pay_meter(scope: Scope, outcome: Outcome, cost: float | None) -> None:
    """Counts what an answer cost and the shadows that were wished for beside it."""
    if not outcome.cached:
        scope.meter.paid += ratio(cost, scope.reference.cost)
    wished = outcome.decision.shadows if outcome.decision else ()
    scope.meter.asked += sum((w.kind, w.base) == (scope.kind, scope.base) for w in wished)


def note_outcome(scope: Scope, outcome: Outcome, draw: Draw | None) -> None:
    """Adds an outcome to the notes of a kind that has to measure before it proposes."""
    notes = KINDS[scope.kind].notes
    if notes is not None:
        scope.notes = scope.notes or notes()
        scope.notes.note(outcome, draw is not None and bool(draw.chosen))
