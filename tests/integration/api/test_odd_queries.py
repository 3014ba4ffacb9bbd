"""Odd and half-written query parameters: every list answers with a page, or with 4xx and a reason."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from featurememory.models import Project
from tests.builders import caller, learned

pytestmark = pytest.mark.django_db

LISTS = {
    "interactions/": ("model_id", "session_id", "pattern_id", "cursor", "limit"),
    "patterns/": (
        *("status", "model_id", "task_type", "min_confidence", "max_confidence", "sort", "q"),
        *("min_effectiveness", "used_before", "used_after", "pinned", "cursor", "limit"),
    ),
    "patterns/{pattern}/related/": ("limit",),
    "patterns/{pattern}/history/": ("cursor", "limit"),
    "patterns/{pattern}/examples/": ("cursor", "limit"),
    "optimizations/": ("status", "type", "pattern_id", "cursor", "limit"),
    "models/": ("cursor", "limit"),
    "jobs/": ("status", "kind", "cursor", "limit"),
    "performance/": ("pattern_id", "model_id", "from", "to", "bucket"),
    "savings/": ("from", "to"),
}


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


ODD = [
    *(
        "\x00",
        "a\x00b",
        "9" * 400,
        "-" + "9" * 400,
        "1e999",
        "nan",
        "inf",
        "-0",
        "\ud7ff",
        "x" * 5000,
    ),
    *(
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01",
        "9999-12-31",
        "2026-13-01",
    ),
    *(
        "2026-11-22T10:00",
        "2026-11-",
        "0000-00-00",
        "10000-01-01T00:00:00Z",
        "1e3",
        "٣",
        "true",
        "[]",
        ",",
    ),
    *("=", "%", "00000000-0000-0000-0000-000000000000", "{00000000000000000000000000000000}"),
]
CURSORS = [
    cursor(way, value, last)
    for way in ("n", "p")
    for value in (10**30, "9" * 400, "\x00", "9999-12-31T23:59:59-14:00", 1e308, None)
    for last in (-(10**30), "9" * 400, "\x00", 1.5, "inf")
] + [cursor(), cursor("n"), cursor({}, [], {}), cursor("x", 1, 1)]


@pytest.mark.parametrize("path", LISTS)
def test_no_value_of_any_parameter_ends_in_an_error_of_ours(path: str, owner: Project) -> None:
    (pattern,) = learned(owner, 3)
    call = caller(owner)
    where = path.format(pattern=pattern.pk)
    for name in LISTS[path]:
        for value in [*ODD, *(CURSORS if name == "cursor" else [])]:
            answer = call.get(where, **{name: value})
            assert answer.status_code in (200, 404, 422), (name, value, answer.content[:300])
            if answer.status_code == 422:
                pointers = [error["pointer"] for error in answer.json()["errors"]]
                assert pointers == [f"/{name}"], (name, value, answer.content[:300])


@pytest.mark.parametrize("model", [None, "gpt-5-mini", "none"])
def test_odd_cursors_of_a_filtered_list_are_refused_or_answered(
    model: str | None, owner: Project
) -> None:
    learned(owner, 3)
    for value in CURSORS:
        query = {"cursor": value} | ({"model_id": model} if model else {})
        answer = caller(owner).get("interactions/", **query)
        assert answer.status_code in (200, 422), (value, answer.content[:300])
