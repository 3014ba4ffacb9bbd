"""Storage of patterns: the database and its twin in memory behave alike, the cache has bounds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Project
from patterns.criteria import PatternCriteria
from patterns.engine.domain.results import TemplatePart
from patterns.engine.pattern.pattern_state import PatternState
from patterns.models import Pattern
from patterns.storage.cached import CachedPatternStorage
from patterns.storage.database import DatabasePatternStorage
from patterns.storage.in_memory import InMemoryPatternStorage
from patterns.storage.protocol import PatternStorage, compute_unused_since
from patterns.storage.rows import state_of, to_clean_json
from tests.builders import NOON, NOON_TIME, project, state

pytestmark = pytest.mark.django_db

EVERYTHING = PatternCriteria()


@pytest.fixture(params=["database", "memory", "cached database", "cached memory"])
def storage(request: pytest.FixtureRequest, owner: Project) -> PatternStorage:
    kind = request.param
    plain: Any = DatabasePatternStorage(owner) if "database" in kind else InMemoryPatternStorage()
    return CachedPatternStorage(plain, size=3) if "cached" in kind else plain


def ids(states: list[PatternState]) -> list[int]:
    """The numbers the states were made with."""
    return [UUID(found.id).int - 1 for found in states]


def test_what_is_stored_is_retrieved_as_it_was(storage: PatternStorage) -> None:
    kept = [state(n, confidence=0.5 + n / 10) for n in range(3)]
    storage.store(kept)

    assert [storage.get(one.id).to_bytes() for one in kept] == [one.to_bytes() for one in kept]
    assert len(storage.retrieve(EVERYTHING)) == 3


def test_storing_again_replaces(storage: PatternStorage) -> None:
    storage.store([state(1)])
    storage.store([state(1, confidence=0.9, use_count=7)])

    assert (storage.get(state(1).id).confidence, storage.get(state(1).id).use_count) == (0.9, 7)
    assert len(storage.retrieve(EVERYTHING)) == 1


def test_what_is_not_there_is_not_found(storage: PatternStorage) -> None:
    for name in (state(5).id, "nonsense", ""):
        with pytest.raises(FeatureMemoryError) as missing:
            storage.get(name)
        assert missing.value.code is ErrorCode.NOT_FOUND


CASES: list[tuple[dict[str, Any], list[int]]] = [
    ({}, [0, 1, 2, 3, 4]),
    ({"status": "validated"}, [2, 3]),
    ({"status": "validated,drifting"}, [2, 3, 4]),
    ({"min_confidence": 0.6}, [3, 4]),
    ({"max_confidence": 0.6}, [0, 1, 2]),
    ({"min_effectiveness": 0.5}, [0, 1, 2, 3, 4]),
    ({"min_effectiveness": 0.99}, []),
    ({"used_before": NOON_TIME + timedelta(seconds=2)}, [0, 1]),
    ({"used_after": NOON_TIME + timedelta(seconds=3)}, [3, 4]),
    ({"task_type": "support"}, [1]),
    ({"model_id": "m"}, []),
    ({"pinned": True}, [4]),
    ({"pinned": False}, [0, 1, 2, 3]),
    ({"q": "ORDER 3"}, [3]),
    ({"q": "named"}, [2]),
    ({"q": "%"}, []),
    ({"q": state(1).id}, [1]),
    ({"sort": "-confidence"}, [4, 3, 2, 1, 0]),
    ({"sort": "confidence"}, [0, 1, 2, 3, 4]),
    ({"sort": "-last_used"}, [4, 3, 2, 1, 0]),
    ({"sort": "created_at"}, [0, 1, 2, 3, 4]),
]


@pytest.mark.parametrize(("criteria", "expected"), CASES)
def test_criteria_find_the_same_everywhere(
    storage: PatternStorage, criteria: dict[str, Any], expected: list[int]
) -> None:
    statuses = ["candidate", "candidate", "validated", "validated", "drifting"]
    states = [state(n, status=statuses[n], confidence=0.3 + n / 10) for n in range(5)]
    states[1].task_type, states[2].label, states[4].pinned = "support", "Named by Ana", True
    storage.store(states)
    for number in (2, 4):
        storage.update(states[number].id, label=states[number].label, pinned=states[number].pinned)

    found = ids(storage.retrieve(PatternCriteria(**criteria)))
    assert (found if "sort" in criteria else sorted(found)) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("label", "Orders"), ("pinned", True), ("status", "validated"), ("confidence", 0.25)],
)
def test_an_update_changes_one_thing_for_good(
    storage: PatternStorage, name: str, value: Any
) -> None:
    storage.store([state(1), state(2)])
    before = storage.get(state(2).id).to_bytes()

    assert getattr(storage.update(state(1).id, **{name: value}), name) == value
    assert getattr(storage.get(state(1).id), name) == value
    assert storage.get(state(2).id).to_bytes() == before


def test_what_people_decided_survives_learning(storage: PatternStorage) -> None:
    storage.store([state(1)])
    storage.update(state(1).id, label="Orders", pinned=True)
    storage.store([state(1, use_count=9)])

    found = storage.get(state(1).id)
    assert (found.label, found.pinned, found.use_count) == ("Orders", True, 9)


def test_an_update_of_anything_else_or_of_nothing_is_refused(storage: PatternStorage) -> None:
    storage.store([state(1)])
    with pytest.raises(FeatureMemoryError, match="use_count cannot be changed"):
        storage.update(state(1).id, use_count=1)
    with pytest.raises(FeatureMemoryError, match="no such pattern"):
        storage.update(state(2).id, label="x")


def test_an_update_cannot_archive_which_would_make_the_state_unreadable(
    storage: PatternStorage,
) -> None:
    storage.store([state(1)])
    with pytest.raises(FeatureMemoryError, match="status must be among"):
        storage.update(state(1).id, status="archived")

    assert storage.get(state(1).id).status == "candidate"


def test_cleanup_takes_what_is_weak_unused_and_not_pinned(storage: PatternStorage) -> None:
    weak, strong, recent, pinned = (state(n, confidence=0.2) for n in range(4))
    strong.confidence, recent.last_used = 0.7, NOON / 1000 + 100
    storage.store([weak, strong, recent, pinned])
    storage.update(pinned.id, pinned=True)

    assert storage.cleanup(0.7, NOON_TIME + timedelta(seconds=50)) == [weak.id]
    assert sorted(ids(storage.retrieve(EVERYTHING))) == [1, 2, 3]
    with pytest.raises(FeatureMemoryError):
        storage.get(weak.id)
    assert storage.cleanup(0.7, NOON_TIME + timedelta(seconds=50)) == []


def test_a_state_that_was_handed_out_is_a_copy(storage: PatternStorage) -> None:
    if isinstance(storage, CachedPatternStorage):
        storage = storage.storage
    storage.store([state(1)])
    storage.get(state(1).id).confidence = 0.0

    assert storage.get(state(1).id).confidence == state(1).confidence


# --- the database -------------------------------------------------------------------------------


def test_use_counts_add_up_and_are_not_overwritten_by_learning(owner: Project) -> None:
    storage = DatabasePatternStorage(owner)
    storage.store([state(1), state(2)], {state(1).id: 3, state(2).id: 1})
    storage.store([state(1)], {state(1).id: 4})

    assert dict(Pattern.objects.values_list("pk", "use_count")) == {UUID(int=2): 7, UUID(int=3): 1}


def test_a_project_sees_its_own_patterns_alone(owner: Project) -> None:
    DatabasePatternStorage(owner).store([state(1)])
    other = DatabasePatternStorage(project())

    assert other.retrieve(EVERYTHING) == []
    with pytest.raises(FeatureMemoryError):
        other.update(state(1).id, label="stolen")
    assert other.cleanup(1.0, NOON_TIME + timedelta(days=1)) == []


def test_cleanup_in_the_database_is_soft(owner: Project) -> None:
    storage = DatabasePatternStorage(owner)
    storage.store([state(1, confidence=0.1)])
    storage.cleanup(0.5, NOON_TIME + timedelta(days=1))

    row = Pattern.objects.get(project=owner)
    assert (row.status, row.archived_by) == ("archived", "memory")
    assert "0.50" in row.archived_why
    assert state_of(row).id == state(1).id


def test_an_evicted_pattern_leaves_its_name_and_not_its_bytes(owner: Project) -> None:
    storage = DatabasePatternStorage(owner)
    storage.store([state(1), state(2)])
    storage.evict({state(1).id: "max_patterns"})

    row = Pattern.objects.get(pk=state(1).id)
    assert (row.status, row.state, row.archived_why) == ("archived", None, "evicted: max_patterns")
    assert row.template == state(1).template_text
    assert ids(storage.retrieve(EVERYTHING)) == [2]


def test_names_of_evicted_patterns_lie_close_together(owner: Project) -> None:
    storage = DatabasePatternStorage(owner)
    storage.store([state(k) for k in range(60)])
    Pattern.objects.update(state=b"x" * 6000)
    storage.store([state(k) for k in range(60, 70)])
    before = pages_used()
    storage.evict({state(k).id: "max_patterns" for k in range(60)})
    assert Pattern.objects.count() == 70
    assert pages_used() <= before - 50 or connection.vendor == "postgresql"


def pages_used() -> int:
    """Of SQLite's file, free ones left out; PostgreSQL writes every changed row anew by itself."""
    if connection.vendor == "postgresql":
        return 0
    names = ("page_count", "freelist_count")
    with connection.cursor() as cursor:
        count, free = (cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int(count) - int(free)


def test_bytes_of_another_version_say_what_to_do(owner: Project) -> None:
    row = Pattern(project=owner, state=b"\xc1")
    with pytest.raises(FeatureMemoryError, match="Prune it") as damaged:
        state_of(row)
    assert damaged.value.code is ErrorCode.STORAGE_FAILED


def test_texts_no_database_takes_are_made_storable(owner: Project) -> None:
    from patterns.engine.domain.results import TemplatePart

    odd = state(1)
    odd.template = (TemplatePart("a\x00b"),)
    DatabasePatternStorage(owner).store([odd])

    assert Pattern.objects.get(project=owner).template == "a␀b"


def test_storing_many_takes_few_queries(owner: Project, django_assert_max_num_queries: Any) -> None:
    storage = DatabasePatternStorage(owner)
    with django_assert_max_num_queries(4):  # batches of 200, savepoint included
        storage.store([state(n) for n in range(150)])


# --- the cache ----------------------------------------------------------------------------------


def test_the_cache_counts_hits_and_misses() -> None:
    cache = CachedPatternStorage(InMemoryPatternStorage(), size=2)
    cache.storage.store([state(1)])
    cache.get(state(1).id)
    cache.get(state(1).id)
    cache.get(state(1).id)

    assert (cache.hits, cache.misses) == (2, 1)


def test_the_cache_keeps_the_lately_used_and_no_more_than_its_size() -> None:
    cache = CachedPatternStorage(InMemoryPatternStorage(), size=2)
    cache.storage.store([state(n) for n in range(3)])
    for number in (0, 1, 0, 2):  # 1 was used least lately
        cache.get(state(number).id)
    assert len(cache) == 2

    hits = cache.hits
    cache.get(state(0).id)
    assert cache.hits == hits + 1
    cache.get(state(1).id)
    assert cache.hits == hits + 1


def test_what_was_changed_past_the_cache_is_read_again() -> None:
    cache = CachedPatternStorage(InMemoryPatternStorage())
    cache.store([state(1)])
    cache.get(state(1).id)
    cache.storage.update(state(1).id, label="new")
    cache.forget([state(1).id])

    assert cache.get(state(1).id).label == "new"


def test_unused_means_not_used_for_the_interval_before_the_newest_use() -> None:
    assert compute_unused_since(3600, NOON_TIME) == NOON_TIME - timedelta(hours=1)


def test_only_a_nul_is_replaced_and_a_backslash_before_u0000_stays() -> None:
    part = TemplatePart("a\x00b", r"\u0000")

    assert to_clean_json([part]) == [["a␀b", r"\u0000"]]
