"""Remembers sessions whose first request was counted: requests of one session share their arm."""

from __future__ import annotations

from collections.abc import Iterable

from optimizations.engine.domain.task import TaskDecision
from optimizations.engine.domain.trial_scope import Scope

MOST = 50_000


class Sessions:
    """At most `MOST` units a policy, the oldest go first."""

    def __init__(self, units: Iterable[str] = ()) -> None:
        self._units = dict.fromkeys(units)

    def units(self) -> list[str]:
        return list(self._units)

    def is_first(self, scope: Scope, decision: TaskDecision | None, step: str = "") -> bool:
        """Whether this is the first outcome of its session in the scope: only that is evidence.
        `step` tells apart outcomes that arrived, those that were judged, and those that never came."""
        if decision is None or decision.task.session_id is None:
            return True
        unit = f"{step}{scope.kind}\x1f{scope.base}\x1f{decision.unit_digest}"
        if unit in self._units:
            return False
        self._units[unit] = None
        if len(self._units) > MOST:
            self._units.pop(next(iter(self._units)))
        return True
