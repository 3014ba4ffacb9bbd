"""Which method serves a stream of texts best, judged without labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

Method: TypeAlias = Literal["prompt", "drain", "similarity"]


def suitable_method(texts: Sequence[str]) -> Method:
    """The method for a sample of texts (some hundreds are enough; fewer than 20 get "prompt")."""
    raise NotImplementedError
