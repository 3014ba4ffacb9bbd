"""Groups of prompts made from templates: the runs of tokens a template leaves in each of its texts.

A *settled* group was mined: it takes a text that has all its anchors, the one with most bits wins.
A *young* group was founded on arrival: it takes a text that shares enough with all it has seen,
as long as that is no passage known to stand in the slots of others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import ClassVar

from patterns.engine.domain.results import TemplatePart
from patterns.engine.grouping.grouper import Candidate, Grouper, GroupSummary, group_key
from patterns.engine.grouping.prompts.anchor_index import WEAK, AnchorIndex
from patterns.engine.grouping.prompts.mining.miner import MOST_ANCHORS, Mined, mine_templates
from patterns.engine.grouping.prompts.prompt_group import STRONG, PromptGroup
from patterns.engine.grouping.prompts.slot_ngrams import Passages
from patterns.engine.grouping.prompts.split_by_tools import split_by_tools
from patterns.engine.grouping.prompts.summarise import summarise_prompts
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.rendering import (
    TextPiece,
    build_template,
    cut_at_anchors,
    read_slot_values,
)
from patterns.engine.text.ngrams import hash_runs
from patterns.engine.text.tokens import list_tools, token_keys


class PromptGrouper(Grouper):
    """Prompts by the runs of tokens their template leaves in each of them.

    `passages` are shared by all partitions of a recogniser.

    >>> grouper = PromptGrouper()
    >>> grouper.learn("Say in one short word how the author of this review feels: fine", "a").key
    'a'
    >>> grouper.match("Say in one short word how the author of this review feels: bad").key
    'a'
    """

    method: ClassVar[str] = "prompt"
    anchored: ClassVar[bool] = True

    def __init__(self, passages: Passages | None = None) -> None:
        self.index = AnchorIndex()
        self.passages = Passages() if passages is None else passages
        self._mined: list[Mined] = []

    def __len__(self) -> int:
        return len(self.index.groups)

    def learn(self, text: str, identifier: str) -> Candidate:
        runs, tools = _hash_run_set(text), list_tools(text)
        best = self._find_best(runs, tools)
        if best is None:
            founded = PromptGroup(_sample_runs(runs), 1, 0.0, False)
            founded.tools = tools
            self.index.add(identifier, founded)
            return Candidate(identifier, 1.0, created=True)
        group = self.index.groups[best.key]
        group.uses += 1
        group.tools |= tools
        if group.tells_slots:
            self._note_slot_text(group, runs)
        elif group.may_narrow and not runs.issuperset(group.anchors):
            self.index.narrow(best.key, runs)
        return best

    def match(self, text: str) -> Candidate | None:
        return self._find_best(_hash_run_set(text), list_tools(text))

    def regroup(self, texts: Sequence[str]) -> list[int]:
        """Mines the templates of all texts; what fits none stands alone (a number of its own)."""
        mined = mine_templates([token_keys(text) for text in texts]) or []
        self._mined = [part for one in mined for part in split_by_tools(one, texts)]
        groups = [-1] * len(texts)
        for number, found in enumerate(self._mined):
            for text in found.texts:
                groups[text] = number
        return _number_strangers(texts, groups, len(self._mined))

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        for key in self.known():
            self.index.remove(key)
        members: dict[int, list[str]] = defaultdict(list)
        for text, number in zip(texts, groups, strict=True):
            members[number].append(text)
        for number, own in members.items():
            self.index.add(keys[number], self._build_group(number, own))
        self._mined = []

    def _build_group(self, number: int, texts: Sequence[str]) -> PromptGroup:
        """The group `regroup` gave that number: mined, or a text that stands alone."""
        if number >= len(self._mined):
            alone = PromptGroup(_sample_runs(_hash_run_set(texts[0])), len(texts), 0.0, False)
            alone.tools = list_tools(texts[0])
            return alone
        group = PromptGroup.from_mined(self._mined[number], len(texts))
        group.tools = frozenset().union(*map(list_tools, texts))
        for text in texts if group.bits >= STRONG else ():
            self._note_slot_text(group, _hash_run_set(text))
        return group

    def known(self) -> list[str]:
        return list(self.index.groups)

    def recall(self, text: str) -> None:
        runs = _hash_run_set(text)
        best = self._find_best(runs, list_tools(text))
        group = self.index.groups[best.key] if best is not None else None
        if group is not None and group.tells_slots:
            self._note_slot_text(group, runs)

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        """Empty: how a group reads is told by its texts, see `summary`."""
        return ()

    def remove(self, key: str) -> None:
        self.index.remove(key)

    def to_bytes(self) -> bytes:
        """Nothing: the groups come back one by one, with `adopt`, the passages are shared."""
        return b""

    def restore(self, data: bytes) -> None:
        """Nothing to take in, see `to_bytes`."""

    def skeleton(self, key: str) -> Skeleton | None:
        group = self.index.groups.get(key)
        return None if group is None else group.skeleton()

    def adopt(self, key: str, skeleton: Skeleton, example: str) -> None:
        self.index.add(key, PromptGroup.from_skeleton(skeleton))

    def pieces(self, text: str, skeleton: Skeleton) -> list[TextPiece]:
        return cut_at_anchors(text, frozenset(skeleton.anchors))

    def slot_values(
        self, state: PatternState, text: str, pieces: Sequence[TextPiece]
    ) -> list[tuple[str, str]]:
        return read_slot_values(pieces, state.template, state.wording)

    def read_group(self, state: PatternState, pieces: Sequence[TextPiece]) -> None:
        kept = self.index.groups[group_key(state)].skeleton()
        if kept.anchors != state.skeleton.anchors or not state.template:
            state.skeleton = kept
            state.template, state.wording = build_template(pieces), []
            state.sketches = {}
        state.skeleton.uses = kept.uses

    def summary(
        self, key: str, texts: Sequence[str], held: Sequence[Wording] | None = None
    ) -> GroupSummary:
        return summarise_prompts(self.index.groups[key].skeleton(), texts, held)

    def apply_summary(self, state: PatternState, summary: GroupSummary) -> None:
        super().apply_summary(state, summary)
        if summary.skeleton is not None:
            state.skeleton, state.sketches = summary.skeleton, summary.sketches
            state.wording = summary.wording

    def _note_slot_text(self, group: PromptGroup, runs: frozenset[int]) -> None:
        anchors = frozenset(group.anchors)
        self.passages.note(run for run in runs if run not in anchors)

    def _find_best(self, runs: frozenset[int], tools: frozenset[str]) -> Candidate | None:
        """The one rule by which texts are learned and asked about."""
        scored = self.index.rank(runs, self.passages, tools)
        if not scored:
            return None
        (bits, key), rest = scored[0], scored[1:]
        score = bits / (bits + WEAK)
        if not rest:
            return Candidate(key, score)
        return Candidate(key, score, rest[0][1], rest[0][0] / (rest[0][0] + WEAK))


def _hash_run_set(text: str) -> frozenset[int]:
    return frozenset(hash_runs(text))


def _sample_runs(runs: frozenset[int]) -> list[int]:
    return sorted(runs)[:MOST_ANCHORS]


def _number_strangers(texts: Sequence[str], groups: list[int], following: int) -> list[int]:
    """Equal texts share a number even when they stand alone."""
    known: dict[str, int] = {}
    for index, text in enumerate(texts):
        if groups[index] < 0:
            groups[index] = known.setdefault(text, following + len(known))
    return groups
