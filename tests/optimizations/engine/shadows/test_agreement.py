from __future__ import annotations

import pytest

from optimizations.engine.domain.task import Json
from optimizations.engine.shadows.agreement import is_closed, outputs_agree


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Billing", " billing "),
        ("42", 42.0),
        ({"a": 1, "b": [2]}, '{"b": [2], "a": 1.0}'),
        ([{"role": "assistant", "content": "yes"}], "yes"),
        ({"type": "text", "text": "A"}, "a"),
        (True, "true"),
    ],
)
def test_outputs_that_say_the_same_agree(one: Json, other: Json) -> None:
    assert outputs_agree(one, other)
    assert outputs_agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("yes", "no"), (1, 2), (None, None), ("42", "43"), ({"a": 1}, {"a": 2}), ("a b", "ab")],
)
def test_outputs_that_differ_or_are_missing_do_not_agree(one: Json, other: Json) -> None:
    assert not outputs_agree(one, other)


@pytest.mark.parametrize("output", ["refund", 3, False, {"team": "billing"}, '{"team": 1}', "3.5"])
def test_labels_numbers_and_json_are_closed(output: Json) -> None:
    assert is_closed(output)


@pytest.mark.parametrize("output", [None, "", "word " * 40, "one line\nand another"])
def test_texts_are_open(output: Json) -> None:
    assert not is_closed(output)
