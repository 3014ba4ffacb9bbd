"""Counts of the views of a list: one request for all of them, after the page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from featurememory.models import Project, SavedView
from integration.views.lists import counts
from integration.views.lists.specs import SPECS
from tests.builders import items, keep, learned, pattern_row, project
from tests.web import HTMX, browser, count_of, person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Project:
    return project("shop")


@pytest.fixture
def viewer(owner: Project) -> Client:
    return browser(person("vera"))


def later_in(response: Any) -> list[str]:
    """The addresses that a page asks for once it is there."""
    return re.findall(r'hx-get="([^"]+)" hx-trigger="load"', text_of(response))


@pytest.mark.parametrize("name", SPECS)
def test_every_list_counts_all_its_views_in_one_request(
    viewer: Client, owner: Project, name: str
) -> None:
    learned(owner, 6, tasks=2)
    for n in range(3):
        SavedView.objects.create(project=owner, list_name=name, name=f"v{n}", query="q=nothing")

    (address,) = later_in(viewer.get(f"/{name}/"))
    answer = text_of(viewer.get(address.replace("&amp;", "&"), headers=HTMX))

    assert "hx-get" not in answer
    assert len(re.findall(r'<span id="tab\d+" hx-swap-oob="innerHTML">0<', answer)) >= 3


def test_what_is_not_counted_in_time_is_asked_for_again(
    viewer: Client, owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "TURN_S", -1.0)
    for n in range(3):
        pattern_row(owner, n, task_type=f"t.{n}")
    found: dict[str, str] = {}
    query = "tab0=&tab4=task_type%3Dt.1&total=task_type%3Dnone"

    for _ in range(3):
        answer = text_of(viewer.get(f"/lists/patterns/counts/?{query}", headers=HTMX))
        found |= dict(re.findall(r'<span id="(\w+)"[^>]*>([^<]*)<', answer))
        query = (re.findall(r'hx-get="[^?"]+\?([^"]+)"', answer) or [""])[0].replace("&amp;", "&")

    assert (found["tab0"], found["tab4"], found["total"]) == ("3", "1", " of 0")
    assert query == ""


def test_a_view_that_is_no_longer_understood_has_a_dash(viewer: Client, owner: Project) -> None:
    assert count_of(viewer, "patterns", "min_confidence=much") == "—"


def test_only_ids_of_counts_are_answered(viewer: Client, owner: Project) -> None:
    answer = viewer.get('/lists/patterns/counts/?"><script>=1&tab0=&x=y')

    assert "script" not in text_of(answer)
    assert viewer.get("/lists/nothing/counts/?tab0=").status_code == 404


def test_all_interactions_are_as_many_as_the_top_bar_says(
    viewer: Client, owner: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(owner, items(9))
    monkeypatch.setattr("optimizations.views.interactions.selection.REACH", 5)

    assert count_of(viewer, "interactions", "") == "9"
    assert count_of(viewer, "interactions", "sort=duration") == "9"
    assert count_of(viewer, "interactions", "model_id=gpt-5-mini") == "5+"
