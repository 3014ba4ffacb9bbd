"""Usage as other APIs spell it comes out in the contract's members."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from patterns.ingest.usage_spellings import read_usage

NAMES = ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens", "cost")


def read(usage: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    raw = msgspec.json.decode(json.dumps(usage).encode(), type=dict[str, msgspec.Raw])
    known, rest = read_usage(raw, NAMES)
    return (
        {name: json.loads(bytes(value)) for name, value in known.items()},
        {name: json.loads(bytes(value)) for name, value in rest.items()},
    )


@pytest.mark.parametrize("inner", ["prompt_tokens_details", "input_tokens_details"])
def test_openais_cached_tokens_are_part_of_the_input(inner: str) -> None:
    known, rest = read({"prompt_tokens": 20, inner: {"cached_tokens": 15, "audio_tokens": 0}})

    assert known == {"input_tokens": 20, "cached_input_tokens": 15}
    assert rest == {inner: {"audio_tokens": 0}}


def test_anthropics_cache_reads_and_writes_are_added_to_the_input() -> None:
    usage = {
        "input_tokens": 10,
        "cache_read_input_tokens": 80,
        "cache_creation_input_tokens": 5,
        "output_tokens": 7,
    }
    known, rest = read(usage)

    assert known == {"input_tokens": 95, "cached_input_tokens": 80, "output_tokens": 7}
    assert rest == {"cache_write_tokens": 5}


def test_anthropics_nulls_are_zero() -> None:
    known, _ = read({"input_tokens": 10, "cache_read_input_tokens": None})

    assert known == {"input_tokens": 10, "cached_input_tokens": None}


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_tokens_details": None},
        {"prompt_tokens_details": 5, "cost": 1},
        {"cache_read_input_tokens": "many", "input_tokens": 3},
        {"cache_read_input_tokens": 3},
        {"input_tokens": 3, "prompt_tokens": 4},
    ],
)
def test_what_cannot_be_read_is_not_changed(usage: dict[str, Any]) -> None:
    known, rest = read(usage)

    assert {n: v for n, v in (known | rest).items() if v is not None} == {
        n: v for n, v in usage.items() if v is not None
    }
