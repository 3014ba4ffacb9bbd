"""The compiled policy: for each scope and pattern, which arm with which probability."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.task import CONTROL, Arm, Draw, Json


class Choice(msgspec.Struct, frozen=True):
    """One arm of a plan: `proven` (active), on `trial`, or neither: explored to choose the next."""

    id: str
    params: dict[str, Json]
    probability: float
    proven: bool
    trial: bool = False
    pinned: bool = False
    value: str = ""  # what it changes, as the key of its cells


class TrafficPlan(msgspec.Struct, frozen=True):
    """The arms but for control, which gets the rest."""

    choices: tuple[Choice, ...] = ()

    @property
    def control(self) -> float:
        return 1.0 - sum(c.probability for c in self.choices)


class PlanSet(msgspec.Struct, frozen=True):
    """Plans of one scope: by pattern, and for all other patterns."""

    default: TrafficPlan = TrafficPlan()
    by_pattern: dict[str, TrafficPlan] = msgspec.field(default_factory=dict)

    def plan_for(self, pattern: str | None) -> TrafficPlan:
        return self.by_pattern.get(pattern or "", self.default)


def pick_choice(choices: tuple[Choice, ...], position: float) -> Choice | None:
    """The arm at `position` in [0, 1); None is control, which takes the upper end."""
    reached = 0.0
    for choice in choices:
        reached += choice.probability
        if position < reached:
            return choice
    return None


def name_arm(choice: Choice | None) -> Arm:
    if choice is None:
        return "holdout"
    return "treatment" if choice.proven or choice.trial or choice.pinned else "explore"


def make_draw(kind: str, base: str, choices: tuple[Choice, ...], chosen: Choice | None) -> Draw:
    """The draw that was made between the arms, control first."""
    rest = 1.0 - sum(c.probability for c in choices)
    return Draw(
        kind,
        base,
        (CONTROL, *(c.id for c in choices)),
        (rest, *(c.probability for c in choices)),
        chosen.id if chosen else CONTROL,
        (CONTROL, *(c.value for c in choices)),
    )
