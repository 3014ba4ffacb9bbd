"""A person's word about one optimization: it holds whatever the evidence says."""

from __future__ import annotations

from typing import Any

from optimizations.engine.domain.lifecycle import LifecycleError, Transition, Verb, check_step
from optimizations.engine.domain.optimization import OptimizationState


def obey(state: OptimizationState, verb: Verb, now: float, actor: str) -> Transition:
    """Does what was said and notes it; LifecycleError when that is not possible now."""
    targets = {"suspend": "suspended", "retire": "retired", "resume": "trial"}
    target: Any = targets.get(verb, state.status)
    if verb == "pin":
        state.pinned, state.blocked, target = True, False, "active"
    elif verb == "block":
        state.blocked, state.pinned = True, False
        target = "suspended" if state.status in ("active", "trial") else state.status
    elif verb in ("unpin", "unblock"):
        state.pinned = state.blocked = False
    elif state.pinned or state.blocked:
        raise LifecycleError("Unpin or unblock the optimization first.")
    if verb != "pin":
        check_step(state.status, target)
    text = f"{verb} by {actor}"
    step = Transition(state.id, state.status, target, "person", text, now, actor=actor)
    state.status, state.changed_at = target, now
    state.transitions.append(step)
    return step
