"""Sets declared parameters to other values."""

from __future__ import annotations

import itertools
import json
from typing import ClassVar

import msgspec

from optimizations.engine.domain.params import Cards, Params
from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Json, Request, Task

MOST = 16  # settings that are tried at the same time


class TuneParameters:
    """Every combination of the values that `capabilities.tunable` lists, 16 at most.

    Ranges (`{"min", "max"}`) are not searched here: `token_budget` uses them.
    """

    name = "tune_parameters"
    notes: ClassVar[None] = None
    randomised = True

    def base(self, task: Task, cards: Cards) -> str | None:
        lists = declared_values(task, cards)
        if not lists:
            return None
        return json.dumps([task.model_id, current_setting(task, lists)], sort_keys=True)

    def candidates(self, task: Task, cards: Cards, settings: PolicySettings) -> list[Params]:
        lists = declared_values(task, cards)
        own = current_setting(task, lists)
        combined = itertools.product(*(lists[name] for name in sorted(lists)))
        found = [dict(zip(sorted(lists), values, strict=True)) for values in combined]
        others: list[Params] = [{"parameters": s} for s in found if s != own]
        return others[:MOST]

    def apply(self, request: Request, task: Task, params: Params, cards: Cards) -> Task | None:
        setting = params["parameters"]
        lists = declared_values(task, cards)
        if not isinstance(setting, dict) or any(
            value not in lists.get(name, []) for name, value in setting.items()
        ):
            return None
        return msgspec.structs.replace(task, parameters={**task.parameters, **setting})

    def describe(self, params: Params) -> str:
        setting = params["parameters"]
        pairs = setting.items() if isinstance(setting, dict) else ()
        return "Set " + ", ".join(f"{name} to {value}" for name, value in pairs)


def declared_values(task: Task, cards: Cards) -> dict[str, list[Json]]:
    card = cards.get(task.model_id)
    tunable = card.tunable if card else {}
    return {name: values for name, values in tunable.items() if isinstance(values, list)}


def current_setting(task: Task, lists: dict[str, list[Json]]) -> dict[str, Json]:
    return {name: task.parameters.get(name) for name in lists}
