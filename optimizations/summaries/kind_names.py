"""The kinds of optimization as people say them."""

from __future__ import annotations

NAMES = {
    "route_model": "Model route",
    "tune_parameters": "Parameters",
    "cache_response": "Response cache",
    "cache_similar": "Cache of similar requests",
    "token_budget": "Token budget",
    "timeout": "Timeout",
    "prefix_order": "Order of parts",
}


def name_kind(kind: str) -> str:
    return NAMES.get(kind, kind.replace("_", " ").capitalize())
