"""Related patterns: one similarity for page and API; and how far the first pattern is."""

from __future__ import annotations

import pytest
from django.test import Client

from featurememory.models import Project
from patterns.recognition.related import count_similar, find_related
from tests.builders import Caller, items, keep, learned
from tests.web import HTMX, browser, person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Client:
    return browser(person("rita"))


def test_page_and_api_give_the_same_patterns_the_same_similarity(
    api: Caller, owner: Project, reader: Client
) -> None:
    first, *others = learned(owner, 12, tasks=3)
    near = api.get(f"patterns/{first.pk}/related/").json()["data"]
    assert [row["id"] for row in near] == [str(other.pk) for other, _ in find_related(first, 10)]
    assert {row["id"] for row in near} == {str(other.pk) for other in others}
    assert {row["similarity"] for row in near} == {1.0}

    part = text_of(reader.get(f"/patterns/{first.pk}/related/", headers=HTMX))
    assert part.count("1.00") == 2
    assert all(f"/patterns/{other.pk}/" in part for other in others)


def test_the_page_of_a_pattern_asks_for_them_when_they_come_into_view(
    owner: Project, reader: Client
) -> None:
    first, *_ = learned(owner, 4, tasks=2)
    page = text_of(reader.get(f"/patterns/{first.pk}/"))

    assert f'hx-get="/patterns/{first.pk}/related/" hx-trigger="near once"' in page
    assert "Related patterns" in text_of(reader.get(f"/patterns/{first.pk}/related/"))


def test_a_pattern_in_the_trash_is_not_named(api: Caller, owner: Project) -> None:
    first, second = learned(owner, 4, tasks=2)
    api.post("patterns/prune/", {"ids": [str(second.pk)]})

    assert find_related(first, 10) == []


@pytest.mark.parametrize(("tasks", "similar"), [(1, 2), (2, 1)])
def test_only_interactions_of_the_same_kind_count_as_similar(
    owner: Project, reader: Client, tasks: int, similar: int
) -> None:
    assert "0 of 3 similar interactions seen" in text_of(reader.get("/patterns/"))
    keep(owner, items(2, tasks=tasks))

    assert f"{similar} of 3 similar interactions seen" in text_of(reader.get("/patterns/"))
    assert f"{similar} of 3 similar until the first pattern" in text_of(reader.get("/start/"))


def test_learned_interactions_count_for_the_pattern_that_has_most(owner: Project) -> None:
    learned(owner, 3, tasks=2)

    assert count_similar(owner) == 2
