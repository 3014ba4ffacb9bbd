"""Tokens in one meaning: `input_tokens` and `output_tokens` are all of them, the rest are parts.

Providers count differently: OpenAI's, Gemini's and DeepSeek's cached tokens are part of the input
already, Anthropic's and Bedrock's cache reads and writes come on top. OpenAI's reasoning is part of
the output, Gemini's and xAI's comes on top. Absent stays absent, 0 stays 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from integration.dialects.json_values import Json, number_in


@dataclass(slots=True)
class Tokens:
    """Token counts of one call; None is unknown."""

    input: float | None = None
    output: float | None = None
    cached: float | None = None
    written: float | None = None
    reasoning: float | None = None
    extended: float | None = None  # of the written

    def as_usage(self) -> dict[str, float]:
        """The members of an interaction's `usage` that are known."""
        named = {
            "input_tokens": self.input,
            "output_tokens": self.output,
            "cached_input_tokens": self.cached,
            "cache_write_tokens": self.written,
            "reasoning_tokens": self.reasoning,
            "extended_cache_write_tokens": self.extended,
        }
        return {name: count for name, count in named.items() if count is not None}


def first_number(values: Mapping[str, Any], *names: str) -> float | None:
    """The first of these names that holds a number."""
    return next(
        (n for name in names if (n := number_in(values.get(name))) is not None),
        None,
    )


def parts_included(tokens: Tokens, total: float | None = None) -> Tokens:
    """Counts whose parts are said to lie within; corrected where the counts show they do not."""
    if tokens.output is not None and _was_reasoned_beside(tokens, total):
        tokens.output += tokens.reasoning or 0
    if tokens.input is not None and _lie_beside(tokens, total):
        return parts_added(tokens)
    return tokens


def parts_added(tokens: Tokens) -> Tokens:
    """Counts whose cache reads and writes come on top of the input."""
    if tokens.input is not None or tokens.cached or tokens.written:
        tokens.input = (tokens.input or 0) + (tokens.cached or 0) + (tokens.written or 0)
    return tokens


def _lie_beside(tokens: Tokens, total: float | None) -> bool:
    """A part cannot exceed its whole; and a total tells which sum was meant."""
    parts = (tokens.cached or 0) + (tokens.written or 0)
    if not parts or tokens.input is None:
        return False
    if parts > tokens.input:
        return True
    return total is not None and total == tokens.input + (tokens.output or 0) + parts


def _was_reasoned_beside(tokens: Tokens, total: float | None) -> bool:
    """As xAI counts: the total has the reasoning besides what was answered."""
    reasoned, answered = tokens.reasoning or 0, tokens.output or 0
    if not reasoned:
        return False
    if reasoned > answered:
        return True
    parts = (tokens.cached or 0) + (tokens.written or 0)
    rest = None if total is None or tokens.input is None else total - tokens.input - answered
    return rest is not None and rest in (reasoned, reasoned + parts)


def read_usage(raw: Json) -> Tokens:
    """A provider's own `usage` object, in whichever of the common shapes it is."""
    if not isinstance(raw, dict):
        return Tokens()
    for belongs, read in SHAPES:
        if any(name in raw for name in belongs):
            return read(raw)
    return Tokens()


def _openai_chat(raw: Mapping[str, Any]) -> Tokens:
    """Chat completions and embeddings; LiteLLM adds Anthropic's names, counted within, DeepSeek has
    names of its own."""
    inside = {**raw, **_details(raw, "prompt_tokens_details")}
    outside = {**raw, **_details(raw, "completion_tokens_details")}
    tokens = Tokens(
        first_number(raw, "prompt_tokens"),
        first_number(raw, "completion_tokens"),
        first_number(inside, "cached_tokens", "cache_read_input_tokens", "prompt_cache_hit_tokens"),
        first_number(
            inside, "cache_creation_tokens", "cache_creation_input_tokens", "cache_write_tokens"
        ),
        first_number(outside, "reasoning_tokens"),
        _kept_longer(raw, _details(raw, "prompt_tokens_details")),
    )
    return parts_included(tokens, first_number(raw, "total_tokens"))


