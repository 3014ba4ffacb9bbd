"""Runs of three tokens as 64-bit numbers: the unit in which texts are compared."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from patterns.engine.domain.digests import digest64
from patterns.engine.text.tokens import END, START, Token, normalize_text, tokenize

Numbers = npt.NDArray[np.uint64]
_FACTORS = (
    np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F),
    np.uint64(0x165667B19E3779F9),
)
_CACHED = 200_000  # words whose digest is kept: about 25 MB at most
_digests: dict[str, int] = {}


def frame_keys(keys: Sequence[str]) -> list[str]:
    """The start and the end are tokens too, twice, so that a single edge token makes a run."""
    return [START, START, *keys, END, END]


def digest_tokens(keys: Sequence[str]) -> Numbers:
    """One stable 64-bit number for each token key."""
    if len(_digests) > _CACHED:
        _digests.clear()
    return np.array([_digests.get(key) or _remember_digest(key) for key in keys], dtype=np.uint64)


def _remember_digest(key: str) -> int:
    _digests[key] = number = digest64(key)
    return number


def hash_shingles(digests: Numbers) -> Numbers:
    """One number per run of three tokens, in order."""
    a, b, c = digests[:-2], digests[1:-1], digests[2:]
    with np.errstate(over="ignore"):
        mixed = a * _FACTORS[0] + b * _FACTORS[1] + c * _FACTORS[2]
        runs: Numbers = mixed ^ (mixed >> np.uint64(29))
    return runs


@lru_cache(maxsize=16)
def tokenize_normal(text: str) -> tuple[str, tuple[Token, ...]]:
    """The normal text and its tokens; learning asks several times for the same text."""
    plain = normalize_text(text)
    return plain, tuple(tokenize(plain))


@lru_cache(maxsize=16)
def hash_runs(text: str) -> tuple[int, ...]:
    """The hashes of all runs of three tokens of a text, in order."""
    keys = [token.key for token in tokenize_normal(text)[1]]
    return tuple(hash_shingles(digest_tokens(frame_keys(keys))).tolist())
