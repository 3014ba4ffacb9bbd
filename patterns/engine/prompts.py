"""Groups of prompts made from templates: the shingles a template leaves in each of its texts."""

from __future__ import annotations

from collections.abc import Iterable

from patterns.engine.grouping import Candidate
from patterns.engine.shingles import shingles_of, token_digests
from patterns.engine.templates import Skeleton
from patterns.engine.tokens import keys_of

MOST_ANCHORS = 160
SHARED_TO_JOIN = 0.34
SHARED_TO_STAY = 0.85


class _Group:
    __slots__ = ("anchors", "uses")

    def __init__(self, anchors: Iterable[int], uses: int) -> None:
        self.anchors = frozenset(anchors)
        self.uses = uses

    @property
    def needed(self) -> float:
        return SHARED_TO_JOIN if self.uses < 2 else SHARED_TO_STAY


class PromptGrouper:
    def __init__(self) -> None:
        self.groups: dict[str, _Group] = {}
        self.postings: dict[int, list[str]] = {}

    def __len__(self) -> int:
        return len(self.groups)

    def learn(self, text: str, identifier: str) -> Candidate:
        found = self._shingles(text)
        best = self._best(found)
        if best is None:
            self.add(identifier, found, 1)
            return Candidate(identifier, 1.0, created=True)
        group = self.groups[best.key]
        if group.uses < 12 and not group.anchors <= found:
            self.remove(best.key)
            self.add(best.key, group.anchors & found, group.uses + 1)
        else:
            group.uses += 1
        return best

    def match(self, text: str) -> Candidate | None:
        return self._best(self._shingles(text))

    def add(self, key: str, anchors: Iterable[int], uses: int) -> None:
        self.groups[key] = group = _Group(sorted(anchors)[:MOST_ANCHORS], uses)
        for anchor in group.anchors:
            self.postings.setdefault(anchor, []).append(key)

    def remove(self, key: str) -> None:
        for anchor in self.groups.pop(key).anchors:
            posting = self.postings[anchor]
            posting.remove(key)
            if not posting:
                del self.postings[anchor]

    def skeleton(self, key: str) -> Skeleton:
        group = self.groups[key]
        return Skeleton(sorted(group.anchors), [], group.uses)

    def _shingles(self, text: str) -> frozenset[int]:
        return frozenset(shingles_of(token_digests(keys_of(text))).tolist())

    def _best(self, found: frozenset[int]) -> Candidate | None:
        hits: dict[str, int] = {}
        for shingle in found:
            for key in self.postings.get(shingle, ()):
                hits[key] = hits.get(key, 0) + 1
        ranked = []
        for key, n in hits.items():
            group = self.groups[key]
            share = n / len(group.anchors)
            if share >= group.needed and n >= 2:
                ranked.append((n * share, share, key))
        ranked.sort(key=lambda r: (-r[0], r[2]))
        if not ranked:
            return None
        (best, share, key), rest = ranked[0], ranked[1:]
        if not rest:
            return Candidate(key, share)
        return Candidate(key, share, rest[0][2], share * rest[0][0] / best)
