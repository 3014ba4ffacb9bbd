"""What a call consumed, in the server's words, from any provider's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

NAMES = (
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_tokens",
    "reasoning_tokens",
    "extended_cache_write_tokens",
    "cost",
)
ANTHROPIC_ONLY = ("cache_read_input_tokens", "cache_creation_input_tokens")


def get_field(holder: Any, *path: str) -> Any:
    """A value inside dicts or objects, whichever they are; None where the path ends early."""
    for name in path:
        if holder is None:
            return None
        holder = holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)
    return holder


def read_usage(given: Any) -> dict[str, float]:
    """Ours, OpenAI's or Anthropic's usage as ours. What is not known is left out: absent is not 0.

    >>> read_usage({"prompt_tokens": 9, "completion_tokens": 3})
    {'input_tokens': 9, 'output_tokens': 3}
    """
    if get_field(given, "prompt_tokens") is not None:
        found = read_chat_usage(given)
    elif any(get_field(given, name) is not None for name in ANTHROPIC_ONLY):
        found = read_anthropic_usage(given)
    else:
        found = {name: get_field(given, name) for name in NAMES}
        found["cached_input_tokens"] = first_number(
            found["cached_input_tokens"], get_field(given, "input_tokens_details", "cached_tokens")
        )
        found["reasoning_tokens"] = first_number(
            found["reasoning_tokens"], get_field(given, "output_tokens_details", "reasoning_tokens")
        )
    return {name: value for name, value in found.items() if is_quantity(value)}


def read_chat_usage(given: Any) -> dict[str, Any]:
    """OpenAI's chat completions: cached and reasoning tokens are among the others already. DeepSeek
    has a name of its own for the cached, and with xAI the reasoning comes on top, as the total shows."""
    asked, answered = (get_field(given, name) for name in ("prompt_tokens", "completion_tokens"))
    reasoned = get_field(given, "completion_tokens_details", "reasoning_tokens")
    known = all(map(is_quantity, (asked, answered, reasoned)))
    if known and get_field(given, "total_tokens") == asked + answered + reasoned:
        answered += reasoned
    return {
        "input_tokens": asked,
        "output_tokens": answered,
        "cached_input_tokens": first_number(
            get_field(given, "prompt_tokens_details", "cached_tokens"),
            get_field(given, "prompt_cache_hit_tokens"),
        ),
        "reasoning_tokens": reasoned,
    }


def read_anthropic_usage(given: Any) -> dict[str, Any]:
    """Anthropic counts what it read from and wrote to its cache beside the input."""
    cached = get_field(given, "cache_read_input_tokens")
    written = get_field(given, "cache_creation_input_tokens")
    fresh = get_field(given, "input_tokens")
    parts = [part for part in (fresh, cached, written) if is_quantity(part)]
    return {
        "input_tokens": sum(parts) if is_quantity(fresh) else None,
        "output_tokens": get_field(given, "output_tokens"),
        "cached_input_tokens": cached,
        "cache_write_tokens": written,
        "extended_cache_write_tokens": get_field(
            given, "cache_creation", "ephemeral_1h_input_tokens"
        ),
    }


def first_number(*values: Any) -> Any:
    return next((value for value in values if is_quantity(value)), None)


def is_share(value: Any) -> bool:
    return is_quantity(value) and bool(value <= 1)


def is_quantity(value: Any) -> bool:
    """What the server takes for a number of tokens or an amount of money."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 <= value <= 1e15 and math.isfinite(value)
