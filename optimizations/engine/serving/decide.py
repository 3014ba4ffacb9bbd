"""From a request to a decision, over compiled plans: no learning, no writes."""

from __future__ import annotations

import msgspec

from optimizations.engine.caching.answer_cache import AnswerCache, CacheHit
from optimizations.engine.domain.assignment import assign_position
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import (
    Applied,
    Draw,
    Json,
    Reason,
    Request,
    Task,
    TaskDecision,
)
from optimizations.engine.kinds import KINDS
from optimizations.engine.kinds.protocol import Kind
from optimizations.engine.kinds.token_budget import TokenBudget
from optimizations.engine.serving.policy_table import PolicyTable
from optimizations.engine.serving.traffic_plan import Choice, make_draw, name_arm, pick_choice
from optimizations.engine.shadows.shadow_plan import wish_shadows

# Of several kinds that took part, the one that says most about the request names the reason.
ORDER: tuple[Reason, ...] = ("trial", "explore", "shadow", "pinned", "active", "holdout")
CHANGEABLE = ("model_id", "parameters", "input", "parts")


class DecisionStep(msgspec.Struct, frozen=True):
    """One kind's part of a decision: `task` as it is after it."""

    task: Task
    reason: Reason = "none"
    applied: Applied | None = None
    draw: Draw | None = None


def decide(
    request: Request,
    table: PolicyTable,
    salt: bytes,
    settings: PolicySettings,
    cache: AnswerCache,
    budgets: TokenBudget,
) -> TaskDecision:
    """Asks the cache, then applies each kind to the task as the kind before left it."""
    task = request.task
    hit = cache.find(request, salt, settings)
    if hit is not None and hit.kept is not None:
        return serve_cached(request, hit, table, salt)
    steps = [] if hit is None else [DecisionStep(task, "holdout", hit.applied, hit.draw)]
    for kind in KINDS.values():
        if kind.name in settings.kinds:
            step = apply_kind(kind, request, task, table, salt)
            if step is not None:
                task, steps = step.task, [*steps, step]
    if "token_budget" in settings.kinds and budgets.tokens.open:
        step = limit_tokens(request, task, table, salt, budgets)
        if step is not None:
            task, steps = step.task, [*steps, step]
    made = build_decision(request, task, steps, table, salt)
    if not table.shadows or any(s.draw and s.draw.kind in KINDS and s.draw.chosen for s in steps):
        return made
    wished = wish_shadows(request, task, table.shadows, table.cards, salt)
    reason = "shadow" if wished and made.reason == "none" else made.reason
    return msgspec.structs.replace(made, shadows=wished, reason=reason) if wished else made


def serve_cached(request: Request, hit: CacheHit, table: PolicyTable, salt: bytes) -> TaskDecision:
    step = DecisionStep(request.task, "active", hit.applied, hit.draw)
    decision = build_decision(request, request.task, [step], table, salt)
    output = hit.kept.output if hit.kept else None
    return msgspec.structs.replace(decision, served_from_cache=True, cached_output=output)


def limit_tokens(
    request: Request, task: Task, table: PolicyTable, salt: bytes, budgets: TokenBudget
) -> DecisionStep | None:
    found = budgets.limit_tokens(request, task, table.cards.get(task.model_id), salt)
    if found is None:
        return None
    after, applied, draw = found
    return DecisionStep(after, "active" if applied.arm == "treatment" else "holdout", applied, draw)


def apply_kind(
    kind: Kind, request: Request, task: Task, table: PolicyTable, salt: bytes
) -> DecisionStep | None:
    """Draws among the changes of this kind that can be made here; None where there is none."""
    base = kind.base(task, table.cards)
    plans = table.plans.get((kind.name, task.task_type, base)) if base is not None else None
    if plans is None or base is None:
        return None
    changed: dict[str, Task] = {}
    able: list[Choice] = []
    for choice in plans.plan_for(request.pattern_id).choices:
        after = kind.apply(request, task, choice.params, table.cards)
        if after is not None:
            changed[choice.id] = after
            able.append(choice)
    if not able:
        return None
    choices = tuple(able)
    unit = request.unit or request.id
    place = assign_position(salt, kind.name, task.task_type, base, unit)
    chosen = pick_choice(choices, place)
    draw = make_draw(kind.name, base, choices, chosen)
    after = changed[chosen.id] if chosen else task
    return DecisionStep(after, reason_of(chosen), describe_arm(kind, chosen, choices), draw)


def describe_arm(kind: Kind, chosen: Choice | None, choices: tuple[Choice, ...]) -> Applied:
    """What was applied; for control, the change that it is held out from."""
    shown = chosen or max(choices, key=lambda c: (c.proven, c.probability))
    params: dict[str, Json] = shown.params if chosen else {}
    return Applied(shown.id, kind.name, name_arm(chosen), params)


def reason_of(chosen: Choice | None) -> Reason:
    if chosen is None:
        return "holdout"
    if chosen.pinned:
        return "pinned"
    if chosen.proven:
        return "active"
    return "trial" if chosen.trial else "explore"


def build_decision(
    request: Request, task: Task, steps: list[DecisionStep], table: PolicyTable, salt: bytes
) -> TaskDecision:
    before, reasons = request.task, {s.reason for s in steps}
    draws = tuple(s.draw for s in steps if s.draw is not None)
    propensity = 1.0
    for draw in draws:
        propensity *= draw.propensity
    unit = request.unit or request.id
    return TaskDecision(
        id=request.id,
        task=task,
        changed=tuple(n for n in CHANGEABLE if getattr(task, n) != getattr(before, n)),
        applied=tuple(s.applied for s in steps if s.applied is not None),
        propensity=propensity,
        reason=next((r for r in ORDER if r in reasons), "none"),
        policy_version=table.version,
        price_version=table.price_version,
        recognizer_version=request.recognizer_version,
        pattern_id=request.pattern_id,
        unit_digest=f"{int(assign_position(salt, unit) * 2**53):014x}",
        draws=draws,
        model_before=before.model_id,
        parameters_before=before.parameters,
        at=request.at,
    )
