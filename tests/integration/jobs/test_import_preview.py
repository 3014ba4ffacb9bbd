"""The first rows of a file, shown before anything is stored."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from integration.jobs.import_preview import (
    BYTES,
    LONGEST,
    ROWS,
    find_damage,
    preview_import,
)
from patterns.models import ModelInteraction
from tests.builders import items
from tests.integration.dialects.history import test_langfuse

pytestmark = pytest.mark.django_db


def written(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_table_shows_its_columns_with_what_they_would_be(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("Model,prompt,when\ngpt-5-mini,Hi,5\n")
    guessed = preview_import(path)
    chosen = preview_import(
        path, mapping={"Model": "model_id", "prompt": "input", "when": "timestamp"}
    )

    assert guessed.columns == [
        ("Model", "gpt-5-mini", "model_id"),
        ("prompt", "Hi", "input"),
        ("when", "5", ""),
    ]
    assert "needs model_id and timestamp" in guessed.rows[0][2]
    assert chosen.rows[0][1]["input"] == "Hi"
    assert chosen.rows[0][2] == ""
    assert not ModelInteraction.objects.exists()


def test_an_export_shows_its_calls_and_the_format_it_is_in(tmp_path: Path) -> None:
    preview = preview_import(written(tmp_path / "traces.jsonl", [test_langfuse.API]))

    assert (preview.name, preview.columns, preview.error) == ("langfuse", [], "")
    assert preview.rows[0][1]["model"] == test_langfuse.API["model"]


def test_few_rows_are_read_and_their_texts_cut(tmp_path: Path) -> None:
    rows = [{**row, "input": "x" * 5000} for row in items(300)]
    preview = preview_import(written(tmp_path / "history.jsonl", rows))
    large = [{**row, "input": "x" * (BYTES // 2)} for row in items(9)]

    assert len(preview.rows) == ROWS
    assert len(preview.rows[0][1]["input"]) == LONGEST + 1
    assert len(preview_import(written(tmp_path / "large.jsonl", large)).rows) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b""),
        ("a.jsonl", b"{oops\n" * 50),
        ("a.jsonl.gz", b"no gzip"),
        ("a.csv", b"\xff\xfe\x00"),
        ("a.json.gz", gzip.compress(b"[" * 2000)),
        ("a.parquet", b"PAR1"),
        ("a.json", b'[{"observations": [{}]}, 5, null, "x"]'),
    ],
)
def test_a_file_that_makes_no_sense_says_so(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    preview = preview_import(path)

    assert preview.error or all(why for _, _, why in preview.rows)
    assert preview_import(tmp_path / "gone.jsonl").error


def test_a_file_that_cannot_be_unpacked_is_told_before_it_is_kept(tmp_path: Path) -> None:
    broken, whole = tmp_path / "a.jsonl.gz", tmp_path / "b.jsonl.gz"
    broken.write_bytes(b"\x1f\x8b\x08broken")
    whole.write_bytes(gzip.compress(b"no json at all"))

    assert "calls.jsonl.gz cannot be read" in find_damage(broken, "calls.jsonl.gz")
    assert find_damage(whole, "calls.jsonl.gz") == ""
