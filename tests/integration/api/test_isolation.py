"""One own and one foreign id together: no endpoint answers with, or changes, another project's object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.urls import get_resolver

from featurememory.models import Project
from patterns.curation import pruning
from patterns.models import ModelInteraction, Pattern
from tests.builders import caller, learned, project
from tests.integration.api.test_authentication import filled, routes

pytestmark = pytest.mark.django_db

POSTS = sorted(
    (path, method)
    for path, view in routes(get_resolver().url_patterns)
    for method in ("POST", "PATCH", "DELETE")
    if hasattr(view, method.lower())
)


def other_project() -> tuple[Project, list[str]]:
    """A neighbour whose words are in everything it has; one of its patterns lies in the trash."""
    other = project("neighbour")
    rows = learned(other, 12, tasks=3, task_type="secret.task", model_id="secret-model")
    rows += learned(other, 4, start=12, task_type="secret.second")
    pruning.prune_patterns(other, Pattern.objects.filter(pk=rows[-1].pk), "secret person")
    return other, [str(row.pk) for row in Pattern.objects.filter(project=other)]


def mixed_bodies(own: list[str], foreign: list[str]) -> list[dict[str, Any]]:
    """What takes ids, by any endpoint, with an own id beside one of the neighbour."""
    pairs = [[own[0], name] for name in foreign]
    return [
        *({"ids": pair} for pair in pairs),
        {"filter": {"q": foreign[0]}},
        {"example_ids": ["own-0", "i-0"]},
        {"pattern_id": foreign[0], "type": "route_model", "params": {"model_id": "m"}},
        {"interaction_ids": ["own-0", "i-0"]},
        {"interaction_id": "i-0", "metric_name": "success", "value": False},
        {"label": "stolen", "pinned": True},
    ]


def contents(owner: Project) -> Any:
    patterns = Pattern.objects.filter(project=owner).order_by("pk")
    return [list(patterns.values()), list(ModelInteraction.objects.filter(project=owner).values())]


@pytest.mark.parametrize(("path", "method"), POSTS)
def test_own_and_foreign_ids_together_reach_only_the_own_ones(path: str, method: str) -> None:
    owner = project("mine")
    own = [str(row.pk) for row in learned(owner, 12, tasks=2)]
    other, foreign = other_project()
    before, api = contents(other), caller(owner, "ad")
    for body in mixed_bodies(own, foreign):
        for place in (own[1], foreign[0]):
            asked = filled(path, {"pattern_id": place, "interaction_id": "i-0"})
            response = api.send(method, asked, body)
            told = response.content.decode().replace(asked, "")
            assert response.status_code < 500
            assert "secret" not in told, (asked, body)

    assert contents(other) == before


def test_restoring_an_own_and_a_foreign_pattern_answers_with_the_own_one() -> None:
    owner = project("mine")
    own = learned(owner, 4)[0]
    pruning.prune_patterns(owner, Pattern.objects.filter(pk=own.pk), "a person")
    _, foreign = other_project()

    body = caller(owner, "rw").post("patterns/restore/", {"ids": [str(own.pk), *foreign]})

    assert [row["id"] for row in json.loads(body.content)["patterns"]] == [str(own.pk)]
