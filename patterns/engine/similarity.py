"""Groups of free text that says the same in other words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patterns.engine.embedders import Embedder
from patterns.engine.grouping import Candidate
from patterns.engine.pattern import TemplatePart


class SimilarityGrouper:
    """A `Grouper` for free text: the nearest centre, if it is near enough.

    `embedder` None means lexical. `limit` bounds the number of groups.
    """

    def __init__(self, embedder: Embedder | None = None, limit: int = 10_000) -> None:
        self.limit = limit

    def learn(self, text: str, identifier: str) -> Candidate:
        raise NotImplementedError

    def match(self, text: str) -> Candidate | None:
        raise NotImplementedError

    def regroup(self, texts: Sequence[str]) -> list[int]:
        raise NotImplementedError

    def rebuild(self, texts: Sequence[str], groups: Sequence[int], keys: Mapping[int, str]) -> None:
        raise NotImplementedError

    def template(self, key: str) -> tuple[TemplatePart, ...]:
        raise NotImplementedError

    def remove(self, key: str) -> None:
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        raise NotImplementedError

    @classmethod
    def from_bytes(cls, data: bytes, embedder: Embedder | None = None) -> SimilarityGrouper:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError
