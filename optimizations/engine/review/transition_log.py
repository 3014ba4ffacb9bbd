"""The transitions of one review, each with the evidence at that moment."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.lifecycle import Status, Transition
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.task import Json
from optimizations.engine.review.verdicts import ReviewVerdict

MOST = 1e12  # e-values are noted up to here


class TransitionLog(msgspec.Struct):
    taken: list[Transition] = msgspec.field(default_factory=list)
    touched: dict[str, None] = msgspec.field(default_factory=dict)

    def take(self, state: OptimizationState, verdict: ReviewVerdict, now: float) -> None:
        """Carries out a verdict on `state` and logs why."""
        target: Status = verdict.step  # type: ignore[assignment]
        evidence: dict[str, Json] = {
            "e_lift": min(MOST, state.e_lift),
            "e_guard": min(MOST, state.e_guard),
            "e_harm": min(MOST, state.e_harm),
            "n_treated": state.n_treated,
            "n_control": state.n_control,
            "lift": list(state.lift),
            "quality_effect": list(state.quality_effect),
        }
        reason, text = verdict.reason, verdict.text
        step = Transition(state.id, state.status, target, reason, text, now, evidence)
        if state.status != target:
            state.changed_at = now
        state.status = target
        state.transitions.append(step)
        self.taken.append(step)
        self.touched[state.id] = None
