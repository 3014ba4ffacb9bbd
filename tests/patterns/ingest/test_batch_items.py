"""A batch is cut into items, however broken one of them is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import ErrorCode, FeatureMemoryError
from patterns.ingest.batch_items import MARKS_MOST, cut_array, split_array

texts = st.text() | st.sampled_from(['"', "\\", "[,]", '\\"', "{", "},"])
values = st.recursive(
    st.none() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(values, min_size=1))
def test_the_cut_items_are_those_of_the_array(items: list[object]) -> None:
    cut = cut_array(json.dumps(items).encode())

    assert cut is not None
    assert [json.loads(item) for item in cut] == items


@pytest.mark.parametrize(
    "broken",
    [
        b"[NaN",
        b"[NaN,]",
        b"[,NaN]",
        b'["NaN]',
        b"[NaN]]",
        b"[NaN][1]",
        b"[[NaN]",
        b"[}NaN]",
        b"NaN",
    ],
)
def test_an_array_that_is_broken_itself_is_refused_as_a_whole(broken: bytes) -> None:
    with pytest.raises(FeatureMemoryError) as caught:
        split_array(broken)
    assert caught.value.code is ErrorCode.MALFORMED_BODY


def test_a_broken_array_with_too_many_brackets_is_refused_as_a_whole() -> None:
    assert cut_array(b"[NaN," + b"[],," * MARKS_MOST + b"1]") is None
