"""Groups of short machine text, such as log lines: a fixed skeleton with values in slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from patterns.engine.grouping import Candidate
from patterns.engine.pattern import TemplatePart


class DrainGrouper:
    """A `Grouper` for machine text.

    `limit` bounds the number of groups: learning beyond it removes the one used longest ago.
    """

    def __init__(self, limit: int = 10_000) -> None:
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
    def from_bytes(cls, data: bytes) -> DrainGrouper:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError
