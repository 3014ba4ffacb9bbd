"""Sizes and times as people write them, in and out; nothing is rounded on the way out."""

from __future__ import annotations

import pytest

from integration.admin.human_units import (
    format_days,
    format_size,
    format_span,
    parse_days,
    parse_size,
    parse_span,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100 MiB", 104_857_600),
        ("100mib", 104_857_600),
        ("2 GB", 2_000_000_000),
        ("1.5 GiB", 1_610_612_736),
        ("104857600", 104_857_600),
        ("1,048,576 B", 1_048_576),
        ("0", 0),
    ],
)
def test_sizes_are_read(text: str, value: int) -> None:
    assert parse_size(text) == value


@pytest.mark.parametrize("text", ["", "much", "10 parsecs", "1.2.3 MiB", "-5 MiB", "MiB", "1e9"])
def test_what_is_no_size_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write|write"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("24 h", 86_400), ("90 min", 5_400), ("90m", 5_400), ("7 days", 604_800), ("60", 60)],
)
def test_times_are_read(text: str, value: int) -> None:
    assert parse_span(text) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(104_857_600, "100 MiB"), (2_000_000_000, "2 GB"), (1_048_577, "1,048,577 B"), (0, "0")],
)
def test_sizes_are_written_in_the_largest_unit_that_holds_them(value: int, text: str) -> None:
    assert format_size(value) == text
    assert parse_size(text) == value


@pytest.mark.parametrize(
    ("value", "text"), [(86_400, "1 d"), (5_400, "90 min"), (61, "61 s"), (604_800, "1 w")]
)
def test_times_are_written_so_too(value: int, text: str) -> None:
    assert format_span(value) == text
    assert parse_span(text) == value


def test_a_very_long_text_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="write a number"):
        parse_size("1 " * 100_000)


@pytest.mark.parametrize(
    ("text", "days"),
    [("90", 90), ("90 d", 90), ("13 w", 91), ("48 h", 2), ("1,826", 1826), ("0", 0)],
)
def test_days_are_read(text: str, days: int) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize("text", ["36 h", "1.5", "1 month", "d"])
def test_what_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write|no amount"):
        parse_days(text)


def test_days_are_written_with_their_unit() -> None:
    assert [format_days(days) for days in (0, 1, 1826)] == ["0", "1 d", "1,826 d"]
