"""Which alternatives run as shadows, by pattern, and the wishes of one decision."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from optimizations.engine.domain.assignment import assign_position
from optimizations.engine.domain.params import Cards
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json, Request, ShadowWish, Task
from optimizations.engine.domain.trial_scope import Scope
from optimizations.engine.kinds import KINDS

# Kinds whose changes run beside the answer. Settings cost what the answer costs, and may be tried on
# live traffic for nothing: a tenth of the spend on shadows of them brought no gain.
SHADOWED = ("route_model",)
MOST = 2  # shadows of one request


class ShadowChoice(msgspec.Struct, frozen=True):
    """One alternative with the chance that a request of the pattern wishes for it."""

    value: str
    params: dict[str, Json]
    chance: float
    weight: float = 0.0


class ShadowPattern(msgspec.Struct, frozen=True):
    """`proof`: what would be served here, for the bets on it; `search`: what may be better."""

    proof: ShadowChoice | None = None
    search: tuple[ShadowChoice, ...] = ()


class ShadowPlan(msgspec.Struct, frozen=True):
    """Shadows of one scope: by pattern, and for all other patterns."""

    default: ShadowPattern = ShadowPattern()
    by_pattern: dict[str, ShadowPattern] = msgspec.field(default_factory=dict)

    def plan_for(self, pattern: str | None) -> ShadowPattern:
        return self.by_pattern.get(pattern or "", self.default)


def may_shadow(scope: Scope, settings: PolicySettings) -> bool:
    """Whether shadows are allowed, and run by those who are asked for them."""
    return settings.shadow_budget > 0 and scope.kind in SHADOWED and not scope.meter.ignored


def wish_shadows(
    request: Request,
    task: Task,
    plans: dict[tuple[str, str, str], ShadowPlan],
    cards: Cards,
    salt: bytes,
) -> tuple[ShadowWish, ...]:
    """The shadows of a request that the incumbent serves: a pair has to be one with its answer."""
    found: list[ShadowWish] = []
    for name in SHADOWED:
        kind = KINDS[name]
        base = kind.base(task, cards)
        plan = plans.get((name, task.task_type, base)) if base is not None else None
        if plan is None or base is None:
            continue
        for choice in draw_choices(
            plan.plan_for(request.pattern_id), salt, (name, base, request.id)
        ):
            after = kind.apply(request, task, choice.params, cards)
            if after is not None and len(found) < MOST:
                found.append(
                    ShadowWish(
                        f"{request.id}.{len(found) + 1}",
                        name,
                        base,
                        choice.value,
                        after.model_id,
                        after.parameters,
                        choice.chance,
                        choice.weight,
                    )
                )
    return tuple(found)


def draw_choices(plan: ShadowPattern, salt: bytes, unit: tuple[str, ...]) -> Iterator[ShadowChoice]:
    """Each with its own chance: the one for the proof, and at most one of the others."""
    if plan.proof is not None and assign_position(salt, "proof", *unit) < plan.proof.chance:
        yield plan.proof
    if not plan.search:
        return
    place = assign_position(salt, "search", *unit)
    for choice in plan.search:
        if place < choice.chance:
            yield choice
            return
        place -= choice.chance
