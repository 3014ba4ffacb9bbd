"""What is taken is known; the rest nobody maps."""

from __future__ import annotations

from integration.dialects.spans.name_sets import Wanted
from integration.dialects.spans.taken import Taken


def test_what_is_taken_is_not_left() -> None:
    taken = Taken({"a.b": 1, "a.c.d": 2, "ab": 3, "e": "", "f": 0})

    assert taken.take("a.b") == 1
    assert taken.take_under("a.c.") == {"d": 2}
    assert taken.left() == {"ab": 3, "f": 0}


def test_the_first_that_is_not_empty_is_given_and_all_are_known() -> None:
    taken = Taken({"new": "", "old": 0, "older": 5})

    assert taken.take("new", "old", "older", "never") == 0
    assert taken.left() == {}
    assert taken.take("never") is None


def test_all_members_are_taken_at_once_as_one_by_one() -> None:
    taken = Taken({"new": "", "old": 0, "other": "x", "noted": 1, "kept": 2})
    found = taken.take_all(Wanted(count=("new", "old"), noted="noted", never="never"))

    assert found == {"count": 0, "noted": 1}
    assert taken.left() == {"other": "x", "kept": 2}
