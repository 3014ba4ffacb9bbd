"""What a repair starts from and what it answers, as values that cross a process boundary."""

from __future__ import annotations

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.free_text.embedders import Embedder
from patterns.engine.grouping.prompts.grouper import PromptGrouper
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.registry import AnyGrouper, made
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.slot_sketch import SlotSketch
from patterns.engine.templates.gap_statistics import UNSEEN, Cohesion
from patterns.engine.templates.gap_words import Wording


class Draft(msgspec.Struct, array_like=True):
    """A copy of one partition: its sampled texts in an order that does not depend on arrival.

    `method` is that of its grouper now. `samples` are (id, text, key of its group); `founded` maps
    the key of each group that has a pattern to when that pattern was founded, epoch seconds. `now`
    is the newest time known, `seed` that of the recogniser. `worded` keeps the static words of gaps
    where people parted a pattern by a slot, which must go on meaning the same.
    """

    name: str
    method: str
    seed: int
    now: float
    samples: list[tuple[str, str, str]]
    founded: dict[str, float]
    worded: dict[str, list[Wording]] = {}

    def halved(self) -> Draft:
        """The same with half the texts, as even a choice as all of them (they lie by digest)."""
        half = self.samples[: max(1, len(self.samples) // 2)]
        return msgspec.structs.replace(self, samples=half)


class Looks(msgspec.Struct, array_like=True):
    """What is known of one group: how texts belong to it, how it reads, what filled its slots.

    `sketches` replace those of the pattern (prompts); `fills` are added to them (machine text).
    """

    skeleton: Skeleton | None
    template: tuple[TemplatePart, ...]
    sketches: dict[str, SlotSketch]
    fills: list[tuple[str, str]]
    cohesion: Cohesion = UNSEEN
    wording: list[Wording] = []


class Plan(msgspec.Struct, array_like=True):
    """The outcome for one partition.

    `keys` maps the id of each sample to the key of its group; "" lets the sample go. `data` or,
    for prompts, the skeletons in `looks` (one entry per key, in order) make the new grouper.
    """

    method: str
    data: bytes
    keys: dict[str, str]
    looks: dict[str, Looks]

    def grouper(self, name: str, passages: Passages, embedder: Embedder | None) -> AnyGrouper:
        """A grouper that knows exactly this plan."""
        grouper = made(self.method, self.data, name, passages, embedder)
        if isinstance(grouper, PromptGrouper):
            for key, looks in self.looks.items():
                if looks.skeleton is not None:
                    grouper.adopt(key, looks.skeleton)
        return grouper
