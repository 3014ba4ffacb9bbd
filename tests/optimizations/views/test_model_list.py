"""The list of models is a list like the others: filters, orders, files."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from featurememory.models import Project
from optimizations.models import ModelPrice, RegisteredModel
from tests.builders import item, keep, learn_all, project
from tests.web import HTMX, browser, ids_in, person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Project:
    """Three models: alpha is used most, beta costs, gamma is registered only."""
    made = project("shop")
    names = ["alpha", "alpha", "alpha", "beta"]
    keep(made, [item(n, model_id=name) for n, name in enumerate(names)])
    learn_all(made)
    RegisteredModel.objects.create(project=made, model_id="gamma")
    return made


@pytest.fixture
def viewer(owner: Project) -> Client:
    return browser(person("vera"))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", ["alpha", "beta", "gamma"]),
        ("sort=model_id", ["alpha", "beta", "gamma"]),
        ("sort=-model_id", ["gamma", "beta", "alpha"]),
        ("sort=use_count", ["gamma", "beta", "alpha"]),
        ("state=enabled", ["gamma"]),
        ("state=unregistered", ["alpha", "beta"]),
        ("q=BET", ["beta"]),
        ("q=nothing", []),
    ],
)
def test_models_are_filtered_and_sorted(viewer: Client, query: str, ids: list[str]) -> None:
    assert ids_in(viewer.get(f"/models/?{query}")) == ids


def test_what_is_not_known_comes_last_in_either_order(viewer: Client, owner: Project) -> None:
    ModelPrice.objects.create(project=owner, model_id="beta", input_per_1m=2, effective_from=0)

    for sort in ("input_per_1m", "-input_per_1m"):
        assert ids_in(viewer.get(f"/models/?sort={sort}"))[0] == "beta"


def test_files_hold_the_view_or_the_selection(viewer: Client) -> None:
    def lines(query: str) -> list[str]:
        answer: Any = viewer.get(f"/models/models.csv?{query}")
        text = b"".join(answer.streaming_content).decode()
        return [line.split(",")[0] for line in text.splitlines()[1:]]

    assert lines("state=unregistered&sort=-model_id") == ["beta", "alpha"]
    assert lines("query=&ids=gamma") == ["gamma"]


def test_only_editors_are_offered_a_change(viewer: Client, owner: Project) -> None:
    assert "?edit=" not in text_of(viewer.get("/models/"))
    editor = browser(person("eva", may_change=True))
    assert "?edit=alpha#form" in text_of(editor.get("/models/"))


def test_an_unknown_order_is_a_page_that_says_so(viewer: Client) -> None:
    assert viewer.get("/models/?sort=colour").status_code == 422


def test_a_model_opens_beside_the_list_with_its_neighbours(viewer: Client) -> None:
    headers = {**HTMX, "HX-Target": "peek"}
    panel = text_of(viewer.get("/models/?sort=model_id&peek=beta", headers=headers))

    assert "<h2>beta</h2>" in panel
    assert "peek=gamma" in panel
    assert "peek=alpha" in panel
    assert "?edit=" not in panel
    assert "<h2>" not in text_of(viewer.get("/models/?peek=unknown", headers=headers))
