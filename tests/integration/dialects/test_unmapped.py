"""What nobody maps is counted in the database, and hostile names fill nothing."""

from __future__ import annotations

import pytest
from django.db import DatabaseError
from django.test import Client

from featurememory.models import Project
from integration.dialects import unmapped
from integration.dialects.unmapped import LONGEST, MOST, MOST_WAITING, UnmappedNames, list_unmapped
from tests.builders import project

pytestmark = pytest.mark.django_db


@pytest.fixture
def names() -> UnmappedNames:
    return unmapped.unmapped_names


def counts(owner: Project) -> list[tuple[str, str, int]]:
    return [(row.source, row.name, row.count) for row in list_unmapped(owner.pk)]


def test_names_are_counted_by_project_and_source(names: UnmappedNames) -> None:
    one, two = project(), project()
    names.note(one.pk, "otlp", ["a", "b"])
    names.note(one.pk, "otlp", ["b"])
    names.note(two.pk, "litellm", ["c"])

    assert counts(one) == [("otlp", "b", 2), ("otlp", "a", 1)]
    assert counts(two) == [("litellm", "c", 1)]
    assert counts(project()) == []


def test_counts_of_another_process_are_added(names: UnmappedNames) -> None:
    owner, other = project(), UnmappedNames()
    names.note(owner.pk, "otlp", ["a"])
    other.note(owner.pk, "otlp", ["a", "b"])
    other.write()

    assert counts(owner) == [("otlp", "a", 2), ("otlp", "b", 1)]


def test_a_name_that_is_new_is_there_at_once(names: UnmappedNames) -> None:
    owner = project()
    names.note(owner.pk, "otlp", ["a"])

    assert owner.unmapped_names.get().first_seen is not None


def test_there_is_room_for_so_many_only(names: UnmappedNames) -> None:
    owner = project()
    for part in range(4):
        names.note(owner.pk, "otlp", [f"{part} {number}" for number in range(5000)])
        names.write()
    names.note(owner.pk, "otlp", ["x" * 100_000, "with\x00nul"])

    assert len(names._waiting) <= MOST_WAITING
    assert len(counts(owner)) == MOST
    assert max(len(name) for _, name, _ in counts(owner)) == LONGEST
    assert "with\x00nul" not in {name for _, name, _ in counts(owner)}


def test_what_cannot_be_written_disturbs_nobody(
    names: UnmappedNames, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise DatabaseError("disk full")

    owner = project()
    monkeypatch.setattr(unmapped, "write_counts", full)
    names.note(owner.pk, "otlp", ["a"])

    assert counts(owner) == []


def test_the_page_about_the_system_shows_them(names: UnmappedNames, admin_client: Client) -> None:
    owner = project("default")
    names.note(owner.pk, "otlp", ["acme.<b>tier</b>"])
    page = admin_client.get("/health/").content.decode()

    assert "Attributes nobody maps" in page
    assert "acme.&lt;b&gt;tier&lt;/b&gt;" in page
