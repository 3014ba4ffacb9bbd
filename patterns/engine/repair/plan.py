"""The input and the outcome of planning a repair, as values that cross a process boundary."""

from __future__ import annotations

import msgspec

from patterns.engine.grouping.grouper import Grouper, GroupSummary
from patterns.engine.grouping.registry import SharedMemory, restore_grouper
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
        """The same draft with half the texts: an even choice, for they are ordered by digest."""
        half = self.samples[: max(1, len(self.samples) // 2)]
        return msgspec.structs.replace(self, samples=half)


class RepairPlan(msgspec.Struct, array_like=True):
    """The outcome for one partition.

    `keys` maps the id of each sample to the key of its group; "" lets the sample go. `data` or,
    for an anchored method, the skeletons in `summaries` (one entry per key, in order) make the new
    grouper.
    """

    method: str
    data: bytes
    keys: dict[str, str]
    summaries: dict[str, GroupSummary]

    def build_grouper(self, name: str, shared: SharedMemory) -> Grouper:
        """A grouper that knows exactly this plan."""
        grouper = restore_grouper(self.method, self.data, name, shared)
        for key, summary in self.summaries.items() if grouper.anchored else ():
            if summary.skeleton is not None:
                grouper.adopt(key, summary.skeleton, "")
        return grouper
