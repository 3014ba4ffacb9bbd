"""What is known of one pattern, and what of it is worth keeping in bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from patterns.engine.domain.observation import Json, Observation
from patterns.engine.domain.results import Slot, TemplatePart
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.quality import (
    absorb_quality,
    estimate_effectiveness,
    is_drifting,
    note_quality,
)
from patterns.engine.pattern.slot_sketch import SlotSketch
from patterns.engine.templates.gap_statistics import UNSEEN, Cohesion
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.slot_names import MOST_SLOTS
from patterns.engine.templates.word_rules import ShownTemplate, WordRule, show_template

Status: TypeAlias = Literal["candidate", "validated", "drifting"]
EXAMPLE = 400  # characters kept of the founding text


class PatternState(msgspec.Struct):
    """One pattern as the engine keeps it. Times are epoch seconds, `confidence` lies in [0, 1].

    `effectiveness` is the mean quality of its uses, shrunk to 0.5 by two imagined ones; None when
    no use told its quality. `wording` tells which words the slots of the anchors have in common,
    `words` is what people said of words of the template: `template` is read without it, `shown`
    with it.
    """

    id: str
    partition: str
    kind: str
    task_type: str = ""
    label: str | None = None
    pinned: bool = False
    key: str = ""
    use_count: int = 0
    created_at: float = 0.0
    last_used: float = 0.0
    confidence: float = 0.5
    calibrated: bool = False
    status: Status = "candidate"
    template: tuple[TemplatePart, ...] = ()
    example: str = ""
    wording: list[Wording] = []
    skeleton: Skeleton = msgspec.field(default_factory=Skeleton)
    cohesion: Cohesion = UNSEEN
    sketches: dict[str, SlotSketch] = {}
    models: dict[str, int] = {}
    outputs: dict[str, int] = {}
    context: dict[str, int] = {}
    parameters: dict[str, SlotSketch] = {}
    resources: dict[str, tuple[int, float]] = {}
    quality_sum: float = 0.0
    quality_count: int = 0
    recent_quality: float = 0.5
    right: int = 0
    wrong: int = 0
    words: list[WordRule] = []

    @property
    def model_id(self) -> str:
        """The incumbent: the model that served it most often."""
        return max(sorted(self.models), key=lambda m: self.models[m]) if self.models else ""

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(sketch.summary() for sketch in self.sketches.values())

    @property
    def effectiveness(self) -> float | None:
        return estimate_effectiveness(self)

    @property
    def drifts(self) -> bool:
        return is_drifting(self)

    @property
    def shown(self) -> ShownTemplate:
        """The template and the names of its slots as people made them."""
        return show_template(self.template, self.words)

    @property
    def template_text(self) -> str:
        return "".join(f"<{part.slot}>" if part.slot else part.text for part in self.shown.parts)

    @property
    def size_bytes(self) -> int:
        return len(self.to_bytes())

    def to_bytes(self) -> bytes:
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_bytes(cls, data: bytes) -> PatternState:
        """Raises `msgspec.DecodeError` when the bytes are not a pattern of this version."""
        return msgspec.msgpack.decode(data, type=cls)

    def note(self, observation: Observation, values: Iterable[tuple[str, Json]]) -> None:
        """Counts one use. The order of timestamps does not matter."""
        self.use_count += 1
        self.created_at = min(self.created_at or observation.timestamp, observation.timestamp)
        self.last_used = max(self.last_used, observation.timestamp)
        self.fill(values)
        note_quality(self, observation.quality)

    def fill(self, values: Iterable[tuple[str, Json]]) -> None:
        """Counts what filled the slots of one text."""
        for name, value in values:
            if name in self.sketches or len(self.sketches) < MOST_SLOTS:
                self.sketches.setdefault(name, SlotSketch(name, {}, {}, 0, [])).add(value)

    def absorb(self, other: PatternState, share: float = 1.0) -> None:
        """Takes over that share of another pattern's history."""
        self.use_count += round(other.use_count * share)
        self.created_at = min(self.created_at or other.created_at, other.created_at)
        self.last_used = max(self.last_used, other.last_used)
        absorb_quality(self, other, share)
        _absorb_counts(self.models, other.models, share)
        _absorb_counts(self.outputs, other.outputs, share)
        _absorb_counts(self.context, other.context, share)
        self.parameters = self.parameters or dict(other.parameters)
        self.resources = self.resources or dict(other.resources)


def _absorb_counts(mine: dict[str, int], theirs: dict[str, int], share: float) -> None:
    for name, n in theirs.items():
        mine[name] = mine.get(name, 0) + max(1, round(n * share))
