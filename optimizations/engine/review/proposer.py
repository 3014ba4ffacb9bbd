"""Proposes the changes of a scope, and tries them anew after their cool-down."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.lifecycle import Status
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import optimization_id, value_key
from optimizations.engine.domain.params import Params
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import CONTROL
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.kinds import KINDS
from optimizations.engine.review.transition_log import TransitionLog
from optimizations.engine.review.verdicts import ReviewVerdict
from optimizations.engine.serving.policy_table import PolicyTable
from optimizations.engine.shadows.shadow_plan import may_shadow
from optimizations.engine.trials.trial import Trial
from optimizations.engine.trials.trial_tests import TrialTests

TAILORED = "tailored"  # the generation of what serves the best known value of each pattern
UNJUDGED = 20  # requests without any quality after which only agreement is left
GONE = ("rejected", "retired", "suspended")


class Proposer(msgspec.Struct):
    settings: PolicySettings
    now: float
    table: PolicyTable
    trials: dict[str, Trial]
    steps: TransitionLog

    def propose(self, scope: Scope, mine: list[Trial]) -> None:
        """Creates missing optimizations of a scope and restarts those whose cool-down is over.

        One value alone is tried as it is, in the patterns where it helps. Of several values each
        is known by itself, and one optimization serves the best known of each pattern: only that
        one has to be proven.
        """
        kind = KINDS[scope.kind]
        if scope.kind not in self.settings.kinds or not self._is_measured(scope):
            return
        known = {value_key(e.state.params): e.state for e in mine if not e.state.tailored}
        found = kind.candidates(scope.example, self.table.cards, self.settings)
        measured = self._measured_changes(scope) if not known else []
        fresh = False
        for params in [*found, *measured]:
            state = known.get(value_key(params))
            if state is None:
                known[value_key(params)] = self._create(scope, params, "").state
                fresh = True
            elif self._has_rested(state):
                self._restart(scope, state)
        self._update_choosers(scope, [s for s in known.values() if not s.by_hand], mine, fresh)

    def _is_measured(self, scope: Scope) -> bool:
        """Whether changes could be compared: the incumbent's answers are judged, or shadows show where
        others answer the same."""
        judged = scope.cells.get(CONTROL) is not None
        return judged or (may_shadow(scope, self.settings) and scope.requests >= UNJUDGED)

    def _update_choosers(
        self, scope: Scope, alone: list[OptimizationState], mine: list[Trial], fresh: bool
    ) -> None:
        """Decides what follows the best choice: the only value there is, or one beside several."""
        tailored = next((e.state for e in mine if e.state.tailored), None)
        for state in alone:
            only = len(alone) == 1 and tailored is None
            state.adaptive = only and (state.adaptive or state.status != "active")
        if len(alone) > 1 and tailored is None:
            tailored = self._create(scope, {}, TAILORED).state
            tailored.adaptive = tailored.tailored = True
            tailored.summary = "Use the best known value for each pattern"
        elif tailored is not None and (
            self._has_rested(tailored) or self._may_renew(tailored, fresh)
        ):
            self._restart(scope, tailored)

    def _may_renew(self, tailored: OptimizationState, fresh: bool) -> bool:
        return fresh and tailored.status == "rejected" and not tailored.blocked

    def _measured_changes(self, scope: Scope) -> list[Params]:
        """Changes that follow from what was measured in the scope."""
        found = scope.notes.proposal(self.settings) if scope.notes else None
        return [] if found is None else [found]

    def _has_rested(self, state: OptimizationState) -> bool:
        rest = self.settings.cool_down_s / (7 if state.status == "suspended" else 1)
        resting = state.status in GONE and not state.blocked
        person = bool(state.transitions) and state.transitions[-1].reason == "person"
        return resting and not person and self.now - state.changed_at >= rest

    def _restart(self, scope: Scope, state: OptimizationState) -> None:
        """Tries a change anew after its cool-down, with fresh tests."""
        self.trials[state.id].tests = self.trials[state.id].tests.start_again()
        if not state.tailored:
            scope.forget(value_key(state.params))
        state.choice = {}
        target: Status = "trial" if state.status == "suspended" else "candidate"
        verdict = ReviewVerdict(target, "rested", "Its cool-down is over; it is tried again.")
        self.steps.take(state, verdict, self.now)

    def _create(self, scope: Scope, params: Params, generation: str) -> Trial:
        identifier = optimization_id(scope.key, params, generation)
        state = OptimizationState(
            id=identifier,
            kind=scope.kind,
            task_type=scope.task_type,
            base=scope.base,
            params=dict(params),
            created_at=self.now,
            changed_at=self.now,
            last_used=self.now,
            holdout=self.settings.holdout,
            summary=KINDS[scope.kind].describe(params) if params else "",
        )
        trial = Trial(state, TrialTests.fresh())
        self.trials[identifier] = trial
        self.steps.touched[identifier] = None
        return trial
