"""What one call costs by the price list."""

from __future__ import annotations

import msgspec

from optimizations.engine.domain.settings import Prices


class TokenUsage(msgspec.Struct, frozen=True):
    """The tokens of one call; None is unknown, never 0.

    `input_tokens` and `output_tokens` are all of them. What was read from the provider's cache or
    written to it is part of the input, what was reasoning part of the output. Of what was written some
    may be kept for longer than usual.
    """

    input_tokens: float | None = None
    output_tokens: float | None = None
    cached_input_tokens: float | None = None
    cache_write_tokens: float | None = None
    reasoning_tokens: float | None = None
    extended_cache_write_tokens: float | None = None


def price_call(prices: Prices, usage: TokenUsage) -> float | None:
    """The price of a call; None when it has none, or when the tokens it is made of are unknown.

    A class of tokens without a price of its own costs what the whole costs: cached input as input,
    reasoning as output. A prompt beyond the limit of the prices has those of long prompts.
    """
    prices = prices.of_prompt(usage.input_tokens)
    parts = [
        price_input(prices, usage),
        price_output(prices, usage),
        prices.per_call if prices.per_call is not None else 0.0,
    ]
    known = [part for part in parts if part is not None]
    return sum(known) if prices.is_set and len(known) == len(parts) else None


def price_input(prices: Prices, usage: TokenUsage) -> float | None:
    cached, written = usage.cached_input_tokens or 0.0, usage.cache_write_tokens or 0.0
    extended = usage.extended_cache_write_tokens or 0.0
    parts = [
        (cached, prices.cached_input_per_1m),
        (max(0.0, written - extended), prices.cache_write_per_1m),
        (extended, prices.price_of_extended_writes),
    ]
    return price_tokens(usage.input_tokens, prices.input_per_1m, parts, prices.has_token_price)


def price_output(prices: Prices, usage: TokenUsage) -> float | None:
    parts = [(usage.reasoning_tokens or 0.0, prices.reasoning_per_1m)]
    return price_tokens(usage.output_tokens, prices.output_per_1m, parts, prices.has_token_price)


def price_tokens(
    tokens: float | None,
    rate: float | None,
    parts: list[tuple[float, float | None]],
    by_tokens: bool,
) -> float | None:
    """Tokens at their rate, of which some have rates of their own. `by_tokens`: others are priced."""
    if rate is None:  # free only where nothing is priced by tokens, or there are none
        return None if by_tokens and tokens else 0.0
    own = [(count, rate if one is None else one) for count, one in parts]
    if tokens is None:  # what costs nothing per token is free however many there were
        return None if rate or any(one for _, one in own) else 0.0
    rest = max(0.0, tokens - sum(count for count, _ in own))
    return (rest * rate + sum(count * one for count, one in own)) / 1e6
