"""Payloads: what goes in comes out, damage is told and not guessed."""

from __future__ import annotations

import pytest
from msgspec import Raw

from patterns.payloads import pack, unpack, unpack_parts


def test_a_payload_comes_back_as_values_and_as_the_bytes_that_were_sent() -> None:
    data = pack({"input": Raw(b'{"a": 1.50}'), "output": Raw(b"null")})

    assert unpack(data) == {"input": {"a": 1.5}, "output": None}
    assert bytes(unpack_parts(data)["input"]) == b'{"a": 1.50}'


def test_repetitive_text_takes_a_fraction_of_its_size() -> None:
    assert len(pack({"input": "Where is my order? " * 500})) < 1000


def test_a_number_beyond_a_float_reads_as_infinite_and_stays_as_sent() -> None:
    data = pack({"input": Raw(b"1e999")})

    assert unpack(data) == {"input": float("inf")}
    assert bytes(unpack_parts(data)["input"]) == b"1e999"


@pytest.mark.parametrize("cut", [b"", b"\x00", b"\x00rubbish"])
def test_a_damaged_payload_is_a_value_error(cut: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack(cut)


def test_a_payload_that_is_no_object_is_damaged() -> None:
    with pytest.raises(ValueError, match="damaged"):
        unpack(pack([1]))  # type: ignore[arg-type]
