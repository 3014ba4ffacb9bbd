"""What a project can tune about recognition."""

from __future__ import annotations

import msgspec


class RecognizerSettings(msgspec.Struct, frozen=True):
    """`max_bytes` bounds the sum of the patterns' `size_bytes`; `confidence_threshold` is 0 to 1."""

    max_patterns: int = 1000
    max_bytes: int = 64 << 20
    confidence_threshold: float = 0.7
    embedder: str = "lexical"
