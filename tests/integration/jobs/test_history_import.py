"""Importing history: JSONL, CSV, compressed; resumed by nature, errors told line by line."""

from __future__ import annotations

import gzip
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
from integration.jobs import history_files
from integration.jobs.history_import import Progress, import_file, read_batches
from integration.jobs.import_errors import MOST, ErrorFile
from patterns.models import ModelInteraction
from tests.builders import item, items
from tests.integration.dialects.history import (
    test_columns,
    test_langfuse,
    test_litellm,
    test_openai_batch,
    test_phoenix,
)

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
d,gpt-5-mini,,no time,,,5,,,,
"""


def test_csv_has_a_column_per_field_and_cells_that_are_json_are_read_as_json(
    owner: Project, tmp_path: Path
) -> None:
    path = tmp_path / "history.csv"
    path.write_text("\ufeff" + CSV)
    done = imported(owner, path)

    assert (done.stored, done.rejected) == (3, 1)
    first, second, third = ModelInteraction.objects.filter(project=owner).order_by("id")
    assert (first.duration, first.token_count, first.cost, first.success) == (
        812.5,
        100,
        0.25,
        True,
    )
    assert first.task_type == "sql"
    assert (second.success, second.cost) == (False, None)
    assert third.duration is None
    assert first.timestamp == second.timestamp


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


def test_large_items_are_stored_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.jobs.history_import.BATCH_BYTES", 3000)
    large = (json.dumps(item(n) | {"output": "x" * 1000}).encode() for n in range(9))

    assert max(map(len, read_batches(enumerate(large, 1), Progress(1)))) <= 3


FOREIGN: dict[str, list[Any]] = {
    "langfuse.jsonl": [test_langfuse.API],
    "phoenix.json": [test_phoenix.API],
    "spend_logs.jsonl.gz": [test_litellm.ROW],
    "batch.jsonl": [test_openai_batch.asked(), test_openai_batch.answered()],
    "table.jsonl": [test_columns.ROW],
}


@pytest.mark.parametrize("name", FOREIGN)
def test_exports_of_other_tools_are_told_by_their_first_row(
    owner: Project, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    data = json.dumps(FOREIGN[name]).encode() if name.endswith("json") else lines(*FOREIGN[name])
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    first, again = imported(owner, path), imported(owner, path)

    assert (first.stored, first.rejected) == (1, 0)
    assert (again.stored, again.duplicates) == (0, 1)


def test_a_table_of_unusual_columns_is_read_by_a_mapping(owner: Project, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("engine,q,when\ngpt-5-mini,Where is it?,2026-11-22T12:00:00Z\n,Who?,5\n")
    errors = tmp_path / "errors.csv"
    given = ["engine=model_id", "q=input", "when=timestamp"]
    options = {"project": owner.name, "map": given, "errors": errors, "quiet": True}
    call_command("import", str(path), **options)

    (row,) = ModelInteraction.objects.filter(project=owner)
    assert (row.model_id, row.timestamp) == ("gpt-5-mini", 1_795_348_800_000)
    assert errors.read_text().splitlines()[1].startswith("2,a row needs model_id")


@pytest.mark.parametrize(
    "words", [["prompt"], ["prompt=nothing"], ["prompt=input", "=model_id", "a="]]
)
def test_a_mapping_that_makes_no_sense_is_told(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "table.csv"
    path.write_text("prompt\nhi\n")
    with pytest.raises(CommandError, match=r"COLUMN=FIELD|there is no field"):
        call_command("import", str(path), project="p", map=words)


def test_a_line_of_csv_that_never_ends_is_refused(
    owner: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_files, "LONGEST_ROW", 1000)
    path = tmp_path / "table.csv"
    path.write_text("model,timestamp\n" + "x" * 5000)

    with pytest.raises(FeatureMemoryError, match="longer than 1,000"):
        imported(owner, path)


def test_of_very_many_errors_the_file_keeps_so_many(tmp_path: Path) -> None:
    path = tmp_path / "errors.csv"
    with ErrorFile(path) as errors:
        for number in range(MOST + 10):
            errors.write(number, "x" * 2000)

    assert len(path.read_text().splitlines()) == MOST + 2
    assert errors.count == MOST + 10
