"""The registry of models as rows: models, prices and the dates they hold from."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils import timezone

from featurememory.audit.record import record
from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from optimizations.engine.domain.settings import ModelCard, Prices
from optimizations.models import ModelPrice, RegisteredModel


@dataclass(frozen=True)
class PriceList:
    """Prices of a project's models by date. Milliseconds since the epoch."""

    prices: dict[str, list[ModelPrice]] = field(default_factory=dict)

    @classmethod
    def of(cls, project_id: UUID) -> PriceList:
        found: dict[str, list[ModelPrice]] = {}
        for price in ModelPrice.objects.filter(project_id=project_id).order_by("effective_from"):
            found.setdefault(price.model_id, []).append(price)
        return cls(found)

    def at(self, model_id: str, moment: float) -> ModelPrice | None:
        """The price in force at `moment`; before the first date, the first price."""
        dated = self.prices.get(model_id)
        if not dated:
            return None
        return dated[max(0, bisect_right(dated, moment, key=lambda p: p.effective_from) - 1)]

    def cost(
        self, model_id: str, moment: float, tokens_in: float | None, tokens_out: float | None
    ) -> float | None:
        """The list price of a call; None when the model is unpriced or the tokens are unknown."""
        price = self.at(model_id, moment)
        if price is None:
            return None
        total = price.per_call or 0.0
        for rate, tokens in ((price.input_per_1m, tokens_in), (price.output_per_1m, tokens_out)):
            if rate is not None:
                if tokens is None:
                    return None
                total += rate * tokens / 1e6
        return total


@dataclass(frozen=True)
class Registration:
    """What `POST /models/` says about a model. `prices` None: unpriced, or as before."""

    model_id: str
    task_types: list[str]
    capabilities: dict[str, Any]
    enabled: bool
    prices: dict[str, float | None] | None
    effective_from: int | None = None


def register(project: Project, given: Registration) -> tuple[RegisteredModel, bool]:
    """Adds or replaces a model; returns the row and whether it is new. A changed price is dated."""
    with write_turn():
        known = RegisteredModel.objects.filter(project=project, model_id=given.model_id).first()
        row, made = RegisteredModel.objects.update_or_create(
            project=project,
            model_id=given.model_id,
            defaults={
                "task_types": given.task_types,
                "capabilities": given.capabilities,
                "enabled": given.enabled,
                "updated_at": timezone.now(),
            },
        )
        record_model_change(known, row)
        if given.prices is not None:
            store_price(project, given)
    return row, made


def record_model_change(known: RegisteredModel | None, row: RegisteredModel) -> None:
    before = {name: getattr(known, name) for name in DESCRIBED} if known else None
    after = {name: getattr(row, name) for name in DESCRIBED}
    if before != after:
        record(row.project_id, "model.changed", row.model_id, before=before, after=after)


def store_price(project: Project, given: Registration) -> None:
    moment = given.effective_from
    moment = time.time_ns() // 1_000_000 if moment is None else moment
    known = PriceList.of(project.pk).at(given.model_id, moment)
    values = given.prices or {}
    same = known is not None and all(getattr(known, n) == values.get(n) for n in PRICES)
    if same and given.effective_from is None:
        return
    ModelPrice.objects.update_or_create(
        project=project, model_id=given.model_id, effective_from=moment, defaults=values
    )
    before = {name: getattr(known, name) for name in PRICES} if known else None
    after = values | {"effective_from": moment}
    record(project.pk, "price.changed", given.model_id, before=before, after=after)


DESCRIBED = ("task_types", "capabilities", "enabled")
PRICES = ("input_per_1m", "output_per_1m", "cached_input_per_1m", "per_call")


def load_cards(project_id: UUID) -> list[ModelCard]:
    """The registered models as engine values, with the prices in force now."""
    prices, now = PriceList.of(project_id), time.time() * 1000
    rows = RegisteredModel.objects.filter(project_id=project_id).order_by("pk")
    return [build_card(row, prices.at(row.model_id, now)) for row in rows]


def build_card(row: RegisteredModel, price: ModelPrice | None) -> ModelCard:
    return ModelCard(
        model_id=row.model_id,
        task_types=tuple(row.task_types),
        prices=build_prices(price) if price else None,
        capabilities=row.capabilities,
        enabled=row.enabled,
        version=str(row.capabilities.get("version", "")),
    )


def build_prices(price: ModelPrice) -> Prices:
    return Prices(
        price.input_per_1m, price.output_per_1m, price.per_call, price.cached_input_per_1m
    )


def current_prices(
    rows: Sequence[RegisteredModel], project_id: UUID
) -> dict[str, ModelPrice | None]:
    prices, now = PriceList.of(project_id), time.time() * 1000
    return {row.model_id: prices.at(row.model_id, now) for row in rows}
