"""One alternative in a scope: its tests, counts and beliefs."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.optimization_ids import value_key
from optimizations.engine.domain.task import CONTROL
from optimizations.engine.trials.trial_tests import TrialTests


class Trial(msgspec.Struct):
    """A live optimization beside its running tests."""

    state: OptimizationState
    tests: TrialTests

    @classmethod
    def of(cls, state: OptimizationState) -> Trial:
        """Resumes the tests that were saved with the state; fresh ones without any."""
        saved = state.evidence
        return cls(state, TrialTests.from_bytes(saved) if saved else TrialTests.fresh())

    def covers(self, pattern: str) -> bool:
        return not self.state.patterns or pattern in self.state.patterns

    def target(self, pattern: str) -> str:
        """The value it would serve here; CONTROL where it changes nothing."""
        if self.state.adaptive:
            choice = self.state.choice
            return choice.get(pattern, choice.get("", CONTROL))
        return value_key(self.state.params) if self.covers(pattern) else CONTROL
