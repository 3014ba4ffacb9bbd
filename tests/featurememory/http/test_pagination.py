"""Keyset pages: every row once, in order, forwards and back, whatever arrives meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from featurememory.errors import FeatureMemoryError
from featurememory.http.pagination import (
    Page,
    decode_cursor,
    encode_cursor,
    parse_limit,
    read_nearby_page,
    read_page,
)
from featurememory.models import Project
from patterns.criteria import SORTS
from patterns.models import ModelInteraction, Pattern
from tests.builders import items, keep, project

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 22, tzinfo=UTC)
VALUES: dict[str, Any] = {
    "use_count": [3, 1, 1, 7, 0],
    "confidence": [0.5, 0.25, 0.1 + 0.2, 1.0, 0.5],
    "effectiveness": [None, 0.5, None, 0.9, 0.5],
    "success_rate": [0.5, None, 0.0, 0.5, 1.0],
    "duration_p95": [812.5, 90.0, None, 812.5, 1e9],
    "tokens_mean": [None, None, 12.0, 0.0, 3.5],
    "last_used": [START, None, START + timedelta(microseconds=1), START, None],
    "created_at": [START - timedelta(days=day) for day in (3, 3, 1, 9, 2)],
}


def rows_of(owner: Project, sort: str, values: list[Any], first: int = 0) -> list[Pattern]:
    field = sort.lstrip("-")
    rows = [
        Pattern(id=UUID(int=(int(owner.pk) >> 64 << 64) + first + n), project=owner, model_id="m")
        for n in range(len(values))
    ]
    for row, value in zip(rows, values, strict=True):
        setattr(row, field, value)
    return Pattern.objects.bulk_create(rows)


def in_order(rows: list[Pattern], sort: str) -> list[UUID]:
    """The order by definition: value, then key; unknown values last in both directions."""
    field, sign = sort.lstrip("-"), -1 if sort.startswith("-") else 1

    def rank(row: Pattern) -> tuple[bool, float]:
        value = getattr(row, field)
        number = value.timestamp() if isinstance(value, datetime) else value
        return value is None, 0 if value is None else sign * number

    return [row.pk for row in sorted(rows, key=lambda row: (rank(row), row.pk))]


def forwards(owner: Project, sort: str, limit: int) -> list[Page[Pattern]]:
    pages: list[Page[Pattern]] = []
    cursor: str | None = None
    while not pages or cursor:
        pages.append(read_page(Pattern.objects.filter(project=owner), sort, cursor, limit))
        cursor = pages[-1].next
    return pages


def ids(pages: list[Page[Pattern]]) -> list[UUID]:
    return [row.pk for found in pages for row in found.rows]


BOTH_WAYS = [sign + name for name in SORTS for sign in ("", "-")]


@pytest.mark.parametrize("sort", BOTH_WAYS)
@pytest.mark.parametrize("limit", [1, 2, 5])
def test_every_sort_gives_every_row_once_in_order(sort: str, limit: int) -> None:
    owner = project()
    rows = rows_of(owner, sort, VALUES[sort.lstrip("-")])

    assert ids(forwards(owner, sort, limit)) == in_order(rows, sort)


@pytest.mark.parametrize("sort", BOTH_WAYS)
def test_going_back_shows_the_same_pages(sort: str) -> None:
    owner = project()
    rows_of(owner, sort, VALUES[sort.lstrip("-")])
    pages = forwards(owner, sort, 2)

    back, cursor = [pages[-1]], pages[-1].previous
    while cursor:
        back.append(read_page(Pattern.objects.filter(project=owner), sort, cursor, 2))
        cursor = back[-1].previous
    assert ids(back[::-1]) == ids(pages)
    assert pages[0].previous is None


scores = st.none() | st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(scores, max_size=12), limit=st.integers(1, 5), sort=st.sampled_from(["", "-"])
)
def test_any_values_are_paged_completely_and_in_order(
    values: list[float | None], limit: int, sort: str
) -> None:
    owner, sort = project(), f"{sort}effectiveness"
    rows = rows_of(owner, sort, values)
    pages = forwards(owner, sort, limit)

    assert ids(pages) == in_order(rows, sort)
    assert all(len(found.rows) == limit for found in pages[:-1])


@pytest.mark.parametrize("sort", ["effectiveness", "-effectiveness"])
def test_rows_that_arrive_meanwhile_neither_hide_nor_repeat_others(sort: str) -> None:
    owner = project()
    rows = rows_of(owner, sort, [None, 0.2, 0.2, 0.8, None, 0.5])
    seen: list[Any] = []
    cursor: str | None = None
    for turn in range(10):
        found = read_page(Pattern.objects.filter(project=owner), sort, cursor, 2)
        seen += [row.pk for row in found.rows]
        rows_of(owner, sort, [0.2, None, 0.0, 1.0], first=100 + 10 * turn)
        cursor = found.next
        if cursor is None or turn == 9:
            break

    assert len(seen) == len(set(seen))
    known = [pk for pk in seen if pk in {row.pk for row in rows}]
    expected = in_order(rows, sort)
    assert known == expected[: len(known)]


def test_a_list_by_its_own_key_needs_no_second_column() -> None:
    owner = project()
    keep(owner, items(5))
    rows = ModelInteraction.objects.filter(project=owner)
    first = read_page(rows, "-number", None, 2, key="number")
    keep(owner, items(3, start=50))
    second = read_page(rows, "-number", first.next, 10, key="number")

    assert len(second.rows) == 3
    back = read_page(rows, "-number", second.previous, 2, key="number")
    assert [row.pk for row in back.rows] == [row.pk for row in first.rows]


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%%%",
        "ü",
        encode_cursor([]),
        encode_cursor(["n", 1]),
        encode_cursor(["x", 1, "1"]),
        encode_cursor(["n", [1], "1"]),
        encode_cursor(["n", "text", "not an id"]),
        encode_cursor(["n", {}, {}]),
        encode_cursor(["n", 1, None]),
        encode_cursor(["n", 1e308, True]),
        encode_cursor(["n", "a\x00b", "1"]),
        encode_cursor(["n", 10**30, "1"]),
        "A" * 5000,
    ],
)
@pytest.mark.parametrize("sort", ["-use_count", "last_used", "effectiveness"])
def test_a_cursor_that_was_not_given_out_is_refused(cursor: str, sort: str) -> None:
    rows = Pattern.objects.filter(project=project())
    with pytest.raises(FeatureMemoryError) as refused:
        read_page(rows, sort, cursor, 2)
    assert refused.value.status == 422


def test_a_cursor_comes_back_as_it_was_made() -> None:
    values = ["n", 0.1 + 0.2, str(UUID(int=7))]

    assert decode_cursor(encode_cursor(values), 3) == values


def test_limits_are_kept_within_bounds() -> None:
    assert (parse_limit(None), parse_limit("7"), parse_limit("500")) == (50, 7, 200)


def failures(owner: Project, cursor: str | None, limit: int = 2) -> Page[ModelInteraction]:
    everything = ModelInteraction.objects.filter(project=owner)
    return read_nearby_page(
        everything.filter(success=False), everything, cursor, limit, "number", reach=3
    )


def test_a_rare_filter_finds_every_row_though_each_page_looks_at_few() -> None:
    owner = project()
    keep(owner, items(20))
    seen: list[Any] = []
    cursor: str | None = None
    while not seen or cursor:
        found = failures(owner, cursor)
        seen.append(found)
        cursor = found.next
    wanted = ModelInteraction.objects.filter(project=owner, success=False).order_by("-number")

    assert [row.pk for one in seen for row in one.rows] == [row.pk for row in wanted]
    assert any(not one.rows for one in seen)


def test_the_pages_of_a_rare_filter_lead_back_to_the_first() -> None:
    owner = project()
    keep(owner, items(20))
    last = failures(owner, None)
    while last.next:
        last = failures(owner, last.next)
    back = [last]
    while back[-1].previous:
        back.append(failures(owner, back[-1].previous))
    rows = {row.pk for one in back for row in one.rows}

    assert len(rows) == ModelInteraction.objects.filter(project=owner, success=False).count()


@pytest.mark.parametrize(
    "cursor", ["x", encode_cursor(["n", 1, "many"]), encode_cursor(["n", None, None])]
)
def test_a_rare_filter_refuses_a_cursor_it_did_not_give_out(cursor: str) -> None:
    with pytest.raises(FeatureMemoryError):
        failures(project(), cursor)
