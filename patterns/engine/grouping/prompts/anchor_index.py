"""The groups of prompts known so far, found by the runs of tokens a text has in common with them."""

from __future__ import annotations

from patterns.engine.grouping.prompts.mining.miner import TOKEN_BITS
from patterns.engine.grouping.prompts.prompt_group import SURE, PromptGroup
from patterns.engine.grouping.prompts.slot_ngrams import Passages

WEAK = 30.0  # bits at which a score is one half
SHORT = 16.0  # two words of static text ("Summarise user …") are evidence, one is none
MOSTLY = 0.4  # of a text's tokens: static text that makes up so much of it is evidence, too
RUN_BITS = 7.0  # what one more shared run of three tokens is worth, about
SHARED = 6  # runs two texts must share to be thought of one template
STAY = 0.6  # share of a young group's anchors a further text must have
GREATER, OWED = 5.0, 4  # times the weight, and runs of its own, that let a pattern take over
CROWDED = 16  # young groups per anchor looked at; more means the run says nothing


class AnchorIndex:
    """Groups by key. A settled group is led to by one rare anchor, a young one by all of its own."""

    def __init__(self) -> None:
        self.groups: dict[str, PromptGroup] = {}
        self.leads: dict[int, list[str]] = {}
        self.young: dict[int, list[str]] = {}

    def add(self, key: str, group: PromptGroup) -> None:
        """Takes the place of the group of that key."""
        self.remove(key)
        self.groups[key] = group
        for index, anchors in self._places(group):
            for anchor in anchors:
                index.setdefault(anchor, []).append(key)

    def remove(self, key: str) -> None:
        """An unknown key is ignored."""
        group = self.groups.pop(key, None)
        if group is None:
            return
        for index, anchors in self._places(group):
            for anchor in anchors:
                posting = index[anchor]
                posting.remove(key)
                if not posting:
                    del index[anchor]

    def narrow(self, key: str, runs: frozenset[int]) -> None:
        """Drops the anchors of a group that a text of it lacks."""
        group = self.groups[key]
        self.remove(key)
        anchors = tuple(anchor for anchor in group.anchors if anchor in runs)
        group.bits *= len(anchors) / max(1, len(group.anchors))
        group.anchors = anchors
        self.add(key, group)

    def rank(
        self, runs: frozenset[int], passages: Passages, tools: frozenset[str] = frozenset()
    ) -> list[tuple[float, str]]:
        """(bits, key) of the groups a text with these runs may belong to, the best first.

        Groups whose requests offered other `tools` only are left out; of equal ones the first is
        one that offered all of them.
        """
        scored = self._score_settled(runs) + self._score_young(runs, passages)
        scored = [pair for pair in scored if self.groups[pair[1]].offers(tools)]
        scored.sort(key=lambda pair: (-pair[0], not tools <= self.groups[pair[1]].tools, pair[1]))
        if scored:
            self._give_back(scored)
        return scored

    def _give_back(self, scored: list[tuple[float, str]]) -> None:
        """A passage that fills the slots of some texts does not outbid a far greater pattern."""
        first = self.groups[scored[0][1]]
        if not first.settled:
            return
        own = frozenset(first.anchors)
        for place, (bits, key) in enumerate(scored[1:], 1):
            other = self.groups[key]
            far_greater = other.uses * bits > GREATER * first.uses * first.bits
            if (
                far_greater
                and other.settled
                and len(own.symmetric_difference(other.anchors) - own) >= OWED
            ):
                scored.insert(0, scored.pop(place))
                return

    def _score_settled(self, runs: frozenset[int]) -> list[tuple[float, str]]:
        """(bits of static text, key) of the mined groups a text with these runs belongs to."""
        keys = {key for run in runs & self.leads.keys() for key in self.leads[run]}
        scored = [(self.groups[key].explained(runs), key) for key in keys]
        least = min(SHORT, MOSTLY * TOKEN_BITS * max(1, len(runs) - 2))
        return [(bits, key) for bits, key in scored if bits > 0 and bits >= least]

    def _score_young(self, runs: frozenset[int], passages: Passages) -> list[tuple[float, str]]:
        """(bits, key) of the groups it shares enough with, apart from passages seen in slots."""
        shared: dict[str, int] = {}
        for run in passages.strange(runs & self.young.keys()):
            keys = self.young[run]
            if len(keys) <= CROWDED:
                for key in keys:
                    shared[key] = shared.get(key, 0) + 1
        return [
            (RUN_BITS * n, key)
            for key, n in sorted(shared.items())
            if _shares_enough(n, self.groups[key])
        ]

    def _places(self, group: PromptGroup) -> list[tuple[dict[int, list[str]], tuple[int, ...]]]:
        """Where a group is found: by one rare anchor, and while it may still narrow by all."""
        if not group.settled:
            return [(self.young, group.anchors)]
        firsts = {group.anchors[0], *(other[0] for other in group.others)} if group.anchors else ()
        if group.mined >= SURE:
            return [(self.leads, tuple(firsts))]
        return [(self.leads, tuple(firsts)), (self.young, group.anchors)]


def _shares_enough(shared: int, group: PromptGroup) -> bool:
    """Not all a few texts have in common need be template."""
    if group.settled or group.uses > 1:
        return shared >= min(3, len(group.anchors)) and shared >= STAY * len(group.anchors)
    return shared >= SHARED or shared >= 0.9 * len(group.anchors)
