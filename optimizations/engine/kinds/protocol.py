"""The interfaces that every kind of optimization implements."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import msgspec

from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.params import Cards, Params
from optimizations.engine.domain.settings import ModelCard, PolicySettings
from optimizations.engine.domain.task import Json, Request, Task


class Advice(msgspec.Struct, frozen=True):
    """What a person could do and no optimization does: a stable code, a sentence, the figures."""

    code: str
    text: str
    figures: dict[str, Json] = msgspec.field(default_factory=dict)


class Notes(Protocol):
    """What a kind has to measure in a scope before it can propose anything: a bounded
    `msgspec.Struct`. `treated` is true when one of the kind's changes was applied."""

    def note(self, outcome: Outcome, treated: bool) -> None: ...

    def proposal(self, settings: PolicySettings) -> Params | None: ...

    def advice(self, card: ModelCard | None, settings: PolicySettings) -> Advice | None: ...


class Kind(Protocol):
    """Stateless. `name` is stored with the optimization and is never changed. `notes` is the
    class of what it measures first, or None.

    `base` names what the change departs from ("" for all the same), or None when the kind has
    nothing to do with the task. `candidates` are the changes worth a trial from there. `apply`
    gives the changed task, or None where the change cannot be made for this request.
    """

    name: str
    notes: ClassVar[Any]  # type[Notes] | None
    randomised: bool  # needs a trial against a control group before it is active

    def base(self, task: Task, cards: Cards) -> str | None: ...

    def candidates(self, task: Task, cards: Cards, settings: PolicySettings) -> list[Params]: ...

    def apply(self, request: Request, task: Task, params: Params, cards: Cards) -> Task | None: ...

    def describe(self, params: Params) -> str: ...


class CacheKind(Protocol):
    """A kind that answers without running the task. `levels` name its keys, strictest first;
    `repeats` is the share of repeats from which it is proposed, `bound` the share of served
    answers that may be wrong.
    """

    name: str
    levels: tuple[str, ...]
    repeats: float
    summary: str

    def is_on(self, settings: PolicySettings) -> bool: ...

    def bound(self, settings: PolicySettings) -> float: ...

    def keys(self, task: Task) -> dict[str, str]: ...
