"""Trying a change by hand: asking the log, being refused with a reason, creating a candidate."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client, override_settings

from featurememory.models import Project
from optimizations.models import Optimization
from optimizations.policy_runtime import outcomes
from optimizations.views.change_forms import read_value
from tests import builders, web
from tests.optimizations.builders import register
from tests.web import PLAIN_STATIC, text_of

pytestmark = pytest.mark.django_db
ROUTE = {"task_type": "task.0", "kind": "route_model", "model_id": "small"}


@pytest.fixture(autouse=True)
def _static() -> Iterator[None]:
    with override_settings(STORAGES=PLAIN_STATIC):
        yield


@pytest.fixture
def shop() -> Project:
    owner = builders.project()
    register(owner)
    builders.learned(owner, 6, model_id="large")
    outcomes.count_outcomes(owner.pk, save=True)
    return owner


def editor(owner: Project, *, may_change: bool = True) -> Client:
    made = web.browser(web.person(f"eva-{may_change}", may_change=may_change))
    session = made.session
    session["project"] = owner.name
    session.save()
    return made


def test_the_form_offers_known_tasks_and_registered_models(shop: Project) -> None:
    page = text_of(editor(shop).get("/optimizations/try/"))

    for choice in ("task.0", "small", "large"):
        assert f'<option value="{choice}"' in page


def test_a_question_the_log_cannot_answer_is_refused_with_a_reason(shop: Project) -> None:
    page = text_of(editor(shop).get("/optimizations/try/", {**ROUTE, "ask": "1"}))

    assert "Not known yet." in page
    assert not Optimization.objects.exists()


def test_a_change_that_is_created_is_a_candidate_of_a_person(shop: Project) -> None:
    page = text_of(editor(shop).post("/optimizations/create/", ROUTE, follow=True))

    row = Optimization.objects.get()
    assert (row.type, row.task_type, row.made_by) == ("route_model", "task.0", "person")
    assert "Created." in page


def test_what_the_engine_refuses_is_said() -> None:
    owner = builders.project()
    register(owner)
    builders.learned(owner, 6, model_id="large")  # no outcome is counted: nothing to depart from
    shown = editor(owner).post("/optimizations/create/", ROUTE)

    assert shown.status_code == 422
    assert not Optimization.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"model_id": ""}, "Choose the model the tasks should go to."),
        ({"task_type": "nobody.knows"}, "not one of the available choices"),
        ({"kind": "tune_parameters", "parameters": "hot"}, "such as temperature=0.2"),
        ({"kind": "tune_parameters", "parameters": ""}, "such as temperature=0.2"),
        ({"kind": "tune_parameters", "parameters": "a=1," * 30}, "Write one to 8"),
    ],
)
def test_what_is_missing_is_said_and_nothing_created(
    shop: Project, given: dict[str, str], said: str
) -> None:
    page = text_of(editor(shop).post("/optimizations/create/", {**ROUTE, **given}))

    assert said in page
    assert not Optimization.objects.exists()


def test_a_viewer_asks_but_does_not_create(shop: Project) -> None:
    viewer = editor(shop, may_change=False)

    assert "Create it" not in text_of(viewer.get("/optimizations/try/"))
    assert viewer.post("/optimizations/create/", ROUTE).status_code == 403
    assert not Optimization.objects.exists()


@pytest.mark.parametrize(
    ("text", "value"), [("0.2", 0.2), ("3", 3), ("true", True), ("high", "high"), ("[1]", "[1]")]
)
def test_values_are_read_as_what_they_look_like(text: str, value: object) -> None:
    assert read_value(text) == value
