"""One group of prompts: its anchors, how many texts stand behind them, their weight in bits."""

from __future__ import annotations

from collections.abc import Iterable

from patterns.engine.grouping.prompts.mining.miner import Mined
from patterns.engine.pattern.anchors import Skeleton

STRONG = 72.0  # bits: what else stands in the texts of such a group is surely slot text
SURE = 6  # texts behind mined anchors that make them certain


class PromptGroup:
    """A *settled* group was mined from many texts; a young one was founded by a text on arrival."""

    __slots__ = ("anchors", "bits", "mined", "other_bits", "others", "settled", "tools", "uses")

    def __init__(self, anchors: Iterable[int], uses: int, bits: float, settled: bool) -> None:
        self.anchors = tuple(anchors)
        self.uses, self.bits, self.settled = uses, bits, settled
        self.mined = uses  # when the anchors were last worked out
        self.others: list[list[int]] = []
        self.other_bits = 0.0
        self.tools: frozenset[str] = frozenset()

    @classmethod
    def from_skeleton(cls, kept: Skeleton) -> PromptGroup:
        group = cls(kept.anchors, kept.uses, kept.bits, kept.settled)
        group.mined = kept.mined
        group.others, group.other_bits = kept.others, kept.other_bits
        group.tools = frozenset(kept.tools)
        return group

    @classmethod
    def from_mined(cls, found: Mined, uses: int) -> PromptGroup:
        group = cls(found.anchors, uses, found.bits, True)
        group.others = [list(other) for other in found.others]
        group.other_bits = found.other_bits
        return group

    def skeleton(self) -> Skeleton:
        return Skeleton(
            list(self.anchors),
            self.uses,
            self.bits,
            self.settled,
            self.mined,
            self.others,
            self.other_bits,
            sorted(self.tools),
        )

    @property
    def tells_slots(self) -> bool:
        """Whether what its texts have besides the anchors is surely what fills slots."""
        return self.settled and self.mined >= SURE and self.bits >= STRONG

    @property
    def may_narrow(self) -> bool:
        """Whether a text without some of its anchors shows that those are no template."""
        return not self.settled or self.mined < SURE

    def offers(self, tools: frozenset[str]) -> bool:
        """Whether a request with these tools may be of this agent; none named says nothing."""
        return not tools or not self.tools or not tools.isdisjoint(self.tools)

    def explained(self, runs: frozenset[int]) -> float:
        """Bits of static text in a text with these runs; 0 when it does not belong."""
        if any(runs.issuperset(other) for other in self.others):
            return max(self.bits, self.other_bits)
        return self.bits if runs.issuperset(self.anchors) else 0.0
