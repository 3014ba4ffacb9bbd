"""What follows from the names of a span's attributes is worked out once for many spans."""

from __future__ import annotations

from integration.dialects.spans.name_sets import (
    MOST_LETTERS,
    MOST_NAMES,
    NameSet,
    Wanted,
    areas_of,
    name_set_of,
)


def test_the_areas_of_a_name_are_its_first_parts_and_itself() -> None:
    assert areas_of("llm.usage.total_tokens") == ("llm", "llm.usage", "llm.usage.total_tokens")
    assert areas_of("llm.model_name") == ("llm", "llm.model_name", "llm.model_name")
    assert areas_of("metadata") == ("metadata",)


def test_spans_of_the_same_names_share_one_set() -> None:
    assert name_set_of({"a.b": 1, "c": 2}) is name_set_of({"a.b": 3, "c": 4})
    assert name_set_of({"a.b": 1}) is not name_set_of({"a.c": 1})


def test_sets_that_no_instrumentation_has_are_not_kept() -> None:
    many = [str(number) for number in range(MOST_NAMES + 1)]
    long = ["x" * (MOST_LETTERS + 1)]

    assert name_set_of(many) is not name_set_of(many)
    assert name_set_of(long) is not name_set_of(long)


def test_a_plan_has_the_members_that_are_there_in_the_order_of_their_names() -> None:
    wanted = Wanted(model=("new", "old"), session="session.id", user="user.id")
    plan = NameSet(["old", "user.id", "new"]).plan(wanted)

    assert plan.members == [("model", ("new", "old")), ("user", ("user.id",))]
    assert plan.names == {"new", "old", "user.id"}


def test_what_follows_from_the_names_is_made_once() -> None:
    asked: list[NameSet] = []

    def is_there(names: NameSet) -> bool:
        asked.append(names)
        return "a" in names.names

    names = NameSet(["a"])

    assert [names.derive(is_there), names.derive(is_there)] == [True, True]
    assert len(asked) == 1
