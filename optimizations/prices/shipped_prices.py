"""The shipped list of prices: a dated starting point that people load on request and then edit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from featurememory.database.write_lock import write_turn
from featurememory.models import Activity, Project
from optimizations.model_catalog import PRICES, Registration, store_price
from optimizations.models import ModelPrice

PATH = Path(__file__).parent / "shipped_prices.json"


@lru_cache(maxsize=1)
def read_shipped_list() -> dict[str, Any]:
    """`note`, `currency` and `sources`: provider, page, date and the prices of each model."""
    found: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return found


def list_shipped_prices() -> Iterator[tuple[str, Registration]]:
    """Each price as it is stored, with the page it was taken from."""
    for source in read_shipped_list()["sources"]:
        day = datetime.fromisoformat(source["as_of"]).replace(tzinfo=UTC)
        for entry in source["models"]:
            prices = {name: entry.get(name) for name in PRICES}
            moment = round(day.timestamp() * 1000)
            yield source["page"], Registration(entry["model_id"], [], {}, True, prices, moment)


def load_shipped_prices(project: Project, actor: str) -> int:
    """Adds the shipped prices to the project's list; how many are new or changed.

    A model that has a price of a person's own is left alone. Only prices are added: which models may
    serve tasks remains to be said.
    """
    own = ModelPrice.objects.filter(project=project, source="")
    named = {name.casefold() for name in own.values_list("model_id", flat=True)}
    with write_turn():
        count = sum(
            store_price(project, given, source)
            for source, given in list_shipped_prices()
            if given.model_id not in named
        )
        if count:
            summary = f"Loaded {count:,} prices of the shipped list"
            Activity.objects.create(
                project=project, actor=actor, verb="price", summary=summary, link="/models/"
            )
    return count
