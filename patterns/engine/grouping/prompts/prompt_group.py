"""One group of prompts: its anchors, how many texts stand behind them, their weight in bits."""

from __future__ import annotations

from collections.abc import Iterable

from patterns.engine.pattern.anchors import Skeleton


class Group:
    __slots__ = ("anchors", "bits", "mined", "other_bits", "others", "settled", "uses")

    def __init__(self, anchors: Iterable[int], uses: int, bits: float, settled: bool) -> None:
        self.anchors = tuple(anchors)
        self.uses, self.bits, self.settled = uses, bits, settled
        self.mined = uses  # when the anchors were last worked out
        self.others: list[list[int]] = []
        self.other_bits = 0.0

    @classmethod
    def from_skeleton(cls, kept: Skeleton) -> Group:
        group = cls(kept.anchors, kept.uses, kept.bits, kept.settled)
        group.mined = kept.mined
        group.others, group.other_bits = kept.others, kept.other_bits
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
        )

    def explained(self, runs: frozenset[int]) -> float:
        """Bits of static text in a text with these runs; 0 when it does not belong."""
        if any(runs.issuperset(other) for other in self.others):
            return max(self.bits, self.other_bits)
        return self.bits if runs.issuperset(self.anchors) else 0.0
