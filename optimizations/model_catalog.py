"""The registry of models as rows: models, prices and the dates they hold from."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from featurememory.audit.record import record
from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from optimizations.engine.domain.call_price import TokenUsage, price_call
from optimizations.engine.domain.model_names import list_names
from optimizations.engine.domain.settings import ModelCard, Prices
from optimizations.models import ModelPrice, RegisteredModel
from patterns.models import ModelInteraction

MOST_MODELS, MOST_PRICES = 2000, 1000


@dataclass(frozen=True)
class PriceList:
    """Prices of a project's models by date. Milliseconds since the epoch."""

    prices: dict[str, list[ModelPrice]] = field(default_factory=dict)

    @classmethod
    def of(cls, project_id: UUID) -> PriceList:
        found: dict[str, list[ModelPrice]] = {}
        for price in ModelPrice.objects.filter(project_id=project_id).order_by("effective_from"):
            found.setdefault(price.model_id, []).append(price)
        lower = {name.casefold(): dated for name, dated in found.items()}
        return cls(lower | found)

    def at(self, model_id: str, moment: float) -> ModelPrice | None:
        """The price in force at `moment`; before the first date, the first price.

        A model without prices of its own has those of the more general name (`list_names`).
        """
        dated = next((self.prices[n] for n in list_names(model_id) if n in self.prices), None)
        if not dated:
            return None
        return dated[max(0, bisect_right(dated, moment, key=lambda p: p.effective_from) - 1)]

    def cost(
        self,
        model_id: str,
        moment: float,
        usage: TokenUsage,
    ) -> float | None:
        """The list price of a call; None when the model is unpriced or the tokens are unknown."""
        price = self.at(model_id, moment)
        return price_call(build_prices(price), usage) if price else None

    def price_row(self, row: ModelInteraction) -> float | None:
        """The list price of a stored interaction."""
        return self.cost(row.model_id, row.timestamp, usage_of(row))


def usage_of(row: Any) -> TokenUsage:
    """The tokens in a row's columns, which have the same names."""
    return TokenUsage(**{name: getattr(row, name) for name in TokenUsage.__struct_fields__})


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
        if known is None:
            refuse_beyond(MOST_MODELS, RegisteredModel.objects.filter(project=project), "models")
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


def refuse_beyond(most: int, rows: QuerySet[Any], what: str) -> None:
    if rows.count() >= most:
        raise FeatureMemoryError(
            f"A project keeps at most {most:,} {what}: change one that is there.",
            ErrorCode.TOO_LARGE,
        )


def record_model_change(known: RegisteredModel | None, row: RegisteredModel) -> None:
    before = {name: getattr(known, name) for name in DESCRIBED} if known else None
    after = {name: getattr(row, name) for name in DESCRIBED}
    if before != after:
        record(row.project_id, "model.changed", row.model_id, before=before, after=after)


def store_price(project: Project, given: Registration, source: str = "") -> bool:
    """Adds or replaces a dated price; whether anything changed.

    One that holds for the past prices again what was stored: see `ModelPrice.applied`.
    """
    now = time.time_ns() // 1_000_000
    moment = now if given.effective_from is None else given.effective_from
    values: dict[str, Any] = {name: (given.prices or {}).get(name) for name in PRICES}
    own = ModelPrice.objects.filter(project=project, model_id=given.model_id)
    known = PriceList({given.model_id: list(own.order_by("effective_from"))})
    price = known.at(given.model_id, moment)
    same = price is not None and all(getattr(price, n) == values[n] for n in PRICES)
    if price is not None and same and given.effective_from in (None, price.effective_from):
        return False
    refuse_beyond(MOST_PRICES, own.exclude(effective_from=moment), "prices of a model")
    values |= {"source": source, "applied": price is not None and moment >= now - RECENT_MS}
    ModelPrice.objects.update_or_create(
        project=project, model_id=given.model_id, effective_from=moment, defaults=values
    )
    before = {name: getattr(price, name) for name in PRICES} if price else None
    after = {name: values[name] for name in PRICES} | {"effective_from": moment}
    record(project.pk, "price.changed", given.model_id, before=before, after=after)
    return True


DESCRIBED = ("task_types", "capabilities", "enabled")
PRICES = (
    "input_per_1m",
    "output_per_1m",
    "cached_input_per_1m",
    "cache_write_per_1m",
    "extended_cache_write_per_1m",
    "reasoning_per_1m",
    "per_call",
    "long_prompt_above",
    "long_input_per_1m",
    "long_output_per_1m",
    "long_cached_input_per_1m",
    "long_cache_write_per_1m",
    "long_extended_cache_write_per_1m",
)
RECENT_MS = 60_000  # interactions priced before this long ago have to be priced again


def load_cards(project_id: UUID) -> list[ModelCard]:
    """The registered models as engine values, with the prices in force now."""
    prices, now = PriceList.of(project_id), time.time() * 1000
    rows = RegisteredModel.objects.filter(project_id=project_id).order_by("pk")
    return [build_card(row, prices.at(row.model_id, now)) for row in rows]


def load_card(row: RegisteredModel) -> ModelCard:
    """One model as an engine value, with the price in force now."""
    return build_card(row, PriceList.of(row.project_id).at(row.model_id, time.time() * 1000))


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
    return Prices(**{name: getattr(price, name) for name in PRICES})


def current_prices(
    rows: Sequence[RegisteredModel], project_id: UUID
) -> dict[str, ModelPrice | None]:
    prices, now = PriceList.of(project_id), time.time() * 1000
    return {row.model_id: prices.at(row.model_id, now) for row in rows}
