"""The lifecycle of an optimization: its allowed transitions, each with its evidence."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from optimizations.engine.domain.task import Json

Status: TypeAlias = Literal[
    "candidate", "shadow", "trial", "active", "suspended", "rejected", "retired"
]
Verb: TypeAlias = Literal["pin", "unpin", "block", "unblock", "suspend", "retire", "resume"]

ALLOWED: dict[str, tuple[str, ...]] = {
    "candidate": ("shadow", "trial", "rejected", "suspended", "retired"),
    "shadow": ("trial", "active", "rejected", "suspended", "retired"),
    "trial": ("active", "rejected", "suspended", "retired", "candidate"),
    "active": ("suspended", "retired"),
    "suspended": ("shadow", "trial", "active", "retired", "rejected"),
    "rejected": ("candidate", "retired"),
    "retired": ("candidate",),
}


class LifecycleError(ValueError):
    """A step that does not exist, or that a person's pin or block forbids."""


class Transition(msgspec.Struct, frozen=True):
    """One step with the evidence as it stood then. `at` in logical seconds since the epoch.

    `reason` is a stable code (`proven`, `harm`, `futile`, `expired`, `patterns_differ`, `gamed`,
    `unused`, `ineffective`, `evicted`, `pattern_gone`, `person`, `recovered`, `alarm`,
    `cleared`, …), `text` a sentence for people. `alarm` and `cleared` stay within `active`.
    """

    optimization_id: str
    source: Status
    target: Status
    reason: str
    text: str
    at: float
    evidence: dict[str, Json] = msgspec.field(default_factory=dict)
    actor: str = ""


def check_step(source: str, target: str) -> None:
    """Raises LifecycleError unless `source → target` is a step of the machine."""
    if source != target and target not in ALLOWED.get(source, ()):
        raise LifecycleError(f"An optimization cannot go from {source} to {target}.")
