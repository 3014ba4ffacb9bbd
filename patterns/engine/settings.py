"""What a project can tune about recognition."""

from __future__ import annotations

import msgspec


class RecognizerSettings(msgspec.Struct, frozen=True):
    """`max_bytes` bounds the sum of the patterns' `size_bytes`; `confidence_threshold` is 0 to 1.

    `embedder` is lexical, static or endpoint; the last needs the URL and model of an
    OpenAI-compatible embeddings endpoint. It takes effect when a recogniser is made or restored.
    """

    max_patterns: int = 1000
    max_bytes: int = 64 << 20
    confidence_threshold: float = 0.7
    embedder: str = "lexical"
    embedder_url: str = ""
    embedder_model: str = ""
    embedder_key: str = ""

    @property
    def embedding(self) -> tuple[str, ...]:
        """The settings that decide on the vectors of texts."""
        return (self.embedder, self.embedder_url, self.embedder_model, self.embedder_key)
