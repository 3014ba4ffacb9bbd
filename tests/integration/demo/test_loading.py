"""The demo project: learned like any other, marked as generated, gone without a trace."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import call_command

from featurememory.audit.chain import find_break, list_chains
from featurememory.models import AuditEntry, Project
from integration import demo
from integration.demo.traffic import KINDS, generate_requests
from optimizations.models import Decision, Optimization, RegisteredModel
from patterns.models import ModelInteraction, Pattern, ProjectHour
from tests.builders import caller, learned, project, states_of, uses_and_recount

pytestmark = pytest.mark.django_db
NOW = 1_795_348_800_000


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 interactions instead of 8,000."""
    monkeypatch.setattr(
        demo, "generate_requests", lambda seed, now_ms: generate_requests(seed, now_ms, 300)
    )


def rows_left() -> dict[str, int]:
    """How many rows each table of ours holds."""
    ours = ("featurememory", "patterns", "optimizations", "integration")
    models = [model for app in ours for model in apps.get_app_config(app).get_models()]
    return {model.__name__: model._default_manager.count() for model in models}


def test_the_same_seed_makes_the_same_interactions_within_the_last_month() -> None:
    first, second = (list(generate_requests(7, NOW, 50)) for _ in range(2))
    assert first == second

    moments = [request.timestamp for request in first]
    assert moments == sorted(moments)
    assert NOW - 30 * 86_400_000 <= moments[0] <= moments[-1] <= NOW


def test_loading_learns_everything_and_marks_the_project(small: None) -> None:
    owner = demo.load_demo()

    assert owner.is_demo
    assert states_of(owner) == {1: 300}
    assert Pattern.objects.stored().filter(project=owner).count() >= len(KINDS)
    stated, counted = uses_and_recount(owner)
    assert stated == counted
    assert ProjectHour.objects.filter(project=owner).count() > 24


def test_after_a_time_of_watching_the_memory_is_asked_before_each_task(small: None) -> None:
    owner = demo.load_demo()
    asked = ModelInteraction.objects.filter(project=owner, decision_id__isnull=False)

    assert asked.count() == Decision.objects.filter(project=owner).count() == 240
    assert Optimization.objects.filter(project=owner, type="route_model").exists()
    assert RegisteredModel.objects.filter(project=owner).count() == 3


def test_loading_again_changes_nothing(small: None) -> None:
    before = demo.load_demo(), rows_left()

    assert (demo.load_demo(), rows_left()) == before


def test_removing_leaves_nothing_of_it_and_nothing_else_goes(small: None) -> None:
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


def test_the_audit_log_is_whole_after_the_demo_is_gone(small: None) -> None:
    caller(demo.load_demo()).patch("config/", {"patterns": {"max_patterns": 500}})
    demo.remove_demo()

    assert [find_break(owner) for owner in list_chains()] == [""]


def test_the_command_loads_and_removes(small: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo")
    assert "demo is loaded" in capsys.readouterr().out
    call_command("demo", remove=True)

    assert not Project.objects.filter(is_demo=True).exists()
