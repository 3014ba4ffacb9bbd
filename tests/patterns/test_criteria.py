"""Criteria: from a query and back, and nonsense is refused with its pointer."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import FeatureMemoryError
from patterns.criteria import PARSERS, SORTS, PatternCriteria


def test_every_filter_has_a_parser() -> None:
    assert PARSERS.keys() == {field.name for field in fields(PatternCriteria)}


def test_filters_are_read_from_texts_and_from_json() -> None:
    from_url = PatternCriteria.parse({"min_confidence": "0.5", "pinned": "true", "page": "7"})
    from_json = PatternCriteria.parse({"min_confidence": 0.5, "pinned": True})

    assert from_url == from_json == PatternCriteria(min_confidence=0.5, pinned=True)


def test_an_empty_filter_filters_nothing() -> None:
    assert PatternCriteria.parse({"status": "", "q": "", "min_confidence": None}) == (
        PatternCriteria()
    )


def test_times_have_a_zone_even_when_the_plus_was_lost_in_the_url() -> None:
    for text in ("2026-11-22T13:00:00 01:00", "2026-11-22T12:00:00Z", "2026-11-22T12:00:00"):
        found = PatternCriteria.parse({"used_after": text})
        assert found.used_after == datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "new"),
        ("status", "validated,"),
        ("status", 7),
        ("min_confidence", "x"),
        ("min_confidence", "1.1"),
        ("min_confidence", "nan"),
        ("max_confidence", -0.1),
        ("min_effectiveness", True),
        ("min_effectiveness", []),
        ("used_before", "yesterday"),
        ("used_after", 5),
        ("pinned", "maybe"),
        ("q", "x" * 501),
        ("q", "a\x00b"),
        ("model_id", {}),
        ("sort", "name"),
        ("sort", "--use_count"),
    ],
)
def test_nonsense_is_refused_with_its_pointer(name: str, value: Any) -> None:
    with pytest.raises(FeatureMemoryError) as refused:
        PatternCriteria.parse({name: value})

    assert refused.value.status == 422
    assert refused.value.details["errors"][0]["pointer"] == f"/{name}"


shares = st.none() | st.floats(0, 1)
moments = st.none() | st.datetimes(timezones=st.just(UTC))
words = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=20)


@given(
    st.builds(
        PatternCriteria,
        status=st.sampled_from(["", "archived", "candidate,validated"]),
        model_id=words,
        min_confidence=shares,
        max_confidence=shares,
        used_before=moments,
        pinned=st.none() | st.booleans(),
        q=words,
        sort=st.sampled_from([*SORTS, *(f"-{name}" for name in SORTS)]),
    )
)
def test_what_stands_in_a_url_is_read_back_as_it_was(criteria: PatternCriteria) -> None:
    assert PatternCriteria.parse(criteria.query()) == criteria


def test_only_what_differs_from_the_defaults_stands_in_a_url() -> None:
    assert PatternCriteria().query() == {}
    assert PatternCriteria(status="archived").query() == {"status": "archived"}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_moment_outside_the_calendar_is_refused(moment: str) -> None:
    with pytest.raises(FeatureMemoryError, match="RFC 3339"):
        PatternCriteria.parse({"used_before": moment})


def test_a_share_of_400_digits_is_refused() -> None:
    with pytest.raises(FeatureMemoryError, match="from 0 to 1"):
        PatternCriteria.parse({"min_confidence": 10**400})
