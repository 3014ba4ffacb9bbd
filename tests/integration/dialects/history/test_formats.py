"""A file tells its format by its first row; what any format reads can be stored."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import FeatureMemoryError
from integration.dialects.history.formats import INTERACTIONS, READERS, detect_format
from integration.dialects.intake import make_arrival
from tests.builders import item
from tests.integration.dialects.history import (
    test_columns,
    test_langfuse,
    test_litellm,
    test_openai_batch,
    test_phoenix,
)
from tests.integration.dialects.sent import CHAT, json_request, json_span
from tests.integration.dialects.test_litellm import payload

FIRST: dict[str, list[dict[str, Any]]] = {
    "columns": [test_columns.ROW, {"prompt": "Hi", "model": "m", "time": 5}],
    "langfuse": [test_langfuse.API, test_langfuse.BLOB, dict(test_langfuse.PAGE)],
    "litellm": [test_litellm.ROW, payload()],
    "openai": [test_openai_batch.asked(), test_openai_batch.answered()],
    "otlp": [json_request(json_span(CHAT))],
    "phoenix": list(test_phoenix.SHAPES.values()),
    INTERACTIONS: [item(), {"modelId": "m", "input": 1, "metadata": {"timestamp": 5}}],
}


@pytest.mark.parametrize("name", FIRST)
def test_a_first_row_tells_the_format(name: str) -> None:
    assert [detect_format(row) for row in FIRST[name]] == [name] * len(FIRST[name])


@pytest.mark.django_db
@pytest.mark.parametrize("name", READERS)
def test_what_is_read_can_be_stored(name: str) -> None:
    for _, found in READERS[name](FIRST[name]):
        if isinstance(found, dict):
            make_arrival(found)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("name", READERS)
@given(data=st.data())
def test_any_value_in_any_column_is_read_or_refused(name: str, data: st.DataObject) -> None:
    row = FIRST[name][0]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(row)), json_values, max_size=5))
    found = list(READERS[name]([{**row, **changed}, *FIRST[name]]))

    for _, one in found:
        assert isinstance(one, dict) or (isinstance(one, FeatureMemoryError) and one.status < 500)
