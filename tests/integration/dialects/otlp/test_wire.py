"""Protobuf's wire format: read as the usual library reads it, and within bounds."""

from __future__ import annotations

import time

import pytest

from integration.dialects.otlp.wire import (
    Budget,
    TooManyFields,
    WireError,
    integer_in,
    message_in,
    read_fields,
    write_bytes,
    write_number,
    write_varint,
)


def fields(data: bytes, budget: int = 100) -> list[tuple[int, int | bytes]]:
    found = read_fields(memoryview(data), Budget(budget))
    return [(n, value if isinstance(value, int) else bytes(value)) for n, value in found]


@pytest.mark.parametrize("value", [0, 1, 127, 128, 300, (1 << 63) - 1, (1 << 64) - 1])
def test_numbers_are_read_as_they_are_written(value: int) -> None:
    assert fields(write_number(3, value)) == [(3, value)]


def test_fields_come_in_order_and_repeated() -> None:
    data = write_bytes(1, b"a") + write_number(2, 5) + write_bytes(1, b"")

    assert fields(data) == [(1, b"a"), (2, 5), (1, b"")]
    assert fields(b"\x09" + b"\x01" + b"\x00" * 7 + b"\x15" + b"\x02\x00\x00\x00") == [
        (1, 1),
        (2, 2),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a",
        b"\x0a\xff\x01",
        b"\x0a\x05abc",
        b"\x08" + b"\xff" * 11,
        b"\x09\x00\x00",
        b"\x0b\x0c",
        b"\x0f",
        b"\xff\xff\xff\xff\x01garbage",
    ],
)
def test_bytes_that_do_not_go_on_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        fields(data)


def test_the_wrong_kind_of_field_is_refused() -> None:
    with pytest.raises(WireError):
        message_in(5)
    with pytest.raises(WireError):
        integer_in(memoryview(b"x"))


def test_a_budget_bounds_the_work_on_many_empty_fields() -> None:
    began = time.monotonic()
    with pytest.raises(TooManyFields):
        fields(b"\x12\x00" * 2_000_000, budget=100_000)

    assert time.monotonic() - began < 1


def test_a_varint_is_written_in_groups_of_seven_bits() -> None:
    assert [write_varint(n) for n in (0, 1, 127, 128, 300)] == [
        b"\x00",
        b"\x01",
        b"\x7f",
        b"\x80\x01",
        b"\xac\x02",
    ]
