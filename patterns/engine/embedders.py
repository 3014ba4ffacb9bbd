"""How free text becomes a vector: by its letters and words, by a shipped table, by an endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Texts to unit vectors, one row each. Groups made with one `version` fit no other."""

    @property
    def version(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class LexicalEmbedder:
    """Hashed words and letter n-grams; needs nothing but the text."""

    version = "lexical-1"

    def embed(self, texts: Sequence[str]) -> Vectors:
        raise NotImplementedError
