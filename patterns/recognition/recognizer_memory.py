"""What the recognisers of this process hold in memory."""

from __future__ import annotations

from featurememory.process.deep_size import estimate_bytes
from patterns.engine.text import ngrams
from patterns.recognition.recognizer_cache import recognizers


def measure_recognizers() -> int:
    """Bytes of all recognisers, their cached patterns, and the digests of words they share."""
    total = estimate_bytes(ngrams._digests.copy())
    for loaded in recognizers.list_entries():
        with loaded.lock:
            total += estimate_bytes(loaded.recognizer, loaded.storage)
    return total
