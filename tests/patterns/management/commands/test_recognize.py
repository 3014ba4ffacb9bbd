"""`manage.py recognize`: interactions in as JSONL, the pattern of each out, no database."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from patterns.engine.grouping.free_text.embedders import chosen
from tests.builders import item, items


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    path = tmp_path / "stream.jsonl"
    path.write_text("\n".join(json.dumps(entry) for entry in items(60, tasks=3)) + "\n\n")
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def run(*files: Path, **options: Any) -> dict[str, Any]:
    err = io.StringIO()
    call_command("recognize", *map(str, files), stderr=err, **options)
    summary: dict[str, Any] = json.loads(err.getvalue())
    return summary


def test_every_line_gets_the_pattern_it_was_given_on_arrival(stream: Path, tmp_path: Path) -> None:
    out = tmp_path / "arrivals"
    run(stream, output=str(out))

    found = rows(out)
    assert [row["id"] for row in found] == [f"i-{n}" for n in range(60)]
    assert found[0].keys() == {"id", "pattern_id", "confidence", "created"}
    assert found[0]["created"] is True
    assert all(0 <= row["confidence"] <= 1 for row in found)
    assert len({row["pattern_id"] for row in found[:3]}) == 3


def test_the_final_answers_cover_every_line_again(stream: Path, tmp_path: Path) -> None:
    out = tmp_path / "final"
    run(stream, final=str(out))

    found = rows(out)
    assert [row["id"] for row in found] == [f"i-{n}" for n in range(60)]
    assert found[0].keys() == {"id", "pattern_id", "confidence"}
    groups = [{row["pattern_id"] for row in found[task::3]} for task in range(3)]
    assert not groups[0] & groups[1]
    assert None not in set.union(*groups)


def test_it_ends_with_the_promised_summary(stream: Path, tmp_path: Path) -> None:
    summary = run(stream, final=str(tmp_path / "final"))

    assert summary.keys() >= {
        *("interactions", "patterns", "created", "merged", "split", "learn_ms", "match_ms"),
        *("consolidate_s", "per_second", "peak_rss_bytes"),
    }
    assert (summary["interactions"], summary["patterns"]) == (60, 3)
    assert summary["learn_ms"].keys() == {"p50", "p95", "p99"}


def test_the_same_stream_gives_the_same_answers(stream: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    run(stream, output=str(first), consolidate_every=20)
    run(stream, output=str(second), consolidate_every=20)

    assert first.read_bytes() == second.read_bytes()


def test_without_a_file_it_reads_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(item()) + "\n"))

    assert run()["interactions"] == 1


def test_max_patterns_bounds_what_is_kept(stream: Path) -> None:
    assert run(stream, max_patterns=2)["patterns"] == 2


def test_the_specs_camel_case_and_sparse_lines_are_read(tmp_path: Path) -> None:
    camel = {"modelId": "m", "input": "Hello", "metadata": {"timestamp": 5, "duration": 1}}
    path = tmp_path / "stream.jsonl"
    path.write_text(json.dumps(camel) + "\n" + json.dumps({"input": "Hello"}) + "\n")

    assert run(path)["interactions"] == 2


@pytest.mark.parametrize("line", ["{broken", "7", '{"id": "x"}', '{"input": 1, "metadata": 7}'])
def test_a_line_that_is_no_interaction_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "stream.jsonl"
    path.write_text(json.dumps(item()) + "\n" + line + "\n")

    with pytest.raises(CommandError, match="Line 2"):
        run(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="Cannot read"):
        run(tmp_path / "none")


def test_free_text_is_compared_as_chosen(stream: Path, tmp_path: Path) -> None:
    pytest.importorskip("wordllama")
    run(stream, final=str(tmp_path / "final"), embedder="static")
    assert len(rows(tmp_path / "final")) == 60


def test_an_embedder_that_is_not_there_is_said_in_one_line(
    stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CommandError, match="extra"):
        run(stream, embedder="static")
    chosen.cache_clear()
