"""Groups of prompts made from templates: the runs of tokens a template leaves in each of its texts.

A *settled* group was mined: it takes a text that has all its anchors, the one with most bits wins.
A *young* group was founded on arrival: it takes a text that shares enough with all it has seen,
as long as that is no passage known to stand in the slots of others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.grouper import Candidate, Grouper, GroupSummary, group_key
from patterns.engine.grouping.prompts.mining.miner import MOST_ANCHORS, Mined, mine
from patterns.engine.grouping.prompts.prompt_group import Group
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.templates.gap_statistics import Gaps
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.rendering import (
    TextPiece,
    pieces_of,
    template_of,
    values_of,
    worded,
    words_in_gaps,
)
from patterns.engine.text.ngrams import runs_in_order
from patterns.engine.text.tokens import keys_of

WEAK = 30.0  # bits: static text below this is no evidence for a newcomer
STRONG = 72.0  # bits: what else stands in the texts of such a group is surely slot text
RUN_BITS = 7.0  # what one more shared run of three tokens is worth, about
SHARED = 6  # runs two texts must share to be thought of one template
SURE = 6  # texts behind mined anchors that make them certain
STAY = 0.6  # share of a young group's anchors a further text must have
GREATER, OWED = 5.0, 4  # times the weight, and runs of its own, that let a pattern take over
CROWDED = 16  # young groups per anchor looked at; more means the run says nothing
SHOWN = 40  # texts of a group that fill the slots of its template


class PromptGrouper(Grouper):
    """Prompts by the runs of tokens their template leaves in each of them."""

    method: ClassVar[str] = "prompt"
    anchored: ClassVar[bool] = True

    def __init__(self, passages: Passages | None = None) -> None:
        self.groups: dict[str, Group] = {}
        self.leads: dict[int, list[str]] = {}
        self.young: dict[int, list[str]] = {}
        self.passages = Passages() if passages is None else passages
        self._mined: list[Mined] = []

    def __len__(self) -> int:
        return len(self.groups)

    def learn(self, text: str, identifier: str) -> Candidate:
        runs = runs_of(text)
        best = self._best(runs, newcomer=True)
        if best is None:
            self._add(identifier, Group(_sampled(runs), 1, 0.0, False))
            return Candidate(identifier, 1.0, created=True)
        group = self.groups[best.key]
        group.uses += 1
        if group.settled and group.mined >= SURE and group.bits >= STRONG:
            self.passages.note(run for run in runs if run not in group.anchors)
        elif (not group.settled or group.mined < SURE) and not runs.issuperset(group.anchors):
            self._narrow(best.key, runs)
        return best

    def match(self, text: str) -> Candidate | None:
        return self._best(runs_of(text), newcomer=False)

    def regroup(self, texts: Sequence[str]) -> list[int]:
        """Mines the templates of all texts; what fits none stands alone (a number of its own)."""
        self._mined = mine([keys_of(text) for text in texts]) or []
        groups = [-1] * len(texts)
        for number, found in enumerate(self._mined):
            for text in found.texts:
                groups[text] = number
        return _alone(texts, groups, len(self._mined))

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        for key in list(self.groups):
            self.remove(key)
        members: dict[int, list[int]] = {}
        for text, number in enumerate(groups):
            members.setdefault(number, []).append(text)
        for number, numbers in members.items():
            if number < len(self._mined):
                found = self._mined[number]
                group = Group(found.anchors, len(numbers), found.bits, True)
                group.others = [list(other) for other in found.others]
                group.other_bits = found.other_bits
                known = set(found.anchors)
                for one in numbers if found.bits >= STRONG else ():
                    self.passages.note(run for run in runs_of(texts[one]) if run not in known)
            else:
                group = Group(_sampled(runs_of(texts[numbers[0]])), len(numbers), 0.0, False)
            self._add(keys[number], group)
        self._mined = []

    def known(self) -> list[str]:
        return list(self.groups)

    def recall(self, text: str) -> None:
        """Notes of a text learned before what learning it noted; the groups have come back."""
        runs = runs_of(text)
        best = self._best(runs, newcomer=True)
        group = self.groups[best.key] if best is not None else None
        if group is not None and group.settled and group.mined >= SURE and group.bits >= STRONG:
            self.passages.note(run for run in runs if run not in group.anchors)

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        return ()

    def remove(self, key: str) -> None:
        group = self.groups.pop(key, None)
        if group is None:
            return
        for index, anchors in self._places(group):
            for anchor in anchors:
                posting = index[anchor]
                posting.remove(key)
                if not posting:
                    del index[anchor]

    def to_bytes(self) -> bytes:
        """Nothing: the groups come back one by one, with `adopt`, the passages are shared."""
        return b""

    def restore(self, data: bytes) -> None:
        """Nothing to take in, see `to_bytes`."""

    def skeleton(self, key: str) -> Skeleton | None:
        return self.groups[key].skeleton() if key in self.groups else None

    def adopt(self, key: str, skeleton: Skeleton, example: str) -> None:
        self._add(key, Group.from_skeleton(skeleton))

    def pieces(self, text: str, skeleton: Skeleton) -> list[TextPiece]:
        return pieces_of(text, frozenset(skeleton.anchors))

    def slot_values(
        self, state: PatternState, text: str, pieces: Sequence[TextPiece]
    ) -> list[tuple[str, str]]:
        return values_of(pieces, state.template, state.wording)

    def read_group(self, state: PatternState, pieces: Sequence[TextPiece]) -> None:
        kept = self.groups[group_key(state)].skeleton()
        if kept.anchors != state.skeleton.anchors or not state.template:
            state.skeleton = kept
            state.template, state.wording = template_of(pieces), []
            state.sketches = {}
        state.skeleton.uses = kept.uses

    def summary(
        self, key: str, texts: Sequence[str], held: Sequence[Wording] | None = None
    ) -> GroupSummary:
        skeleton = self.groups[key].skeleton()
        anchors, gaps, cut = frozenset(skeleton.anchors), Gaps(), []
        for text in texts[:SHOWN]:
            cut.append(pieces_of(text, anchors))
            gaps.add(text, anchors)
        wording, usual = words_in_gaps(cut, held)
        template = template_of(worded(cut[usual], wording))
        filled = PatternState(id=key, partition="", kind="")
        for pieces in cut:
            filled.fill(values_of(pieces, template, wording))
        return GroupSummary(skeleton, template, filled.sketches, [], gaps.cohesion(), wording)

    def apply_summary(self, state: PatternState, summary: GroupSummary) -> None:
        super().apply_summary(state, summary)
        if summary.skeleton is not None:
            state.skeleton, state.sketches = summary.skeleton, summary.sketches
            state.wording = summary.wording

    def _add(self, key: str, group: Group) -> None:
        self.groups[key] = group
        for index, anchors in self._places(group):
            for anchor in anchors:
                index.setdefault(anchor, []).append(key)

    def _places(self, group: Group) -> list[tuple[dict[int, list[str]], tuple[int, ...]]]:
        """Where a group is found: by one rare anchor, and while it may still narrow by all."""
        if not group.settled:
            return [(self.young, group.anchors)]
        firsts = {group.anchors[0], *(other[0] for other in group.others)} if group.anchors else ()
        if group.mined >= SURE:
            return [(self.leads, tuple(firsts))]
        return [(self.leads, tuple(firsts)), (self.young, group.anchors)]

    def _narrow(self, key: str, runs: frozenset[int]) -> None:
        group = self.groups[key]
        self.remove(key)
        anchors = tuple(anchor for anchor in group.anchors if anchor in runs)
        group.bits *= len(anchors) / max(1, len(group.anchors))
        group.anchors = anchors
        self._add(key, group)

    def _best(self, runs: frozenset[int], newcomer: bool) -> Candidate | None:
        scored = self._settled(runs, WEAK if newcomer else 0.0)
        scored += self._newer(runs)
        if not scored:
            return None
        scored.sort(key=lambda pair: (-pair[0], pair[1]))
        self._give_back(scored)
        (bits, key), rest = scored[0], scored[1:]
        score = bits / (bits + WEAK)
        if not rest:
            return Candidate(key, score)
        return Candidate(key, score, rest[0][1], rest[0][0] / (rest[0][0] + WEAK))

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

    def _settled(self, runs: frozenset[int], least: float) -> list[tuple[float, str]]:
        keys = {key for run in runs & self.leads.keys() for key in self.leads[run]}
        scored = [(self.groups[key].explained(runs), key) for key in keys]
        return [(bits, key) for bits, key in scored if bits > 0 and bits >= least]

    def _newer(self, runs: frozenset[int]) -> list[tuple[float, str]]:
        shared: dict[str, int] = {}
        for run in self.passages.strange(runs & self.young.keys()):
            keys = self.young[run]
            if len(keys) <= CROWDED:
                for key in keys:
                    shared[key] = shared.get(key, 0) + 1
        return [
            (RUN_BITS * n, key)
            for key, n in sorted(shared.items())
            if self._belongs(n, self.groups[key])
        ]

    def _belongs(self, shared: int, group: Group) -> bool:
        """Not all a few texts have in common need be template."""
        if group.settled or group.uses > 1:
            return shared >= min(3, len(group.anchors)) and shared >= STAY * len(group.anchors)
        return shared >= SHARED or shared >= 0.9 * len(group.anchors)


def runs_of(text: str) -> frozenset[int]:
    return frozenset(runs_in_order(text))


def _sampled(runs: frozenset[int]) -> list[int]:
    return sorted(runs)[:MOST_ANCHORS]


def _alone(texts: Sequence[str], groups: list[int], following: int) -> list[int]:
    """Equal texts share a number even when they stand alone."""
    known: dict[str, int] = {}
    for index, text in enumerate(texts):
        if groups[index] < 0:
            groups[index] = known.setdefault(text, following + len(known))
    return groups
