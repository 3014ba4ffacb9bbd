"""Routes the task to another model."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from optimizations.engine.domain.params import Cards, Params
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Request, Task


class RouteModel:
    """Proposed when at least two registered models can serve the task type."""

    name = "route_model"
    notes: ClassVar[None] = None
    randomised = True

    def base(self, task: Task, cards: Cards) -> str | None:
        return task.model_id or None

    def candidates(self, task: Task, cards: Cards, settings: PolicySettings) -> list[Params]:
        return [
            {"model_id": name, "fallback": task.model_id}
            for name, card in sorted(cards.items())
            if name != task.model_id and card.serves(task.task_type)
        ]

    def apply(self, request: Request, task: Task, params: Params, cards: Cards) -> Task | None:
        model = str(params["model_id"])
        card = cards.get(model)
        if card is None or not card.serves(task.task_type):
            return None
        if request.models is not None and model not in request.models:
            return None
        return msgspec.structs.replace(task, model_id=model)

    def describe(self, params: Params) -> str:
        return f"Route to {params['model_id']}"
