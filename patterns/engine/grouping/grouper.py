"""The seam between the recogniser and the methods that put texts into groups.

A grouper knows groups by key. Three methods stand behind this protocol: anchored prompt templates,
a tree for short machine text (`drain`) and nearness of free text (`similarity`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from patterns.engine.domain.results import TemplatePart


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
        """By how much the winner won, 0 to 1."""
        return self.score - self.runner_up_score


class Grouper(Protocol):
    """Puts texts into groups one by one, and all at once for a better answer.

    `learn` founds a group under the key `identifier` when nothing fits. `match` changes nothing
    and answers None for a stranger. `regroup` gives one group number per text, the same partition
    for any order of the texts. `rebuild` replaces everything known by that partition, so that
    `match` of each text finds its group again: `groups[i]` is the number of `texts[i]`'s group and
    `keys[number]` its key. Bytes carry the whole state, so a copy goes on exactly alike.
    """

    def learn(self, text: str, identifier: str) -> Candidate: ...

    def match(self, text: str) -> Candidate | None: ...

    def regroup(self, texts: Sequence[str]) -> list[int]: ...

    def rebuild(
        self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]
    ) -> None: ...

    def template(self, key: str) -> tuple[TemplatePart, ...]: ...

    def known(self) -> list[str]: ...

    def remove(self, key: str) -> None: ...

    def to_bytes(self) -> bytes: ...

    def __len__(self) -> int: ...
