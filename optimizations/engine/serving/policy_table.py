"""The decision table: what a process needs to decide without asking anybody."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.settings import ModelCard
from optimizations.engine.domain.trial_scope import ScopeKey
from optimizations.engine.serving.traffic_plan import PlanSet


class PolicyTable(msgspec.Struct):
    """What all deciding processes share."""

    version: int = 0
    price_version: int = 0
    cards: dict[str, ModelCard] = msgspec.field(default_factory=dict)
    plans: dict[ScopeKey, PlanSet] = msgspec.field(default_factory=dict)
