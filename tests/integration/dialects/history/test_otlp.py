"""Requests kept in files, as the Collector writes them."""

from __future__ import annotations

from featurememory.errors import FeatureMemoryError
from integration.dialects.history.otlp import read
from tests.integration.dialects.sent import CHAT, json_request, json_span, told


def test_calls_in_kept_requests_are_imported_under_the_ids_they_have_live() -> None:
    bad = json_span(CHAT, spanId="zz")
    rows = [
        json_request(json_span(CHAT), bad),
        {"resourceSpans": 5},
        json_request(json_span(CHAT, 1)),
    ]
    found = list(read(rows))
    kept = [one for _, one in found if isinstance(one, dict)]

    assert [one["id"] for one in kept] == [told(CHAT)["id"], told(CHAT, number=1)["id"]]
    assert [n for n, one in found if isinstance(one, FeatureMemoryError)] == [2]
