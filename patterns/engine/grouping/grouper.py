"""What every grouping method answers: the protocol between the recogniser and its methods.

A method puts the texts of one partition into groups, which it knows by key. The registry lists the
methods; nobody else needs to know which one is at work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

import msgspec

from patterns.engine.domain.results import TemplatePart
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.slot_sketch import SlotSketch
from patterns.engine.templates.gap_statistics import UNSEEN, Cohesion
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.rendering import TextPiece

# Uses at which a template is read again from the group, which may have widened since.
TEMPLATE_READ_AT = (1, 2, 4, 8, 16, 32)


class Candidate(msgspec.Struct, frozen=True):
    """The group a text belongs to, and the one it nearly belonged to.

    `score` and `runner_up_score` lie in [0, 1] and are comparable within one grouper only;
    `runner_up` is None when no other group came near (then its score is 0). `created` tells that
    this text founded the group.
    """

    key: str
    score: float
    runner_up: str | None = None
    runner_up_score: float = 0.0
    created: bool = False

    @property
    def margin(self) -> float:
        """Score of the winner minus score of the runner-up, -1 to 1."""
        return self.score - self.runner_up_score


class GroupSummary(msgspec.Struct, array_like=True):
    """What is known of one group: how texts belong to it, how it reads, what filled its slots.

    `sketches` replace those of the pattern (anchored methods); `fills` are added to them.
    """

    skeleton: Skeleton | None
    template: tuple[TemplatePart, ...]
    sketches: dict[str, SlotSketch]
    fills: list[tuple[str, str]]
    cohesion: Cohesion = UNSEEN
    wording: list[Wording] = []


class Grouper(Protocol):
    """Puts texts into groups one by one, and all at once for a better answer.

    A method inherits from this class: what has a body here is the answer of a method without
    anchors, where a group is known only to its grouper. An *anchored* method keeps its groups as
    the anchors in the states of their patterns, and its slots are the gaps between them.
    """

    method: ClassVar[str]
    """The name in the registry, in snapshots and in the confidence model."""

    anchored: ClassVar[bool] = False

    def __len__(self) -> int:
        """The number of groups."""
        ...

    def learn(self, text: str, identifier: str) -> Candidate:
        """The group of the text, which counts it; founds the group `identifier` if none fits."""
        ...

    def match(self, text: str) -> Candidate | None:
        """The group of the text, None for a stranger; changes nothing."""
        ...

    def regroup(self, texts: Sequence[str]) -> list[int]:
        """One group number per text: the same partition for any order of the texts."""
        ...

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        """Replaces everything known by a partition, so that `match` finds each text's group again.

        `groups[i]` is the number of the group of `texts[i]`, `keys[number]` the key of a group.
        """
        ...

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        """How the group reads. KeyError for an unknown key."""
        ...

    def known(self) -> list[str]:
        """The keys of all groups."""
        ...

    def remove(self, key: str) -> None:
        """Forgets a group. An unknown key raises KeyError or is ignored."""
        ...

    def to_bytes(self) -> bytes:
        """All groups, so that a copy goes on alike; empty where the patterns bring them back."""
        ...

    def restore(self, data: bytes) -> None:
        """Fills an empty grouper from `to_bytes`. ValueError if its embedder was another one."""
        ...

    def skeleton(self, key: str) -> Skeleton | None:
        """The anchors of a group; None if it is unknown or has none."""
        return None

    def adopt(self, key: str, skeleton: Skeleton, example: str) -> None:
        """Takes in the group of a pattern known elsewhere, unless its example has one already."""
        if self.match(example) is None:
            self.learn(example, key)

    def recall(self, text: str) -> None:
        """Repeats what learning the text notes beside its group, after a restart."""
        return

    def pieces(self, text: str, skeleton: Skeleton) -> list[TextPiece]:
        """The text cut at the anchors of its pattern; empty for a method without anchors."""
        return []

    def slot_values(
        self, state: PatternState, text: str, pieces: Sequence[TextPiece]
    ) -> list[tuple[str, str]]:
        """(slot, value) of a text of the pattern, in the order of its template."""
        return []

    def read_group(self, state: PatternState, pieces: Sequence[TextPiece]) -> None:
        """Updates the template (and anchors) of a pattern from its group, after it learned a text."""
        if state.template and state.use_count not in TEMPLATE_READ_AT:
            return
        try:
            state.template = self.template(group_key(state))
        except KeyError:  # the group went while its pattern stayed
            return

    def summary(
        self, key: str, texts: Sequence[str], held: Sequence[Wording] | None = None
    ) -> GroupSummary:
        """Template, slots and cohesion of a group, read from its texts.

        `held` are the static words of its gaps, where those must stay what they are.
        """
        return GroupSummary(None, self.template(key), {}, [])

    def apply_summary(self, state: PatternState, summary: GroupSummary) -> None:
        """Writes the summary a repair made of a group into its pattern."""
        state.template, state.cohesion = summary.template, summary.cohesion


def group_key(state: PatternState) -> str:
    """The key of the group behind a pattern; parts people split off have that of the whole."""
    return state.key.partition("#")[0]
