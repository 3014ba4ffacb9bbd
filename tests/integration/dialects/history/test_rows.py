"""Files as rows: lines and arrays, cut anywhere, broken anywhere."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.dialects.history.rows import (
    LONGEST_ROW,
    Row,
    lines_of,
    read_each,
    read_items,
    row_of,
    split_array,
)

ROWS: list[Any] = [
    {"a": 1},
    {"text": 'brackets ]}[{ and "quotes" and \\ in strings \\'},
    {"nested": [{"b": [1, 2]}, "]"]},
    {"é": "\u2028"},
]
FORMS = {
    "lines": "\n".join(map(json.dumps, ROWS)),
    "lines with blanks": "\n\n" + "\r\n".join(map(json.dumps, ROWS)) + "\n\n",
    "array": json.dumps(ROWS),
    "pretty array": " \n" + json.dumps(ROWS, indent=2, ensure_ascii=False),
}


def read_rows(chunks: list[bytes]) -> list[Row | FeatureMemoryError]:
    return [row_of(item) for item in read_items(chunks)]


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("form", FORMS)
def test_rows_are_found_wherever_the_bytes_are_cut(form: str, size: int) -> None:
    assert read_rows(cut(FORMS[form].encode(), size)) == ROWS


@pytest.mark.parametrize("form", FORMS)
def test_a_mark_of_the_encoding_is_no_part_of_the_rows(form: str) -> None:
    assert read_rows([f"\ufeff{FORMS[form]}".encode()]) == ROWS
    assert read_rows(cut(f" \n\ufeff{FORMS[form]}".encode(), 1)) == ROWS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 60), 1 << 60) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(st.text(), json_values, max_size=3)), st.integers(1, 30))
def test_any_array_is_split_as_it_was_joined(rows: list[Any], size: int) -> None:
    found = split_array(cut(json.dumps(rows).encode(), size))

    assert [json.loads(item) for item in found] == rows


def test_a_broken_row_is_refused_alone() -> None:
    found = read_rows([b'{"a": 1}\n{broken\n5\n\xff\n[]\n{"b": 2}'])

    assert [isinstance(row, FeatureMemoryError) for row in found] == [False, *[True] * 4, False]


@pytest.mark.parametrize("data", [b"", b"  \n", b"[]", b" [ \n ]\n", b"\xef\xbb\xbf"])
def test_a_file_without_rows_has_none(data: bytes) -> None:
    assert read_rows([data]) == []


@pytest.mark.parametrize("data", [b"[", b'[{"a": 1}', b'[{"a": 1},', b'[{"a": ', b'["', b"[[1]"])
def test_an_array_that_is_cut_off_is_told_after_its_whole_rows(data: bytes) -> None:
    found: list[bytes] = []
    with pytest.raises(FeatureMemoryError, match="in the middle of its array") as refusal:
        found.extend(read_items([data]))

    assert refusal.value.code is ErrorCode.MALFORMED_BODY
    assert found == [item for item in (b'{"a": 1}', b"[1]") if item in data]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_what_is_no_object_in_an_array_is_an_error_at_its_place(size: int) -> None:
    data = b'[1, {"a": 1}, "a, \\"b", null , {"b": "x,y"}, [2], 3]'
    found = read_rows(cut(data, size))

    assert [row for row in found if isinstance(row, dict)] == [{"a": 1}, {"b": "x,y"}]
    assert [isinstance(row, dict) for row in found] == [
        False,
        True,
        *[False] * 2,
        True,
        *[False] * 2,
    ]


@pytest.mark.parametrize("start", [b"", b"["])
def test_an_endless_row_is_refused(start: bytes) -> None:
    chunk = b'{"a": [' * 10_000
    with pytest.raises(FeatureMemoryError) as refusal:
        read_rows([start, *[chunk] * (LONGEST_ROW // len(chunk) + 2)])

    assert refusal.value.status == 413


def test_hostile_files_cost_linear_time() -> None:
    began = time.monotonic()
    for hostile in (b"\\" * (4 << 20), b'"' * (2 << 20), b"," * (4 << 20), b"1," * (1 << 20)):
        with pytest.raises(FeatureMemoryError):
            list(split_array([b"[", hostile]))
    assert list(read_items([b" " * 65_536] * 500)) == []
    assert list(read_items([b" \n" * 32_768] * 500 + [b"{}"])) == [b"{}"]
    list(lines_of([b"\n" * 4096] * 500))

    assert time.monotonic() - began < 10


def test_rows_that_are_no_calls_are_left_out_and_faults_told() -> None:
    def read(row: Any) -> Any:
        return {"half": 1 / row["a"]} if row["a"] is not None else None

    rows: list[Any] = [
        {"a": 2},
        {"a": None},
        {"a": 0},
        FeatureMemoryError("no", ErrorCode.MALFORMED_BODY),
        {"a": 4},
    ]
    found = list(read_each(rows, read))

    assert [number for number, _ in found] == [1, 3, 4, 5]
    assert [isinstance(one, dict) for _, one in found] == [True, False, False, True]
