"""One optimization as the engine keeps it: what it changes, for whom, and what is known of it."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.lifecycle import Status, Transition
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.task import Json


class ArmStats(msgspec.Struct):
    """Sums over the requests one arm served. `judged` of the `n` had a quality."""

    n: int = 0
    judged: int = 0
    quality: float = 0.0
    utility: float = 0.0
    priced: int = 0
    cost: float = 0.0
    timed: int = 0
    duration: float = 0.0
    tokens: float = 0.0
    output_tokens: float = 0.0
    errors: int = 0

    def note(self, outcome: Outcome, quality: float, cost: float | None) -> None:
        """Adds one judged outcome; an unpriced or failed one adds no cost."""
        self.n += 1
        self.judged += 1
        self.quality += quality
        self.errors += outcome.error is not None
        if cost is not None and not outcome.failed:
            self.priced += 1
            self.cost += cost
        if outcome.duration is not None and not outcome.failed:
            self.timed += 1
            self.duration += outcome.duration
        self.tokens += (outcome.input_tokens or 0) + (outcome.output_tokens or 0)
        self.output_tokens += outcome.output_tokens or 0


class OptimizationState(msgspec.Struct):
    """`pattern_id` "" means the whole task type; `patterns` narrows that to some patterns.

    `base` is what it departs from (the model, or the model and its setting). `effectiveness` is
    0 to 1 and 0.5 or more exactly when harm is ruled out; `lift` and `quality_effect` are
    (point, low, high) against the concurrent control, `e_lift`, `e_guard`, `e_harm` e-values.
    `choice` holds the value (see `optimization_ids.value_key`) for each pattern, "" for all others; the
    value "" leaves the task alone.
    """

    id: str
    kind: str
    task_type: str
    base: str
    params: dict[str, Json]
    pattern_id: str = ""
    patterns: tuple[str, ...] = ()
    status: Status = "candidate"
    pinned: bool = False
    blocked: bool = False
    by_hand: bool = False
    created_at: float = 0.0
    changed_at: float = 0.0
    last_used: float = 0.0
    effectiveness: float = 0.0
    lift: tuple[float, float, float] = (0.0, -1.0, 1.0)
    relative_lift: tuple[float, float, float] = (0.0, -1.0, 1.0)
    quality_effect: tuple[float, float, float] = (0.0, -1.0, 1.0)
    e_lift: float = 1.0
    e_guard: float = 1.0
    e_harm: float = 1.0
    n_treated: int = 0
    n_control: int = 0
    needs_more: int | None = None
    alarm: bool = False
    below_since: float | None = None  # effectiveness below the threshold since then
    champion: bool = False  # most of the exploration goes to it
    adaptive: bool = False  # follows what is known best; `choice` says where it does what
    tailored: bool = False  # adaptive over several values, each known by itself
    choice: dict[str, str] = msgspec.field(default_factory=dict)
    holdout: float = 0.1
    summary: str = ""
    guards: dict[str, Json] = msgspec.field(default_factory=dict)
    treated: ArmStats = msgspec.field(default_factory=ArmStats)
    control: ArmStats = msgspec.field(default_factory=ArmStats)
    transitions: list[Transition] = msgspec.field(default_factory=list)
    evidence: bytes = b""  # opaque: the running tests
    confirming: bool = False  # proven by pairs; a few live requests look for harm
    confirmed_from: tuple[int, int] = (0, 0)  # live requests per arm when that began
    imbalanced: bool = False  # outcomes come in another ratio than requests were assigned
    pairs: dict[str, Json] = msgspec.field(default_factory=dict)  # figures of its pairs
    health: dict[str, Json] = msgspec.field(default_factory=dict)  # of its experiment
    power: dict[str, Json] = msgspec.field(default_factory=dict)  # what its trial can find out

    def go(
        self,
        target: Status,
        reason: str,
        text: str,
        at: float,
        evidence: dict[str, Json] | None = None,
        actor: str = "",
    ) -> Transition:
        """Carries out a transition and logs it with its evidence, and who wanted it."""
        step = Transition(self.id, self.status, target, reason, text, at, evidence or {}, actor)
        self.status, self.changed_at = target, at
        self.transitions.append(step)
        return step

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> OptimizationState:
        return msgspec.msgpack.decode(data, type=cls)
