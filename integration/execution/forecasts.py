"""What the next call of a pattern will take: tokens, time, memory, each as a 90 % interval."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import TypeAlias
from uuid import UUID

from django.db.models import Max

from optimizations.engine.statistics.adaptive_interval import ENOUGH, KEPT, AdaptiveInterval
from patterns.models import ModelInteraction

QUANTITIES = ("tokens", "duration", "memory_usage")  # duration in ms, memory in bytes
LOOKED_AT = 50_000  # interactions
MOST_GROUPS = 1_000  # pairs of pattern and model that are followed; about 20 kB each
Forecast: TypeAlias = dict[str, tuple[float, float]]
Figures: TypeAlias = Mapping[str, float | None]
Group: TypeAlias = tuple[str | None, str]


class ResourceForecasts:
    """Intervals by pattern and model; by the model alone while the pattern has too few calls.

    They begin with the last calls that are stored and follow what is learned here.
    """

    def __init__(self, project_id: UUID) -> None:
        self.project_id = project_id
        self._groups: OrderedDict[Group, dict[str, AdaptiveInterval]] = OrderedDict()
        self._lock = threading.Lock()

    def forecast(self, pattern_id: str | None, model_id: str) -> Forecast:
        """The quantities that enough is known of."""
        found: Forecast = {}
        for group in ((None, model_id), (pattern_id, model_id)):
            intervals = self._intervals(group)
            with self._lock:
                known = {name: one.forecast() for name, one in intervals.items()}
            found |= {name: ends for name, ends in known.items() if ends is not None}
        return found

    def learn(self, pattern_id: str | None, model_id: str, figures: Figures) -> None:
        """What a call took. None is unknown."""
        for group in {(None, model_id), (pattern_id, model_id)}:
            intervals = self._intervals(group)
            with self._lock:
                for name in QUANTITIES:
                    value = figures.get(name)
                    if value is not None:
                        intervals[name].learn(value)

    def _intervals(self, group: Group) -> dict[str, AdaptiveInterval]:
        with self._lock:
            found = self._groups.get(group)
            if found is not None:
                self._groups.move_to_end(group)
                return found
        made = self._begin(group)
        with self._lock:
            found = self._groups.setdefault(group, made)
            while len(self._groups) > MOST_GROUPS:
                self._groups.popitem(last=False)
        return found

    def _begin(self, group: Group) -> dict[str, AdaptiveInterval]:
        past = self._read(*group)
        columns = {name: [row[name] for row in past] for name in QUANTITIES}
        return {
            name: AdaptiveInterval(values=(value for value in values if value is not None))
            for name, values in columns.items()
        }

    def _read(self, pattern_id: str | None, model_id: str) -> list[dict[str, float | None]]:
        """The last successful calls, oldest first."""
        rows = ModelInteraction.objects.filter(
            project_id=self.project_id, model_id=model_id, failed=False
        )
        if pattern_id is not None:
            rows = rows.filter(pattern_id=pattern_id)
        # No index leads to the calls of a model: only the newest of all are looked at.
        newest = ModelInteraction.objects.aggregate(newest=Max("number"))["newest"] or 0
        rows = rows.filter(number__gt=newest - LOOKED_AT)
        columns = ("input_tokens", "output_tokens", "duration", "memory_usage")
        found = list(rows.order_by("-number").values(*columns)[:KEPT])
        return [
            {
                "tokens": sum_tokens(row["input_tokens"], row["output_tokens"]),
                "duration": row["duration"],
                "memory_usage": row["memory_usage"],
            }
            for row in reversed(found)
        ]


def sum_tokens(sent: float | None, answered: float | None) -> float | None:
    """Tokens of a call; unknown when neither is known."""
    known = [count for count in (sent, answered) if count is not None]
    return sum(known) if known else None


__all__ = ["ENOUGH", "QUANTITIES", "Figures", "Forecast", "ResourceForecasts", "sum_tokens"]
