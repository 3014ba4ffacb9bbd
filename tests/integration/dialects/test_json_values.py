"""Values as others write them: as text, as dotted names, as numbers in quotes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from integration.dialects.json_values import (
    MOST_VALUES,
    flatten,
    has_too_many_values,
    nest,
    number_in,
    open_json,
    text_in,
)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ('{"a": 1}', {"a": 1}),
        (" [1, 2]", [1, 2]),
        ("[INST] hello", "[INST] hello"),
        ('"quoted"', '"quoted"'),
        ("12", "12"),
        ({"a": "{}"}, {"a": "{}"}),
        ("[" * 5000 + "]" * 5000, "[" * 5000 + "]" * 5000),
    ],
)
def test_only_objects_and_arrays_are_opened(given: Any, found: Any) -> None:
    assert open_json(given) == found


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (0, 0.0),
        (12, 12.0),
        ("12", 12.0),
        ("0.5", 0.5),
        (-1, None),
        ("NaN", None),
        (True, None),
        (float("inf"), None),
        (None, None),
        ("", None),
        ("twelve", None),
        ("9" * 50, None),
    ],
)
def test_a_count_that_is_none_is_absent_and_never_zero(given: Any, found: float | None) -> None:
    assert number_in(given) == found


NO_TEXTS: list[Any] = ["", None, True, ["a"], {}]


def test_a_name_loses_what_no_column_holds() -> None:
    assert text_in(" a\x00b ") == "ab"
    assert text_in("x" * 300) == "x" * 200
    assert [text_in(value) for value in NO_TEXTS] == [None] * 5


def test_dotted_names_become_lists_in_their_order() -> None:
    flat = {"10.role": "c", "0.role": "a", "2.parts.0.text": "b", "2.parts.1.text": "bb"}

    assert nest(flat) == [
        {"role": "a"},
        {"parts": [{"text": "b"}, {"text": "bb"}]},
        {"role": "c"},
    ]


def test_a_name_that_is_both_a_value_and_a_place_keeps_both() -> None:
    assert nest({"a": 1, "a.b": 2}) == {"a": {"": 1, "b": 2}}


def test_hostile_names_cost_no_memory_and_no_depth() -> None:
    began = time.monotonic()
    found = nest({"999999999999.content": "x", ".".join("a" * 100_000): 1, "5.content": "y"})

    assert isinstance(found, dict)
    assert time.monotonic() - began < 1


def test_nested_values_are_flattened_as_they_are_nested() -> None:
    value = {"llm": {"input_messages": [{"message": {"role": "user", "content": "Hi"}}]}}
    flat = flatten(value)

    assert flat["llm.input_messages.0.message.content"] == "Hi"
    assert nest(flat) == value


def test_values_are_counted_before_they_are_made() -> None:
    assert not has_too_many_values(b"{}," * (MOST_VALUES // 2))
    assert has_too_many_values(b"{}," * (MOST_VALUES // 2 + 1))
    assert has_too_many_values(b"[" * (MOST_VALUES + 1))
