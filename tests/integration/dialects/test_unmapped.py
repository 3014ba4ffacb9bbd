"""What nobody maps is listed, and hostile names fill nothing."""

from __future__ import annotations

from uuid import UUID

from integration.dialects.unmapped import LONGEST, MOST, PROJECTS, UnmappedNames

ONE, TWO = UUID(int=1), UUID(int=2)


def test_names_are_counted_by_project_and_source() -> None:
    names = UnmappedNames()
    names.note(ONE, "otlp", ["a", "b"])
    names.note(ONE, "otlp", ["b"])
    names.note(TWO, "litellm", ["c"])

    assert [(entry.name, entry.count) for entry in names.listed(ONE)] == [("b", 2), ("a", 1)]
    assert names.listed(TWO)[0].as_dict()["source"] == "litellm"
    assert names.listed(UUID(int=3)) == []


def test_there_is_room_for_so_many_only() -> None:
    names = UnmappedNames()
    names.note(ONE, "otlp", [f"n{number}" for number in range(5000)])
    names.note(ONE, "otlp", ["x" * 100_000])
    for number in range(2, 500):
        names.note(UUID(int=number), "otlp", ["a"])

    assert len(names._projects) == PROJECTS
    names.note(ONE, "otlp", [f"n{number}" for number in range(5000)] + ["x" * 100_000])
    assert len(names.listed(ONE)) == MOST
    assert max(len(entry.name) for entry in names.listed(ONE)) == LONGEST
