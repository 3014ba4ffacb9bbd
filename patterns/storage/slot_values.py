"""The most frequent values of a slot, as a row of a pattern holds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patterns.engine.domain.results import ValueShare
from patterns.engine.pattern.slot_sketch import KEPT


def read_values(slot: Mapping[str, Any]) -> list[ValueShare]:
    """Rows of earlier versions have one share a value: where not every value was counted, the greatest
    possible one, too high by at most the count of the rarest of KEPT values."""
    error = 0.0 if slot.get("distinct", 0) <= KEPT else 1 / KEPT
    return [_read_value(one, error) for one in slot.get("top", [])]


def _read_value(told: Any, error: float) -> ValueShare:
    value, share, *more = told
    if more:
        return ValueShare(str(value), float(share), float(more[0]))
    return ValueShare(str(value), max(0.0, float(share) - error), float(share))
