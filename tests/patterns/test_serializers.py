"""Rows as the values the API answers with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from patterns.models import PatternHour
from patterns.serializers import (
    format_ms,
    format_time,
    serialize_model_figures,
    serialize_slot,
    to_whole_number,
)
from patterns.statistics.quantile_sketch import update_sketch
from patterns.statistics.rollups import sum_rows


def test_times_are_rfc_3339_in_utc() -> None:
    assert format_ms(1_795_348_800_123) == "2026-11-22T12:00:00.123Z"
    assert format_ms(253_402_300_799_999) == "9999-12-31T23:59:59.999Z"
    assert format_ms(0) == "1970-01-01T00:00:00.000Z"
    assert format_ms(None) is None

    noon = datetime(2026, 11, 22, 13, tzinfo=timezone(timedelta(hours=1)))
    assert format_time(noon) == format_time(noon.astimezone(UTC)) == "2026-11-22T12:00:00Z"
    assert format_time(None) is None


def test_whole_numbers_read_as_they_were_sent() -> None:
    assert str(to_whole_number(512.0)) == "512"
    assert (to_whole_number(0.5), to_whole_number(None)) == (0.5, None)


def test_a_slot_names_its_values_and_their_shares() -> None:
    entry = {"name": "city", "type": "category", "distinct": 2, "top": [["Lyon", 0.75, 0.8]]}

    assert serialize_slot(entry)["top"] == [{"value": "Lyon", "share": 0.75, "at_most": 0.8}]


def hour(count: int, duration: float) -> PatternHour:
    return PatternHour(
        model_id="m",
        count=count,
        quality_sum=count / 2,
        quality_count=count,
        durations=update_sketch(b"", [duration] * count),
    )


def test_figures_of_several_rows_are_those_of_their_sum() -> None:
    figures = serialize_model_figures(sum_rows([hour(30, 100.0), hour(10, 900.0)]))

    assert (figures["use_count"], figures["effectiveness"]) == (40, 0.5)
    assert figures["duration_p50"] == pytest.approx(100, rel=0.02)
    assert figures["duration_p95"] == pytest.approx(900, rel=0.02)
    assert (figures["success_rate"], figures["cost_mean"]) == (None, None)
