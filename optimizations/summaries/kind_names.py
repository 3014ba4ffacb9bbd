"""The kinds of optimization as people say them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from featurememory.templatetags.figures import age, feature_value

NAMES = {
    "route_model": "Model route",
    "tune_parameters": "Parameters",
    "cache_response": "Response cache",
    "cache_similar": "Cache of similar requests",
    "token_budget": "Token budget",
    "timeout": "Timeout",
    "prefix_order": "Order of parts",
}

PARAMETERS = {
    "model_id": "Model",
    "fallback": "Falls back to",
    "max_tokens": "Most tokens",
    "ttl": "Answers kept for",
}
ARMS = {"treatment": "treated", "holdout": "held out", "explore": "explored"}


def name_parameter(name: str) -> str:
    return PARAMETERS.get(name, name.replace("_", " ").capitalize())


def show_parameter(name: str, value: Any) -> str:
    """A value as people read it: the seconds for which answers are kept as "7 d"."""
    if name == "ttl" and isinstance(value, int | float):
        return age(timedelta(seconds=value))
    return feature_value(value)


def name_arm(arm: str) -> str:
    return ARMS.get(arm, arm)


def name_month(month: str) -> str:
    """2026-10 -> Oct 2026."""
    try:
        return datetime.strptime(month, "%Y-%m").strftime("%b %Y")
    except ValueError:
        return month


def name_kind(kind: str) -> str:
    return NAMES.get(kind, kind.replace("_", " ").capitalize())
