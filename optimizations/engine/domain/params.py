"""Types of parameters and of model cards; which parameters of a request may be kept beyond it."""

from __future__ import annotations

from collections.abc import Mapping

from optimizations.engine.domain.settings import ModelCard
from optimizations.engine.domain.task import Json, Task

Cards = Mapping[str, ModelCard]
Params = dict[str, Json]


def keep_settings(task: Task, cards: Cards) -> dict[str, Json]:
    """Numbers and switches, and texts that the model's card lists as values to try: any other text may be
    of a person, and a scope outlives the requests it was found in."""
    card = cards.get(task.model_id)
    listed = card.tunable if card else {}
    return {
        name: value
        for name, value in task.parameters.items()
        if value is None or isinstance(value, bool | int | float) or is_listed(value, listed, name)
    }


def is_listed(value: Json, listed: dict[str, Json], name: str) -> bool:
    values = listed.get(name)
    return isinstance(values, list) and value in values
