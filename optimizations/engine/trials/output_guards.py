"""What is compared between the arms besides quality: variety, length and duration of the answers."""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np

from optimizations.engine.domain.task import Json

REMEMBERED = 64  # outputs of each arm whose variety is compared


class OutputVariety(msgspec.Struct):
    """Variety and length of the last outputs: a model that always says the same games its judge."""

    digests: list[int] = msgspec.field(default_factory=list)
    n: int = 0
    length: float = 0.0

    def add(self, output: Json) -> None:
        raw = msgspec.json.encode(output)
        digest = int.from_bytes(hashlib.blake2b(raw, digest_size=6).digest(), "big")
        self.digests = [*self.digests[-(REMEMBERED - 1) :], digest]
        self.n += 1
        self.length += len(raw)

    @property
    def distinct(self) -> float:
        return len(set(self.digests)) / max(1, len(self.digests))

    @property
    def mean_length(self) -> float:
        return self.length / max(1, self.n)


class Latency(msgspec.Struct):
    """The slowest of the last durations of each arm, in milliseconds."""

    last: list[float] = msgspec.field(default_factory=list)

    def add(self, duration: float) -> None:
        self.last = [*self.last[-199:], duration]

    @property
    def p95(self) -> float:
        return float(np.quantile(self.last, 0.95)) if self.last else 0.0