def _kept_longer(*places: Mapping[str, Any]) -> float | None:
    """Cache writes that last an hour: Anthropic's own name for them, and where others put it."""
    inner = [_details(place, "cache_creation", "cache_creation_token_details") for place in places]
    found = (first_number(place, "ephemeral_1h_input_tokens") for place in [*inner, *places])
    return next((count for count in found if count is not None), None)


def _openai_responses(raw: Mapping[str, Any]) -> Tokens:
    """Also LangChain's `usage_metadata`, which counts the same way."""
    inside = _details(raw, "input_tokens_details", "input_token_details")
    outside = _details(raw, "output_tokens_details", "output_token_details")
    tokens = Tokens(
        first_number(raw, "input_tokens"),
        first_number(raw, "output_tokens"),
        first_number(inside, "cached_tokens", "cache_read"),
        first_number(inside, "cache_creation", "cache_write_tokens"),
        first_number(outside, "reasoning_tokens", "reasoning"),
        _kept_longer(raw, inside),
    )
    return parts_included(tokens, first_number(raw, "total_tokens"))


def _anthropic(raw: Mapping[str, Any]) -> Tokens:
    return parts_added(
        Tokens(
            first_number(raw, "input_tokens"),
            first_number(raw, "output_tokens"),
            first_number(raw, "cache_read_input_tokens"),
            first_number(raw, "cache_creation_input_tokens"),
            extended=_kept_longer(raw),
        )
    )


def _gemini(raw: Mapping[str, Any]) -> Tokens:
    """Thoughts are counted beside the candidates there, what tools brought beside the prompt."""

    def count(name: str) -> float | None:
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
        return first_number(raw, name, snake)

    thoughts = count("thoughtsTokenCount")
    answered = first_number(
        {"a": count("candidatesTokenCount"), "b": count("responseTokenCount")}, "a", "b"
    )
    return Tokens(
        _sum(count("promptTokenCount"), count("toolUsePromptTokenCount")),
        _sum(answered, thoughts),
        count("cachedContentTokenCount"),
        None,
        thoughts,
    )


def _sum(*counts: float | None) -> float | None:
    """Of those that are known; None when none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _bedrock(raw: Mapping[str, Any]) -> Tokens:
    return parts_added(
        Tokens(
            first_number(raw, "inputTokens"),
            first_number(raw, "outputTokens"),
            first_number(raw, "cacheReadInputTokens", *(f"cacheReadInput{n}" for n in COUNTED)),
            first_number(raw, "cacheWriteInputTokens", *(f"cacheWriteInput{n}" for n in COUNTED)),
            extended=_bedrock_kept_longer(raw.get("cacheDetails")),
        )
    )


def _bedrock_kept_longer(details: Json) -> float | None:
    """`[{"ttl": "1h", "inputTokens": 100}]`."""
    entries = [one for one in details if isinstance(one, dict)] if isinstance(details, list) else []
    return _sum(*(first_number(one, "inputTokens") for one in entries if one.get("ttl") == "1h"))


COUNTED = ("TokenCount", "TokensCount")  # as Amazon's own models and the first Converse had it


def _cohere(raw: Mapping[str, Any]) -> Tokens:
    """What is billed: it leaves out the tokens of Cohere's own instructions."""
    found = _details(raw, "billed_units", "tokens")
    return Tokens(first_number(found, "input_tokens"), first_number(found, "output_tokens"))


def _ollama(raw: Mapping[str, Any]) -> Tokens:
    return Tokens(first_number(raw, "prompt_eval_count"), first_number(raw, "eval_count"))


def _details(raw: Mapping[str, Any], *names: str) -> dict[str, Any]:
    found = (raw.get(name) for name in names)
    return next((part for part in found if isinstance(part, dict)), {})


# A shape is told by names only it has; the first that fits is read.
SHAPES = (
    (("prompt_tokens", "completion_tokens"), _openai_chat),
    (("cache_read_input_tokens", "cache_creation_input_tokens"), _anthropic),
    (("input_tokens", "output_tokens"), _openai_responses),
    (("promptTokenCount", "prompt_token_count"), _gemini),
    (("inputTokens", "outputTokens"), _bedrock),
    (("prompt_eval_count", "eval_count"), _ollama),
    (("billed_units",), _cohere),
)
