"""What a kind of optimization has to say about itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from optimizations.engine.settings import ModelCard, PolicySettings
from optimizations.engine.task import Json, Request, Task

Cards = Mapping[str, ModelCard]
Params = dict[str, Json]


class Kind(Protocol):
    """Stateless. `name` is stored with the optimization and is never changed.

    `base` names what the change departs from ("" for all the same), or None when the kind has
    nothing to do with the task. `candidates` are the changes worth a trial from there. `apply`
    gives the changed task, or None where the change cannot be made for this request.
    """

    name: str
    randomised: bool  # needs a trial against a control group before it is active

    def base(self, task: Task, cards: Cards) -> str | None: ...

    def candidates(self, task: Task, cards: Cards, settings: PolicySettings) -> list[Params]: ...

    def apply(self, request: Request, task: Task, params: Params, cards: Cards) -> Task | None: ...

    def describe(self, params: Params) -> str: ...
