"""Odd query parameters on pages: the page, or a page that says what is wrong; never an error of ours."""

from __future__ import annotations

import pytest

from tests.builders import learned, project
from tests.integration.api.test_odd_queries import CURSORS, ODD
from tests.web import browser, person

pytestmark = pytest.mark.django_db

PAGES = {
    "/interactions/": ("model_id", "session_id", "pattern_id", "state", "cursor", "limit", "q"),
    "/patterns/": ("status", "min_confidence", "used_before", "sort", "q", "cursor", "limit"),
    "/patterns/export.csv": ("status", "used_before", "q", "ids"),
    "/optimizations/": ("status", "type", "pattern_id", "cursor", "limit"),
    "/models/": ("cursor", "limit"),
    "/jobs/": ("cursor", "limit"),
    "/activity/": ("cursor", "limit"),
    "/search/": ("q",),
}


@pytest.mark.parametrize("path", PAGES)
def test_no_value_of_any_parameter_ends_in_an_error_of_ours(path: str) -> None:
    learned(project("shop"), 3)
    client = browser(person("ada", superuser=True))
    for name in PAGES[path]:
        for value in CURSORS[::4] if name == "cursor" else ODD[::3]:
            answer = client.get(path, {name: value})
            assert answer.status_code < 500, (name, value)
