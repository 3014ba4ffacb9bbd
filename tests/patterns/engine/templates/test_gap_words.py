"""A gap of a prompt cut at its static words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from patterns.engine.templates.gap_words import Wording


def test_a_filling_without_the_words_is_not_cut() -> None:
    found = Wording(0, [["ships", "from"]])
    assert found.parts("lamp sent from Lyon") is None
    assert found.parts("ships " * 200) is None


def test_a_value_may_be_empty() -> None:
    found = Wording(0, [["ships", "from"]]).parts("ships from Lyon")
    assert found == [("", False), ("ships from ", True), ("Lyon", False)]


@given(
    st.lists(st.sampled_from(["a", "b", ":", "\n", "7", "x y", "a b"]), max_size=9),
    st.lists(st.lists(st.sampled_from(["a", "b", ":"]), min_size=1, max_size=2), min_size=1),
    st.booleans(),
    st.booleans(),
)
def test_cutting_loses_nothing(
    words: list[str], runs: list[list[str]], first: bool, last: bool
) -> None:
    text, found = " ".join(words), Wording(0, runs, first, last)
    parts = found.parts(text)
    if parts is not None:
        assert "".join(part for part, _ in parts) == text
        assert sum(not static for _, static in parts) == found.slots
