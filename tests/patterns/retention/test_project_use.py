"""Who takes how much: eviction and refusals meet only those over their share."""

from __future__ import annotations

import math

import pytest
from django.db import InterfaceError
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import FeatureMemoryError
from featurememory.models import FeatureMemoryConfig, Project
from patterns.ingest.backpressure import admission
from patterns.models import ModelInteraction, StorageUse
from patterns.retention import disk_usage, project_use
from patterns.retention.cleanup import make_room
from patterns.retention.project_use import find_level
from tests.builders import items, keep, learned, project


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=9), st.integers(1, 3000))
def test_cut_at_the_fair_share_all_together_fill_what_there_is(
    claims: list[int], most: int
) -> None:
    level = find_level(claims, most)
    if sum(claims) <= most:
        assert level == math.inf
    else:
        assert sum(min(one, level) for one in claims) == pytest.approx(most)


@pytest.fixture
def flooded(monkeypatch: pytest.MonkeyPatch) -> tuple[Project, Project]:
    """A small project and one that fills the server; both with limits as large as the server's."""
    small, large = project("small"), project("large")
    learned(small, 20)
    learned(large, 200)
    project_use.recount({})
    for owner in (small, large):
        FeatureMemoryConfig.objects.update_or_create(project=owner, defaults={"max_size": 4 << 20})
    monkeypatch.setattr("patterns.retention.cleanup.LEAST", 10)
    room = disk_usage.compute_room(4 << 20)
    monkeypatch.setattr(disk_usage, "measure_bytes_used", lambda: int(room * 1.01))
    monkeypatch.setattr(disk_usage, "measure_bytes_beside", lambda: 0)
    admission.reset()
    return small, large


@pytest.mark.django_db
def test_what_could_not_be_saved_is_saved_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise InterfaceError("connection already closed")

    owner = project()
    project_use.recount({})
    before = project_use.read_uses()[owner.pk].interactions
    project_use.add_bytes(owner.pk, interactions=70)
    with monkeypatch.context() as broken:
        broken.setattr(project_use, "write_turn", fail)
        project_use.save_added()
    project_use.save_added()

    assert StorageUse.objects.get(pk=owner.pk).interaction_bytes == before + 70


def count(owner: Project) -> int:
    return int(ModelInteraction.objects.filter(project=owner).count())


@pytest.mark.django_db
def test_a_flood_evicts_only_the_interactions_of_who_sent_it(
    flooded: tuple[Project, Project],
) -> None:
    small, large = flooded

    assert make_room(small.pk) == 0
    assert make_room(large.pk) > 10
    assert count(small) == 20


@pytest.mark.django_db
def test_a_full_server_refuses_who_filled_it_and_nobody_else(
    flooded: tuple[Project, Project],
) -> None:
    small, large = flooded

    assert keep(small, items(1, start=500)) == [True]
    with pytest.raises(FeatureMemoryError, match="max_size"):
        keep(large, items(1, start=500))


@pytest.mark.django_db
def test_a_project_over_its_own_limit_is_refused_while_the_server_has_room(
    flooded: tuple[Project, Project], settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = flooded
    monkeypatch.setattr("django.conf.settings.STORAGE_MAX_SIZE", 1 << 30)
    FeatureMemoryConfig.objects.filter(project=large).update(max_size=2 << 20)
    admission.reset()

    assert keep(small, items(1, start=500)) == [True]
    with pytest.raises(FeatureMemoryError, match="this project"):
        keep(large, items(1, start=500))


@pytest.mark.django_db
def test_what_was_counted_on_the_way_agrees_with_a_recount(owner: Project) -> None:
    project_use.recount({})
    keep(owner, items(30))
    keep(owner, items(30))  # known: they take no room
    project_use.save_added()
    (counted,) = StorageUse.objects.filter(pk=owner.pk)
    project_use.recount({})
    (anew,) = StorageUse.objects.filter(pk=owner.pk)

    assert counted.interaction_bytes == anew.interaction_bytes > 30 * disk_usage.ROW_BYTES
