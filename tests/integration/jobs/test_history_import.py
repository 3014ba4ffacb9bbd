"""Importing history: JSONL, CSV, compressed; resumed by nature, errors told line by line."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.core.management import CommandError, call_command

from featurememory.errors import FeatureMemoryError
from featurememory.models import Project
from integration.jobs.history_import import Progress, import_file, read_batches, read_lines
from patterns.ingest.schema import COLUMNS
from patterns.models import ModelInteraction
from tests.builders import item, items

pytestmark = pytest.mark.django_db


def imported(owner: Project, path: Path) -> Progress:
    return import_file(owner, path, lambda _: None)


def lines(*entries: Any) -> bytes:
    return b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "history.jsonl": bytes,
    "history.jsonl.gz": gzip.compress,
    "HISTORY.JSONL.ZST": zstandard.compress,
}


@pytest.mark.parametrize("name", PACKERS)
def test_a_file_is_imported_plain_or_compressed(owner: Project, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(PACKERS[name](lines(*items(1200))))
    done = imported(owner, path)

    assert (done.stored, done.duplicates, done.rejected) == (1200, 0, 0)
    assert done.done_bytes == done.total_bytes == path.stat().st_size
    assert ModelInteraction.objects.filter(project=owner).count() == 1200


def test_importing_again_stores_nothing_twice(owner: Project, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(lines(*items(600, id=...)))
    imported(owner, path)
    again = imported(owner, path)

    assert (again.stored, again.duplicates) == (0, 600)


def test_a_file_that_grew_adds_what_is_new(owner: Project, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(lines(*items(3, id=...)).rstrip(b"\n"))  # its last line is not ended yet
    imported(owner, path)
    path.write_bytes(lines(*items(5, id=...)))

    assert imported(owner, path).stored == 2


def test_an_import_that_died_in_the_middle_goes_on(
    owner: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(lines(*items(1200)))
    calls: list[int] = []

    def die(_: Progress) -> None:
        calls.append(1)
        raise KeyboardInterrupt

    monkeypatch.setattr(
        "integration.jobs.history_import.time.monotonic", lambda: 10.0 * len(calls) + 5
    )
    with pytest.raises(KeyboardInterrupt):
        import_file(owner, path, die)
    assert calls
    imported(owner, path)
    assert ModelInteraction.objects.filter(project=owner).count() == 1200


def test_a_bad_line_is_told_with_its_number_and_the_others_are_stored(
    owner: Project, tmp_path: Path
) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(lines(item(1)) + b"{broken\n" + lines(item(2), {"id": "x"}, item(3)))
    done = imported(owner, path)

    assert (done.stored, done.rejected) == (3, 2)
    assert [number for number, _ in done.errors] == [2, 4]


def test_only_the_first_errors_are_kept(owner: Project, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(b"{broken\n" * 500)
    done = imported(owner, path)

    assert (done.rejected, len(done.errors)) == (500, 20)


CSV = """id,model_id,task_type,input,output,timestamp,duration,token_count,cost,success,tags
a,gpt-5-mini,sql,"Say ""hi"", please",Hi,2026-11-22T12:00:00Z,812.5,100,0.25,true,"{""env"": ""prod""}"
b,gpt-5-mini,,"{""q"": 1}",,1795348800000,5,,,False,
c,gpt-5-mini,,no duration,,1795348800000,,,,,
"""


def test_csv_has_a_column_per_field_and_cells_that_are_json_are_read_as_json(
    owner: Project, tmp_path: Path
) -> None:
    path = tmp_path / "history.csv"
    path.write_text("\ufeff" + CSV)
    done = imported(owner, path)

    assert (done.stored, done.rejected) == (2, 1)
    first, second = ModelInteraction.objects.filter(project=owner).order_by("id")
    assert (first.duration, first.token_count, first.cost, first.success) == (
        812.5,
        100,
        0.25,
        True,
    )
    assert first.task_type == "sql"
    assert (second.success, second.cost) == (False, None)
    assert first.timestamp == second.timestamp
    assert set(COLUMNS) >= {"duration", "cost"}


@pytest.mark.parametrize("name", ["history.jsonl.gz", "history.csv.gz"])
@pytest.mark.parametrize("content", [b"no gzip at all", gzip.compress(lines(*items(400)))[:900]])
def test_a_damaged_file_is_told_in_one_sentence(
    owner: Project, tmp_path: Path, name: str, content: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FeatureMemoryError, match=r"history.*cannot be read"):
        imported(owner, path)


def test_progress_reads_as_a_line() -> None:
    text = Progress(100, done_bytes=50, stored=1200, duplicates=3, rejected=1).format_line()

    assert text.startswith(" 50%  1,200 stored, 3 duplicates, 1 rejected, ")
    assert Progress(0).format_line().startswith("100%")


def test_the_command_makes_the_project_and_reports(tmp_path: Path, capsys: Any) -> None:
    path = tmp_path / "history.jsonl"
    path.write_bytes(lines(*items(5)) + b"{broken\n")
    call_command("import", str(path), project="fresh", quiet=True)

    owner = Project.objects.get(name="fresh")
    assert ModelInteraction.objects.filter(project=owner).count() == 5
    out = capsys.readouterr()
    assert "5 stored" in out.out
    assert f"{path}:6:" in out.err


def test_the_command_refuses_a_missing_file_and_a_project_name_nobody_can_type(
    tmp_path: Path,
) -> None:
    with pytest.raises(CommandError, match="no file"):
        call_command("import", str(tmp_path / "none.jsonl"), project="p")
    path = tmp_path / "history.jsonl"
    path.write_bytes(lines(item()))
    with pytest.raises(CommandError, match="letters, digits"):
        call_command("import", str(path), project="not a slug!")
    assert not Project.objects.filter(name="not a slug!").exists()


@pytest.mark.parametrize("name", ["history.jsonl.gz", "HISTORY.JSONL.ZST"])
@pytest.mark.parametrize("left", [0.3, 0.98])
def test_a_compressed_file_that_was_cut_off_is_told_and_what_it_held_is_stored(
    owner: Project, tmp_path: Path, name: str, left: float
) -> None:
    dice = random.Random(7)
    data = PACKERS[name](lines(*[item(n, input=dice.randbytes(400).hex()) for n in range(3000)]))
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * left)])

    with pytest.raises(FeatureMemoryError, match=r"cannot be read.*(end|cut)"):
        imported(owner, path)
    kept = ModelInteraction.objects.filter(project=owner).count()
    assert 0 < kept < 3000


def test_the_frames_of_a_zst_file_are_read_to_the_last(owner: Project, tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl.zst"
    parts = [items(700), items(700, start=700), []]
    path.write_bytes(b"".join(zstandard.compress(lines(*part)) for part in parts))

    assert imported(owner, path).stored == 1400


@pytest.mark.parametrize("name", ["history.jsonl", "history.jsonl.gz"])
def test_a_line_of_any_length_is_refused_without_being_held(
    owner: Project, tmp_path: Path, name: str, settings: Any
) -> None:
    settings.BODY_LIMIT = 2000
    raw = lines(item(1)) + b'{"input": "' + b"x" * 20_000 + b'"}\n' + lines(item(2))
    path = tmp_path / name
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    done = imported(owner, path)

    assert (done.stored, done.rejected, done.errors[0][0]) == (2, 1, 2)
    assert max(map(len, read_lines(io.BytesIO(raw), b"\n"))) == 2001


def test_a_line_too_long_for_a_table_is_told(owner: Project, tmp_path: Path, settings: Any) -> None:
    settings.BODY_LIMIT = 2000
    path = tmp_path / "history.csv"
    path.write_text("model_id,input\nm," + "x" * 5000)
    with pytest.raises(FeatureMemoryError, match="more than 2,000 characters"):
        imported(owner, path)


def test_large_items_are_stored_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.jobs.history_import.BATCH_BYTES", 3000)
    items = iter([json.dumps(item(n) | {"output": "x" * 1000}).encode() for n in range(9)])

    assert max(map(len, read_batches(items, Progress(1)))) <= 3
