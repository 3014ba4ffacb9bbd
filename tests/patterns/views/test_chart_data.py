"""CSV: what a spreadsheet would run as a formula stays text."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from featurememory.lists.exports import write_csv_lines


def cells(*values: Any) -> list[str]:
    lines = "".join(write_csv_lines(["head"], [values]))
    return list(csv.reader(lines.splitlines(keepends=True)))[1]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\tx",
        "\rx",
        "  =1",
        "＝1+1",
        "\u00a0@x",
    ],
)
def test_a_text_that_a_spreadsheet_would_run_is_prefixed(text: str) -> None:
    assert cells(text) == ["'" + text]


@pytest.mark.parametrize("value", ["a=1", "", "a\tb", "3-2", "'=1", "a\rb"])
def test_other_texts_stay_as_they_are(value: str) -> None:
    assert cells(value) == [value]


def test_numbers_stay_numbers_and_nothing_is_empty() -> None:
    assert cells(-1.5, None, 0) == ["-1.5", "", "0"]
