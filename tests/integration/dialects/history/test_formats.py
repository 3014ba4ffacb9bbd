"""A file tells its format by its first row; what any format reads can be stored."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.dialects.history.formats import INTERACTIONS, READERS, detect_format, read_history
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
    INTERACTIONS: [
        item(),
        {"modelId": "m", "input": 1, "metadata": {"timestamp": 5, "duration": 1}},
    ],
}


# How many calls are in them: some rows are none, halves of one, or the same call told again.
CALLS = {"columns": 2, "langfuse": 1, "litellm": 2, "openai": 1, "otlp": 1, "phoenix": 1}
CALLS[INTERACTIONS] = 2


@pytest.mark.parametrize("name", FIRST)
def test_a_first_row_tells_the_format(name: str) -> None:
    assert [detect_format(row) for row in FIRST[name]] == [name] * len(FIRST[name])


@pytest.mark.django_db
@pytest.mark.parametrize("name", READERS)
def test_what_is_read_can_be_stored(name: str) -> None:
    arrivals = [
        make_arrival(found) for _, found in READERS[name](FIRST[name]) if isinstance(found, dict)
    ]

    assert len(arrivals) == CALLS[name]
    assert all(arrival.columns[0] for arrival in arrivals)  # the model


@pytest.mark.parametrize("name", FIRST)
def test_a_file_is_read_in_the_format_it_tells(name: str) -> None:
    rows: list[Any] = [FeatureMemoryError("broken", ErrorCode.MALFORMED_BODY), *FIRST[name]]
    found = list(read_history(rows))

    assert found == list(READERS[name](rows))
    assert found[0] == (1, rows[0])
    assert any(isinstance(one, dict) for _, one in found)


def test_a_mapping_makes_any_file_a_table() -> None:
    row = {**test_langfuse.API, "when": 5}
    mapping = {"id": "model_id", "when": "timestamp", "name": "input"}
    ((_, found),) = read_history([row], mapping=mapping)

    assert isinstance(found, dict)
    assert found["input"] == "answer"


@pytest.mark.parametrize("name", ["csv", "parquet", "columns"])
def test_the_kind_of_file_names_a_table(name: str) -> None:
    assert list(read_history([test_columns.ROW], name)) == list(
        READERS["columns"]([test_columns.ROW])
    )


def test_an_unknown_format_and_a_file_without_rows() -> None:
    with pytest.raises(FeatureMemoryError, match="there is no format 'xml'"):
        read_history([], "xml")
    broken = FeatureMemoryError("broken", ErrorCode.MALFORMED_BODY)

    assert list(read_history([])) == []
    assert list(read_history([broken, broken])) == [(1, broken), (2, broken)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("name", READERS)
@settings(deadline=None)
@given(data=st.data())
def test_any_value_in_any_column_is_read_or_refused(name: str, data: st.DataObject) -> None:
    row = FIRST[name][0]
    changed = data.draw(st.dictionaries(st.sampled_from(sorted(row)), json_values, max_size=5))
    found = list(READERS[name]([{**row, **changed}, *FIRST[name]]))

    for _, one in found:
        assert isinstance(one, dict) or (isinstance(one, FeatureMemoryError) and one.status < 500)
