"""Quantile sketches of durations (t-digest, Dunning and Ertl 2019) as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastdigest import TDigest

from patterns.storage.payloads import Stored

# 60 centroids: p95 within about 1 % on log-normal durations, 1 kB per row at most.
CENTROIDS = 60


def update_sketch(stored: Stored, values: Sequence[float]) -> bytes:
    """The stored t-digest with the values added, as bytes."""
    digest = TDigest.from_bytes(bytes(stored)) if stored else TDigest(CENTROIDS)
    digest.batch_update(list(values))
    return digest.to_bytes()


def merge_sketches(sketches: Iterable[Stored]) -> TDigest | None:
    """Merge sketches into one digest; None when all are empty."""
    total: TDigest | None = None
    for stored in sketches:
        if stored:
            digest = TDigest.from_bytes(bytes(stored))
            total = digest if total is None else total.merge(digest)
    return total


def read_quantile(digest: TDigest | None, share: float) -> float | None:
    """The quantile of a sketch in its own unit; None without values."""
    if digest is None or digest.is_empty():
        return None
    return float(digest.quantile(share))
