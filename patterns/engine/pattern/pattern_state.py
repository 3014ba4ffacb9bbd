"""What is known of one pattern, and what of it is worth keeping in bytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from patterns.engine.domain.observation import Json, Observation
from patterns.engine.domain.results import Slot, TemplatePart
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.slot_sketch import SlotSketch
from patterns.engine.templates.gap_statistics import UNSEEN, Cohesion
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.slot_names import MOST_SLOTS

Status: TypeAlias = Literal["candidate", "validated", "drifting"]
PRIOR_QUALITY, PRIOR_WEIGHT = 0.5, 2.0  # effectiveness is shrunk by two imagined middling uses
DRIFT_FROM = 100  # judged uses before a pattern can drift
EXAMPLE = 400  # characters kept of the founding text
RECENT = 0.05  # weight of the newest use in the moving share of good ones


class PatternState(msgspec.Struct):
    """One pattern as the engine keeps it. Times are epoch seconds, `confidence` lies in [0, 1].

    `effectiveness` is the mean quality of its uses, shrunk to 0.5 by two imagined ones; None when
    no use told its quality. `wording` tells which words the slots of the anchors have in common.
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

    @property
    def model_id(self) -> str:
        """The incumbent: the model that served it most often."""
        return max(sorted(self.models), key=lambda m: self.models[m]) if self.models else ""

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(sketch.summary() for sketch in self.sketches.values())

    @property
    def effectiveness(self) -> float | None:
        if not self.quality_count:
            return None
        total = self.quality_sum + PRIOR_QUALITY * PRIOR_WEIGHT
        return total / (self.quality_count + PRIOR_WEIGHT)

    @property
    def drifts(self) -> bool:
        """Whether the newest uses are clearly worse than all: an EWMA control chart (Roberts 1959)
        four standard deviations wide, and at least a tenth."""
        if self.quality_count < DRIFT_FROM:
            return False
        usual = min(1.0, max(0.0, self.quality_sum / self.quality_count))
        spread = (usual * (1 - usual) * RECENT / (2 - RECENT)) ** 0.5
        return bool(self.recent_quality < usual - max(0.1, 4 * spread))

    @property
    def template_text(self) -> str:
        return "".join(f"<{part.slot}>" if part.slot else part.text for part in self.template)

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
        self._note_quality(observation.quality)

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
        judged = round(other.quality_count * share)
        if judged:  # how it goes lately: by how much each of the two has been judged
            weight = judged / (self.quality_count + judged)
            self.recent_quality += weight * (other.recent_quality - self.recent_quality)
            # the sum of as many as are counted, or the mean would leave 0 to 1 with the rounding
            self.quality_sum += other.quality_sum * judged / other.quality_count
            self.quality_count += judged
        for mine, theirs in ((self.models, other.models), (self.outputs, other.outputs)):
            for name, n in theirs.items():
                mine[name] = mine.get(name, 0) + max(1, round(n * share))
        for name, n in other.context.items():
            self.context[name] = self.context.get(name, 0) + max(1, round(n * share))
        self.parameters = self.parameters or dict(other.parameters)
        self.resources = self.resources or dict(other.resources)

    def correct_quality(self, quality: float, count: int) -> None:
        """Late words on uses that were counted: what they add to the sum and to the judged uses.

        How it goes lately follows as if the uses had just come: `count` steps towards their mean.
        """
        self.quality_sum += quality
        self.quality_count = max(0, self.quality_count + count)
        if count > 0:
            mean = min(1.0, max(0.0, quality / count))
            self.recent_quality += (1 - (1 - RECENT) ** count) * (mean - self.recent_quality)
        else:
            self.recent_quality = min(1.0, max(0.0, self.recent_quality + RECENT * quality))

    def _note_quality(self, quality: float | None) -> None:
        if quality is None:
            return
        self.quality_sum += quality
        self.quality_count += 1
        self.recent_quality += RECENT * (quality - self.recent_quality)
