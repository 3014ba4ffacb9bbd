"""What interactions cost by the project's price list, where their callers reported no cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from optimizations.decision_log import log
from optimizations.model_catalog import PriceList
from patterns.models import ModelInteraction
from patterns.statistics import rollups


def price_rows(project_id: UUID, rows: Sequence[ModelInteraction]) -> list[ModelInteraction]:
    """Prices the rows without a reported cost, in place and in the database; those that changed."""
    unpriced = [row for row in rows if row.cost is None]
    prices = PriceList.of(project_id) if unpriced else PriceList()
    if not prices.prices and all(row.list_cost is None for row in unpriced):
        return []
    cached = find_cached_decisions(project_id, unpriced)
    changed = []
    for row in unpriced:
        cost = None if row.decision_id in cached else prices.price_row(row)
        if cost != row.list_cost:
            row.list_cost = cost
            changed.append(row)
    ModelInteraction.objects.bulk_update(changed, ["list_cost"], batch_size=200)
    return changed


def find_cached_decisions(project_id: UUID, rows: Sequence[ModelInteraction]) -> set[str]:
    """The decisions of these rows that were answered from the cache: no model ran."""
    ids = {row.decision_id for row in rows if row.decision_id}
    if not ids:
        return set()
    log.decision_log().absorb()
    made = log.find_decisions(project_id, ids, whole=True)
    return {name for name, one in made.items() if log.decode_record(one).decision.served_from_cache}


def reprice_rows(project_id: UUID, rows: Sequence[ModelInteraction]) -> int:
    """Prices counted interactions again and corrects the rollups; how many changed.

    Inside a transaction, while nothing else counts in the project.
    """
    before = {row.number: rollups.outcome_of(row) for row in rows}
    changed = price_rows(project_id, rows)
    pairs = [
        (before[row.number], replace(before[row.number], cost=row.known_cost)) for row in changed
    ]
    rollups.correct_costs(project_id, pairs)
    return len(changed)
