from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from patterns.engine.grouping.logs.wildcard_patterns import (
    OPEN,
    cover_skeletons,
    fits,
    generalise_form,
    match_spans,
    measure_explained,
)

KEYS = st.lists(st.sampled_from(["open", "file", "for", "user", "#", ",", "root"]), max_size=8)


def test_a_place_that_differs_is_opened() -> None:
    left, right = ("open", "file", "a", "for", "x"), ("open", "file", "b", "c", "for", "x")
    assert generalise_form(left, right) == ("open", "file", f"{OPEN}1:2", "for", "x")


def test_what_has_little_in_common_has_no_form() -> None:
    assert generalise_form(("open", "a", "file"), ("close", "the", "door")) is None


def test_an_open_place_takes_the_widths_seen_only() -> None:
    form = ("user", f"{OPEN}1:2", "left")
    assert fits(form, ("user", "mary", "ann", "left"))
    assert not fits(form, ("user", "left"))
    assert not fits(form, ("user", "a", "b", "c", "left"))


def test_spans_tell_what_each_key_stands_for() -> None:
    form = ("user", f"{OPEN}1:2", "left")
    assert match_spans(form, ("user", "mary", "ann", "left")) == [(0, 1), (1, 3), (3, 4)]
    assert match_spans(form, ("nobody", "left")) is None


def test_fixed_text_explains_more_than_values() -> None:
    assert measure_explained(("user", "left"), ("user", "left")) == 1.0
    assert measure_explained(("user", "#"), ("user", "#")) == 0.75


@given(st.lists(KEYS.map(tuple), max_size=8))
def test_the_forms_of_a_group_cover_it_in_any_order(members: Any) -> None:
    forms = cover_skeletons(members)
    assert all(any(fits(form, member) for form in forms) for member in members)
    assert cover_skeletons(reversed(members)) == forms
