"""The question before a model runs, and the decision: plain values, no rows, no clock."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

Json: TypeAlias = bool | int | float | str | list[Any] | dict[str, Any] | None
Reason: TypeAlias = Literal["none", "shadow", "trial", "explore", "active", "holdout", "pinned"]
Arm: TypeAlias = Literal["treatment", "holdout", "explore"]

CONTROL = ""  # the arm that leaves the task alone


class Task(msgspec.Struct, frozen=True):
    """A piece of work for a model. `parts` are message parts in order, when the caller sends them.

    >>> Task(model_id="large", input="Where is order 7?").task_type
    ''
    """

    model_id: str
    input: Json = None
    task_type: str = ""
    parameters: dict[str, Json] = msgspec.field(default_factory=dict)
    session_id: str | None = None
    parts: list[Json] | None = None


class Request(msgspec.Struct, frozen=True):
    """One request to the policy.

    `id` becomes the decision's id. `unit` is what is assigned to an arm: the session id, else
    `id`. `at` is logical time: seconds since the epoch of the newest interaction seen. `models`
    limits the models that may serve (None: all that are registered for the task type).
    """

    id: str
    task: Task
    at: float
    pattern_id: str | None = None
    pattern_confidence: float = 0.0
    unit: str = ""
    models: tuple[str, ...] | None = None
    recognizer_version: str = ""


class Applied(msgspec.Struct, frozen=True):
    """One optimization and what it did to this request."""

    id: str
    type: str
    arm: Arm
    params: dict[str, Json] = msgspec.field(default_factory=dict)


class Draw(msgspec.Struct, frozen=True):
    """One randomised choice: between which arms, with which probabilities, and what came out.

    `arms` are optimization ids, `CONTROL` stands for the task as it came. The probabilities sum
    to 1. `values` are what the arms change: two arms may do the same here. This is all that
    inference needs; it is logged with the decision.
    """

    kind: str
    base: str
    arms: tuple[str, ...]
    probabilities: tuple[float, ...]
    chosen: str
    values: tuple[str, ...] = ()

    @property
    def value(self) -> str | None:
        """What the chosen arm changes; None when that was not noted."""
        return self.values[self.arms.index(self.chosen)] if self.values else None

    def chance(self, value: str) -> float:
        """The chance that this value was served, by whichever arm."""
        pairs = zip(self.values, self.probabilities, strict=False)  # none where not noted
        return sum(p for v, p in pairs if v == value)

    @property
    def propensity(self) -> float:
        return self.probabilities[self.arms.index(self.chosen)]

    def probability(self, arm: str) -> float:
        """The chance of `arm` in this draw; 0.0 when it was not eligible."""
        return self.probabilities[self.arms.index(arm)] if arm in self.arms else 0.0


class ShadowWish(msgspec.Struct, frozen=True):
    """An alternative to run on the same task after the caller was served, for comparison.

    `value` is the key of its cells in the scope of `kind` and `base`. `chance` is the probability
    with which it was wished for, `weight` what its pair counts in the bets on what would be served
    there: 0 when it was wished for to learn about an alternative.
    """

    shadow_id: str
    kind: str
    base: str
    value: str
    model_id: str
    parameters: dict[str, Json]
    chance: float
    weight: float = 0.0


class TaskDecision(msgspec.Struct, frozen=True):
    """The decision, with everything that has to be logged to learn from it and to replay it.

    `task` is the task as it should run, `changed` the names of its fields that differ.
    `propensity` is the product over `draws`. `cached_output` is served instead of running when
    `served_from_cache` is true. `ttl` are seconds for which the answer may be reused.
    `before` is the model and the parameters that would have served without us.
    """

    id: str
    task: Task
    changed: tuple[str, ...] = ()
    applied: tuple[Applied, ...] = ()
    propensity: float = 1.0
    reason: Reason = "none"
    policy_version: int = 0
    price_version: int = 0
    recognizer_version: str = ""
    served_from_cache: bool = False
    cached_output: Json = None
    ttl: int = 60
    pattern_id: str | None = None
    unit_digest: str = ""
    draws: tuple[Draw, ...] = ()
    model_before: str = ""
    parameters_before: dict[str, Json] = msgspec.field(default_factory=dict)
    at: float = 0.0
    shadows: tuple[ShadowWish, ...] = ()
