"""What needs attention first, each with the place to look at."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from featurememory.models import FeatureMemoryConfig, Project
from integration.views.overview.attention import list_attention
from optimizations.manager import OptimizationManager
from patterns.ingest.backpressure import projects
from patterns.models import FailedRecord
from tests.builders import project
from tests.optimizations.builders import routed

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Project:
    cache.clear()
    return project()


def links(owner: Project, **counts: int) -> dict[str, str]:
    config = FeatureMemoryConfig(max_patterns=100)
    return {link: text for text, link in list_attention(owner, counts, config)}


def test_nothing_needs_attention_when_all_is_well(owner: Project) -> None:
    assert links(owner, all=50, validated=50) == {}


def test_drifting_patterns_and_a_limit_that_is_near_are_told(owner: Project) -> None:
    found = links(owner, all=95, drifting=2)

    assert found["/patterns/?status=drifting"].startswith("2 patterns are drifting")
    assert found["/patterns/?sort=last_used"].startswith("95 of 100 patterns")


def test_failed_records_come_first(owner: Project) -> None:
    FailedRecord.objects.create(project=owner, work="outcome", subject="x", code="c", reason="r")

    assert list(links(owner, all=1, drifting=1)) == [
        "/health/#failed",
        "/patterns/?status=drifting",
    ]


def test_storage_near_its_limit_is_told(owner: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "find_share", lambda project_id: 0.93)

    assert links(owner)["/health/"].startswith("Storage is nearly full: 93.0% of 105 MB")


def test_a_change_that_is_suspended_is_told_unless_a_person_blocked_it(owner: Project) -> None:
    made, manager = routed(owner), OptimizationManager(owner)
    manager.act(made.id, "unpin", "eva")
    manager.act(made.id, "suspend", "eva")
    assert "/optimizations/?status=suspended" in links(owner)

    manager.act(made.id, "block", "eva")
    assert links(owner) == {}
