"""From an outcome to evidence: into the sums of its scopes, and into the tests of their trials."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL, Draw
from optimizations.engine.domain.trial_scope import Scope, ScopeKey, open_scope
from optimizations.engine.kinds import KINDS
from optimizations.engine.trials.scoring import (
    Reading,
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
    touched: dict[str, None]  # ids of states to be written
    now: float

    def observe(self, outcome: Outcome, cost: float | None) -> Explored:
        """Learns a new outcome in every scope it belongs to; returns what it explored."""
        explored: Explored = []
        for scope, draw in self._find_draws(outcome):
            scope.count(outcome.home)
            note_outcome(scope, outcome, draw)
            explored += self._learn(scope, draw, outcome, cost)
        return explored

    def correct(self, old: Outcome, new: Outcome, cost: float | None) -> Explored:
        """Learns late feedback. A bet that was settled stays settled, the sums follow."""
        explored: Explored = []
        for scope, draw in self._find_draws(new):
            if old.quality is None:
                explored += self._learn(scope, draw, new, cost)
                continue
            self._revise_quality(scope, draw, old.quality, new)
            if old.second_signal is None and draw is not None:
                reading = read_outcome(scope, new, new.home, cost)
                if reading is not None and reading.second is not None:
                    score_second_signal(scope, draw, reading, self._live_trials(scope))
        return explored

    def _find_draws(self, outcome: Outcome) -> list[tuple[Scope, Draw | None]]:
        """The scopes an outcome belongs to, with the draw that was made there."""
        found = []
        for kind, base, task, draw in trace_draws(outcome, self.cards):
            scope = open_scope(self.scopes, self.settings.kinds, kind, base, task)
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
        self, scope: Scope, draw: Draw | None, outcome: Outcome, cost: float | None
    ) -> Explored:
        value = self._served_value(draw)
        reading = read_outcome(scope, outcome, outcome.home, cost, value or CONTROL)
        if reading is None or value is None:
            return []
        if draw is not None and self.sessions.is_first(scope, outcome):
            treated = value != CONTROL
            for trial in score_trials(
                scope, draw, reading, self._live_trials(scope), self.settings
            ):
                self._note_arm(trial, outcome, reading, cost, treated)
        explored: Explored = []
        if value == CONTROL:
            if not outcome.failed:
                scope.note_reference(cost, outcome.duration)
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
        trial.tests.note_output(outcome.output, duration, treated)
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


def note_outcome(scope: Scope, outcome: Outcome, draw: Draw | None) -> None:
    """Adds an outcome to the notes of a kind that has to measure before it proposes."""
    notes = KINDS[scope.kind].notes
    if notes is not None:
        scope.notes = scope.notes or notes()
        scope.notes.note(outcome, draw is not None and bool(draw.chosen))
