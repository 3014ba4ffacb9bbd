"""What a person says about an optimization: it holds whatever the evidence says."""

from __future__ import annotations

from typing import Any

from optimizations.engine.domain.lifecycle import LifecycleError, Transition, Verb, check_step
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Task
from optimizations.engine.domain.trial_scope import Scope, ScopeKey, open_scope
from optimizations.engine.kinds import KINDS
from optimizations.engine.trials.trial import Trial
from optimizations.engine.trials.trial_tests import TrialTests

TARGETS: dict[str, str] = {"suspend": "suspended", "retire": "retired", "resume": "trial"}
DONE: dict[str, str] = {
    "pin": "pinned",
    "unpin": "unpinned",
    "block": "blocked",
    "unblock": "unblocked",
    "suspend": "suspended",
    "resume": "resumed",
    "retire": "retired",
}


def obey_verb(
    state: OptimizationState, verb: Verb, now: float, actor: str, why: str = ""
) -> Transition:
    """Carries out the verb and notes it; LifecycleError when that is not possible now."""
    target: Any = TARGETS.get(verb, state.status)
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
    done = f"{DONE.get(verb, verb)} by {actor}"
    text = f"{done}: {why}" if why else done
    return state.go(target, "person", text, now, actor=actor)


def admit_optimization(
    state: OptimizationState,
    scopes: dict[ScopeKey, Scope],
    cards: Cards,
    settings: PolicySettings,
    now: float,
) -> Trial:
    """Completes an optimization made by hand and gives it tests of its own.

    ValueError when its kind proposes itself, its params do not fit, or no scope can be found.
    """
    if state.kind not in settings.kinds or state.kind not in KINDS:
        raise ValueError(f"{state.kind} cannot be stored by hand: it proposes itself.")
    try:
        state.summary = state.summary or KINDS[state.kind].describe(state.params)
    except (KeyError, TypeError, AttributeError):
        raise ValueError(f"{state.kind} does not accept these params.") from None
    state.base = find_base(state, scopes, cards, settings)
    state.by_hand, state.created_at, state.changed_at = True, now, now
    if state.pattern_id and not state.patterns:
        state.patterns = (state.pattern_id,)
    return Trial(state, TrialTests.fresh())


def find_base(
    state: OptimizationState,
    scopes: dict[ScopeKey, Scope],
    cards: Cards,
    settings: PolicySettings,
) -> str:
    """The base of the scope it competes in, which is opened when there is none yet.

    `state.base` may be a model, or "" where the task type has a scope of this kind already.
    """
    known = [
        scope
        for scope in scopes.values()
        if (scope.kind, scope.task_type) == (state.kind, state.task_type)
        and (not state.base or state.base in (scope.base, scope.model_id))
    ]
    if known:
        return max(known, key=lambda scope: scope.requests).base
    task = Task(state.base, None, state.task_type)
    base = KINDS[state.kind].base(task, cards) if state.base else None
    if not base:
        raise ValueError(
            "Give the model_id that it departs from, with its tunable parameters registered."
        )
    open_scope(scopes, settings.kinds, state.kind, base, task, cards)
    return base
