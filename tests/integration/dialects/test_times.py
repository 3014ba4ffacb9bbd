"""Moments as other tools write them."""

from __future__ import annotations

from typing import Any

import pytest

from featurememory.errors import FeatureMemoryError
from integration.dialects.times import moment_in, span_of

NOON = 1_795_953_600_000  # 2026-11-29T12:00:00Z


@pytest.mark.parametrize(
    "value",
    [
        NOON / 1000,
        NOON,
        NOON * 1000,
        NOON * 1_000_000,
        str(NOON),
        "1795953600.0",
        "2026-11-29T12:00:00Z",
        "2026-11-29T13:00:00.000000+01:00",
        "2026-11-29 12:00:00",
        "2026-11-29 12:00:00.000+00",
    ],
)
def test_a_moment_is_found_in_every_spelling(value: Any) -> None:
    assert moment_in(value) == NOON


@pytest.mark.parametrize(
    "value",
    [None, "", "never", True, [], -5, 1e30, "1e999999", "9" * 100, "0001-01-01T00:00:00+23:00"],
)
def test_what_is_no_moment_is_none(value: Any) -> None:
    assert moment_in(value) is None or moment_in(value) < 0


def test_a_duration_that_was_not_measured_is_unknown() -> None:
    assert span_of(NOON, NOON + 800) == (NOON, 800)
    assert span_of(NOON, None) == (NOON, None)
    assert span_of(NOON, NOON - 1) == (NOON, None)


@pytest.mark.parametrize("start", [None, "never"])
def test_a_start_is_needed(start: Any) -> None:
    with pytest.raises(FeatureMemoryError, match="startTime"):
        span_of(start, NOON)
