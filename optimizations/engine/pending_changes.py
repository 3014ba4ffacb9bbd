"""What the engine has changed and storage has not yet written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from optimizations.engine.domain.lifecycle import Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.reporting.savings import SavingsHour
from optimizations.engine.trials.trial import Trial


class PolicyChanges(msgspec.Struct, frozen=True):
    """What storage has to write since the last call; `optimizations` and `hours` are upserts."""

    optimizations: tuple[OptimizationState, ...] = ()
    removed: tuple[str, ...] = ()
    transitions: tuple[Transition, ...] = ()
    hours: tuple[SavingsHour, ...] = ()


class PendingChanges:
    """Ids of changed and of removed optimizations, in order, and the transitions between."""

    def __init__(self) -> None:
        self.touched: dict[str, None] = {}
        self.removed: dict[str, None] = {}
        self.transitions: list[Transition] = []

    def note(self, steps: list[Transition], touched: Iterable[str]) -> None:
        self.transitions += steps
        for identifier in (*touched, *(step.optimization_id for step in steps)):
            self.touched[identifier] = None

    def remove(self, identifier: str) -> None:
        self.touched.pop(identifier, None)
        self.removed[identifier] = None

    def take(
        self,
        optimizations: Mapping[str, OptimizationState],
        trials: Mapping[str, Trial],
        hours: tuple[SavingsHour, ...],
    ) -> PolicyChanges:
        """Returns the changes, the running tests encoded into their states, and starts anew."""
        states = [optimizations[name] for name in self.touched if name in optimizations]
        for state in states:
            trial = trials.get(state.id)
            state.evidence = trial.tests.to_bytes() if trial else b""
        taken = PolicyChanges(tuple(states), tuple(self.removed), tuple(self.transitions), hours)
        self.touched, self.removed, self.transitions = {}, {}, []
        return taken
