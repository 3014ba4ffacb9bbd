"""A bounded sample of past interactions, the same for any order of arrival."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from patterns.engine.domain.digests import digest64
from patterns.engine.text.tokens import drop_header, normalize_text

MOST = 6500
MOST_BYTES = 3 << 20


class Sample(msgspec.Struct, array_like=True):
    """One kept interaction: what grouping needs of it, no more.

    `original` is the text before people's words were read into it; "" when that changed nothing.
    """

    id: str
    partition: str
    text: str
    key: str
    original: str = ""


class Reservoir:
    """Keeps the samples with the smallest digests of their content, at most `most` of them."""

    def __init__(self, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self.most, self.most_bytes = most, most_bytes
        self.samples: dict[str, Sample] = {}
        self.size = 0

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples.values())

    def add(self, sample: Sample) -> None:
        header = sample.text[: len(sample.text) - len(drop_header(sample.text))]
        sample.text = header + normalize_text(sample.text)
        self.discard(sample.id)
        self.samples[sample.id] = sample
        self.size += len(sample.text) + len(sample.original)
        if len(self.samples) > self.most or self.size > self.most_bytes:
            self._shrink()

    def discard(self, identifier: str) -> None:
        known = self.samples.pop(identifier, None)
        if known is not None:
            self.size -= len(known.text) + len(known.original)

    def _shrink(self) -> None:
        """Discards a tenth at once, so that sorting is rare."""
        ranked = sorted(self.samples.values(), key=lambda s: (digest64(s.text), s.id))
        while ranked and (len(ranked) > self.most * 0.9 or self.size > self.most_bytes * 0.9):
            self.discard(ranked.pop().id)

    def by_partition(self) -> dict[str, list[Sample]]:
        """The samples of each partition, in an order that does not depend on arrival."""
        found: dict[str, list[Sample]] = {}
        for sample in sorted(self, key=lambda s: (digest64(s.text), s.id)):
            found.setdefault(sample.partition, []).append(sample)
        return dict(sorted(found.items()))

    def in_order(self) -> dict[str, list[Sample]]:
        """The samples of each partition, in the order of arrival."""
        found: dict[str, list[Sample]] = {}
        for sample in self:
            found.setdefault(sample.partition, []).append(sample)
        return found

    def to_list(self) -> list[Sample]:
        return list(self.samples.values())
