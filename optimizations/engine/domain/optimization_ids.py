"""Stable ids of optimizations, made of scope and parameters."""

from __future__ import annotations

import hashlib
import json
import uuid

from optimizations.engine.domain.params import Params
from optimizations.engine.domain.trial_scope import ScopeKey


def value_key(params: Params) -> str:
    """The change itself as canonical JSON, whatever patterns it is for: the key of its cells."""
    return json.dumps({k: v for k, v in params.items() if k != "fallback"}, sort_keys=True)


def optimization_id(scope: ScopeKey, params: Params, generation: str) -> str:
    """A UUID that follows from its content, so that a replay gives the same ids."""
    text = json.dumps([*scope, value_key(params), generation])
    raw = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return str(uuid.UUID(bytes=raw, version=8 if hasattr(uuid, "uuid8") else 5))
