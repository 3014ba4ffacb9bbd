"""The decision table: what a process needs to decide without asking anybody."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.settings import ModelCard
from optimizations.engine.domain.task import Json
from optimizations.engine.domain.trial_scope import ScopeKey
from optimizations.engine.serving.traffic_plan import PlanSet
from optimizations.engine.shadows.shadow_plan import ShadowPlan


class PolicyTable(msgspec.Struct):
    """Registered models by id, and the traffic plans of each scope; shared by all deciders."""

    version: int = 0
    price_version: int = 0
    cards: dict[str, ModelCard] = msgspec.field(default_factory=dict)
    plans: dict[ScopeKey, PlanSet] = msgspec.field(default_factory=dict)
    shadows: dict[ScopeKey, ShadowPlan] = msgspec.field(default_factory=dict)

    def register(self, card: ModelCard) -> None:
        if self.cards.get(card.model_id) != card:
            self.cards[card.model_id] = card
            self.price_version += 1

    def to_json(self) -> dict[str, Json]:
        """{"version", "plans"}: one plan per scope, sorted, with its kind, task type and base."""
        plans = [
            {"kind": key[0], "task_type": key[1], "base": key[2], **msgspec.to_builtins(plan)}
            for key, plan in sorted(self.plans.items())
        ]
        return {"version": self.version, "plans": plans}
