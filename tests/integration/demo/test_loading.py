"""The demo project: learned like any other, marked as generated, gone without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from featurememory.audit.chain import find_break, list_chains
from featurememory.errors import FeatureMemoryError
from featurememory.models import Activity, AuditEntry, Project
from integration import demo
from integration.demo import story
from integration.demo.traffic import generate_requests
from integration.jobs import demo_jobs
from integration.models import Job
from optimizations.models import Decision, OptimizationEvent, RegisteredModel
from patterns.models import ModelInteraction, Pattern, ProjectHour
from tests import web
from tests.builders import caller, learned, project, states_of, uses_and_recount
from tests.web import HTMX, PLAIN_STATIC, text_of

pytestmark = pytest.mark.django_db
REQUESTS = 300


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """300 interactions instead of thousands."""
    monkeypatch.setattr(
        story, "generate_requests", lambda seed, now_ms: generate_requests(seed, now_ms, REQUESTS)
    )
    with override_settings(STORAGES=PLAIN_STATIC):
        yield


def rows_left() -> dict[str, int]:
    """How many rows each table of ours holds."""
    ours = ("featurememory", "patterns", "optimizations", "integration")
    models = [model for app in ours for model in apps.get_app_config(app).get_models()]
    return {model.__name__: model._default_manager.count() for model in models}


def test_loading_learns_everything_and_marks_the_project() -> None:
    owner = demo.load_demo()

    assert owner.is_demo
    assert states_of(owner) == {1: REQUESTS}
    assert Pattern.objects.stored().filter(project=owner).count() >= 20
    stated, counted = uses_and_recount(owner)
    assert stated == counted


def test_every_hour_of_the_story_was_measured() -> None:
    owner = demo.load_demo()
    rows = ProjectHour.objects.filter(project=owner, samples__gt=0)
    hours = list(rows.order_by("hour").values_list("hour", flat=True))

    assert hours == list(range(hours[0], hours[-1] + 1))
    assert not rows.filter(memory_bytes=0).exists()
    assert not rows.filter(engine_bytes=0).exists()


def test_after_a_time_of_watching_the_memory_is_asked_before_each_task() -> None:
    owner = demo.load_demo()
    asked = ModelInteraction.objects.filter(project=owner, decision_id__isnull=False)

    assert asked.count() == Decision.objects.filter(project=owner).count() > 0.7 * REQUESTS
    assert RegisteredModel.objects.filter(project=owner).count() == 8


def test_everything_is_stamped_with_the_time_of_the_story() -> None:
    owner = demo.load_demo()
    earlier = timezone.now() - timedelta(days=3)

    for row in (*Activity.objects.filter(project=owner, actor="jonas"),):
        assert row.at < earlier
    for event in OptimizationEvent.objects.filter(project=owner):
        assert abs(event.at.timestamp() * 1000 - event.moment) < 6 * 86_400_000
    received = ModelInteraction.objects.filter(project=owner).values_list(
        "received_at", "timestamp"
    )
    assert all(at == moment for at, moment in received)


def test_each_step_leaves_a_sample_of_the_resources_in_its_hour() -> None:
    owner = demo.load_demo()
    hours = ProjectHour.objects.filter(project=owner)

    assert hours.count() >= 4
    assert all(row.memory_bytes > 0 for row in hours)
    assert sum(row.recognized for row in hours) == REQUESTS


def test_loading_again_changes_nothing() -> None:
    before = demo.load_demo(), rows_left()

    assert (demo.load_demo(), rows_left()) == before


def test_removing_leaves_nothing_of_it_and_nothing_else_goes() -> None:
    mine = project("mine")
    learned(mine, 5)
    before = rows_left()
    owner = demo.load_demo()
    api = caller(owner)
    (first, *_) = api.get("patterns/").json()["data"]
    api.patch(f"patterns/{first['id']}/", {"label": "x"})
    api.patch("config/", {"patterns": {"max_patterns": 500}})
    api.post("patterns/prune/", {"ids": [first["id"]]}, headers={"Idempotency-Key": "k"})
    api.post("feedback/", {"interaction_id": "demo-1", "metric_name": "score", "value": 1.0})
    api.post("tasks/prepare/", {"task": {"task_type": "x", "model_id": "m", "input": "hello"}})
    demo.remove_demo()

    assert rows_left() == before | {"AuditEntry": before["AuditEntry"] + 1}  # that it is gone
    assert AuditEntry.objects.get(action="project.deleted").object == "demo"
    assert Project.objects.get() == mine


def test_the_audit_log_is_whole_after_the_demo_is_gone() -> None:
    demo.load_demo()
    demo.remove_demo()

    assert [find_break(owner) for owner in list_chains()] == [""]


def test_the_command_loads_and_removes(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo")
    assert "demo is loaded" in capsys.readouterr().out
    call_command("demo", remove=True)

    assert not Project.objects.filter(is_demo=True).exists()


def test_as_a_job_it_shows_its_progress_and_ends() -> None:
    owner, made = demo_jobs.start_loading("eva")
    seen = list(demo.run_demo_steps(Job.objects.get(project=owner)))

    assert made
    assert len(seen) == REQUESTS / story.BATCH + 1
    assert seen[-1] == f"{REQUESTS} interactions loaded"
    assert states_of(owner) == {1: REQUESTS}


def test_a_job_that_was_interrupted_goes_on_where_it_stopped() -> None:
    owner, _ = demo_jobs.start_loading("eva")
    job = Job.objects.get(project=owner)
    steps = demo.run_demo_steps(job)
    next(steps)
    next(steps)
    rest = list(demo.run_demo_steps(job))

    assert len(rest) == REQUESTS / story.BATCH - 2 + 1
    assert states_of(owner) == {1: REQUESTS}


def test_it_is_never_loaded_into_a_project_of_other_data() -> None:
    mine = project("mine")
    job = Job.objects.create(project=mine, kind="demo", actor="eva")

    with pytest.raises(FeatureMemoryError, match="demo project only"):
        next(demo.run_demo_steps(job))
    assert not ModelInteraction.objects.filter(project=mine).exists()


def test_removing_while_it_loads_ends_the_load() -> None:
    owner, _ = demo_jobs.start_loading("eva")
    steps = demo.run_demo_steps(Job.objects.get(project=owner))
    next(steps)
    demo.remove_demo()

    assert list(steps) == [f"{story.BATCH} interactions loaded"]
    assert not ModelInteraction.objects.exists()


def test_one_click_starts_it_and_the_pages_show_the_progress() -> None:
    person = web.person("root-demo", may_change=True)
    person.is_superuser = True
    person.save()
    browser = web.browser(person)
    shown = browser.post("/demo/load/", follow=True)

    assert "The demo is being loaded" in text_of(shown)
    card = browser.get("/demo/progress/", headers=HTMX)
    assert 'id="demo-progress"' in text_of(card)
    Job.objects.update(state="done")
    assert browser.get("/demo/progress/", headers=HTMX).headers["HX-Refresh"] == "true"
