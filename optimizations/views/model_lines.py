"""One line of the list of models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from optimizations.models import ModelPrice, RegisteredModel

NO_FIGURES = dict.fromkeys(
    ("success_rate", "duration_p50", "duration_p95", "tokens_mean", "cost_mean"), None
)


@dataclass
class ModelLine:
    """One model: registered or not, with its figures of all time and its routes."""

    model_id: str
    registered: RegisteredModel | None = None
    price: ModelPrice | None = None
    figures: dict[str, Any] = field(default_factory=lambda: {"use_count": 0, **NO_FIGURES})
    routes_in: int = 0
    routes_out: int = 0
    may_change: bool = False  # whether the person may
