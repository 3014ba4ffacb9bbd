"""How other APIs spell `usage`, read as the contract's members.

OpenAI counts cached and reasoning tokens within the input and the output, as we do. Anthropic's input
leaves out what its cache was read for or written with, so both are added.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeAlias

import msgspec
from msgspec import Raw

Members: TypeAlias = dict[str, Raw]
DETAILS_DECODER = msgspec.json.Decoder(dict[str, Raw] | None)
COUNT_DECODER = msgspec.json.Decoder(int | float | None)

# OpenAI: chat completions, then responses, whose names are ours. Then DeepSeek's and Anthropic's.
SPELLINGS = {"prompt_tokens": "input_tokens", "completion_tokens": "output_tokens"}
SPELLINGS["prompt_cache_hit_tokens"] = "cached_input_tokens"
DETAILS = {
    "prompt_tokens_details": {"cached_tokens": "cached_input_tokens"},
    "input_tokens_details": {"cached_tokens": "cached_input_tokens"},
    "completion_tokens_details": {"reasoning_tokens": "reasoning_tokens"},
    "output_tokens_details": {"reasoning_tokens": "reasoning_tokens"},
    "cache_creation": {"ephemeral_1h_input_tokens": "extended_cache_write_tokens"},
}
ANTHROPIC = {
    "cache_read_input_tokens": "cached_input_tokens",
    "cache_creation_input_tokens": "cache_write_tokens",
}
# Follow from what was read, or tell nothing that we count: kept, but not worth a word in the answer.
QUIET = frozenset(
    {*DETAILS, "cache_creation", "cache_write_tokens", "total_tokens", "server_tool_use"}
    | {"prompt_cache_miss_tokens"}
)


def read_usage(usage: Members, names: Collection[str]) -> tuple[Members, Members]:
    """The members called `names`, by whatever spelling, and the rest. Our own spelling wins."""
    usage = read_anthropic(dict(usage))
    for spelling, name in SPELLINGS.items():
        move(usage, spelling, usage, name)
    for group, spellings in DETAILS.items():
        read_details(usage, group, spellings, names)
    known = {name: usage.pop(name) for name in names if name in usage}
    return known, usage


def read_anthropic(usage: Members) -> Members:
    """Anthropic's counts as ours; unchanged when they are not numbers, or `cached_input_tokens` is given."""
    parts = ["input_tokens", *(name for name in ANTHROPIC if name in usage)]
    if len(parts) == 1 or "cached_input_tokens" in usage:
        return usage
    counts = [read_count(usage.get(name)) for name in parts]
    if None in counts:
        return usage
    usage["input_tokens"] = Raw(msgspec.json.encode(sum(count or 0 for count in counts)))
    for spelling, name in ANTHROPIC.items():
        move(usage, spelling, usage, name)
    return usage


def read_count(raw: Raw | None) -> float | None:
    """A number; null is 0, as the SDKs send it. None for anything else."""
    if raw is None:
        return None
    try:
        return COUNT_DECODER.decode(raw) or 0
    except msgspec.DecodeError:
        return None


def read_details(
    usage: Members, group: str, spellings: dict[str, str], names: Collection[str]
) -> None:
    """Take the counts out of a nested object; what else it holds stays."""
    if group not in usage:
        return
    try:
        details = DETAILS_DECODER.decode(usage[group])
    except msgspec.DecodeError:
        return
    for spelling, name in spellings.items():
        if details and name in names:
            move(details, spelling, usage, name)
    if details:
        usage[group] = Raw(msgspec.json.encode(details))
    else:
        usage.pop(group, None)


def move(members: Members, spelling: str, target: Members, name: str) -> None:
    if spelling in members and name not in target:
        target[name] = members.pop(spelling)
