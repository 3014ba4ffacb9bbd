"""A project out and in again: the same bytes, or nothing at all."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from django.apps import apps

from featurememory.errors import FeatureMemoryError
from featurememory.models import FeatureMemoryConfig, Project
from integration.archive import archive_file, restore, tables
from integration.archive.archive_file import LAST, ArchiveWriter
from integration.archive.export import export_project
from integration.archive.restore import restore_project
from integration.archive.tables import LEFT_OUT, TABLES
from integration.archive.values import encode_line
from integration.dialects.unmapped import unmapped_names
from optimizations.models import Decision, PolicyState
from patterns.failed_records import note_failure
from patterns.models import Learner, ModelInteraction, Pattern, Payload
from patterns.storage.payloads import unpack_json
from tests.builders import Caller, caller, damage, item, learned, rollup_figures, uses_and_recount

pytestmark = pytest.mark.django_db


def lived(owner: Project) -> Caller:
    """A project with something in every corner: patterns, decisions, prices, feedback, thresholds."""
    learned(owner, 24, tasks=2)
    api = caller(owner, "ad")
    for number in range(3):
        task = {"model_id": "gpt-5-mini", "task_type": "task.0", "input": f"order {number}"}
        made = api.post("tasks/prepare/", {"task": {**task, "session_id": f"s-{number}"}}).json()
        api.post("interactions/", item(100 + number, decision_id=made["decision_id"]))
    api.post("models/", {"model_id": "large", "prices": {"input_per_1m": 1e16}})
    api.patch("config/", {"patterns": {"confidence_threshold": 0.71}})
    api.post(
        "feedback/", {"interaction_id": "i-1", "metric_name": "note", "value": {"z": 1, "a": 2.0}}
    )
    learned(owner, 0)
    newest = ModelInteraction.objects.filter(project=owner).latest("pk")
    note_failure(owner.pk, "outcome", newest.id, "cannot be counted", newest.pk)
    note_failure(owner.pk, "repair", "task.0", "cannot be repaired")
    unmapped_names.note(owner.pk, "otlp", ["gen_ai.unknown"])
    unmapped_names.write()
    return api


def forget(owner: Project) -> None:
    rows = ModelInteraction.objects.filter(project=owner)
    Payload.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).delete()
    owner.delete()


def exported(owner: Project, path: Path) -> bytes:
    export_project(owner, path)
    return path.read_bytes()


def came_back(owner: Project, tmp_path: Path) -> tuple[Project, bytes, bytes]:
    first = exported(owner, tmp_path / "1.tar.zst")
    forget(owner)
    restored, _ = restore_project(tmp_path / "1.tar.zst", "again")
    return restored, first, exported(restored, tmp_path / "2.tar.zst")


def test_a_restored_project_exports_the_same_bytes(owner: Project, tmp_path: Path) -> None:
    lived(owner)

    _, first, second = came_back(owner, tmp_path)

    assert second == first


def test_two_exports_are_the_same_bytes(owner: Project, tmp_path: Path) -> None:
    lived(owner)

    assert exported(owner, tmp_path / "1") == exported(owner, tmp_path / "2")


def test_patterns_figures_and_assignment_are_as_they_were(owner: Project, tmp_path: Path) -> None:
    lived(owner)
    salt = bytes(PolicyState.objects.get(pk=owner.pk).salt)
    patterns = dict(Pattern.objects.filter(project=owner).values_list("pk", "use_count"))
    figures = rollup_figures(owner)

    restored, _, _ = came_back(owner, tmp_path)

    assert restored.pk is not None
    assert bytes(PolicyState.objects.get(pk=restored.pk).salt) == salt
    assert dict(Pattern.objects.filter(project=restored).values_list("pk", "use_count")) == patterns
    assert rollup_figures(restored) == figures
    stated, counted = uses_and_recount(restored)
    assert stated == counted


def test_decisions_point_at_their_interactions_under_new_numbers(
    owner: Project, tmp_path: Path
) -> None:
    lived(owner)

    restored, _, _ = came_back(owner, tmp_path)

    for made in Decision.objects.filter(project=restored):
        assert made.interaction
        assert ModelInteraction.objects.get(pk=made.interaction).decision_id == made.id


def test_learning_goes_on_into_the_same_patterns(owner: Project, tmp_path: Path) -> None:
    lived(owner)
    known = set(Pattern.objects.filter(project=owner).values_list("pk", flat=True))

    restored, _, _ = came_back(owner, tmp_path)
    learned(restored, 6, tasks=2, start=200)

    assert set(Pattern.objects.filter(project=restored).values_list("pk", flat=True)) == known


def test_what_was_learned_since_the_snapshot_is_replayed(owner: Project, tmp_path: Path) -> None:
    learned(owner, 5)
    numbers = [*ModelInteraction.objects.order_by("pk").values_list("pk", flat=True), 1 << 40]
    Learner.objects.filter(pk=owner.pk).update(unsaved=msgspec.msgpack.encode(numbers))

    restored, first, second = came_back(owner, tmp_path)

    assert first == second
    own = ModelInteraction.objects.filter(project=restored).order_by("pk")
    kept = msgspec.msgpack.decode(bytes(Learner.objects.get(pk=restored.pk).unsaved))
    assert kept == list(own.values_list("pk", flat=True))


def test_damaged_payloads_stay_what_they_are(owner: Project, tmp_path: Path) -> None:
    learned(owner, 3)
    damage(owner, "i-1")

    restored, first, second = came_back(owner, tmp_path)

    row = ModelInteraction.objects.get(project=restored, id="i-1")
    assert first == second
    with pytest.raises(ValueError, match="damaged"):
        unpack_json(Payload.objects.get(pk=row.pk).data)


def test_members_are_small_however_many_rows(
    owner: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_file, "MEMBER", 200)
    learned(owner, 20)

    _, first, second = came_back(owner, tmp_path)

    assert first == second
    assert len([name for name in names_in(tmp_path / "1.tar.zst") if "Payload" in name]) > 5


def names_in(path: Path) -> list[str]:
    return [name for name, _ in archive_file.read_members(path)]


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(FeatureMemoryError) as caught:
        restore_project(path, "again")
    assert not Project.objects.filter(name="again").exists()
    return caught.value.message


def test_a_damaged_archive_is_refused_before_anything_is_written(
    owner: Project, tmp_path: Path
) -> None:
    lived(owner)
    good = exported(owner, tmp_path / "1.tar.zst")
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(good)
    forget(owner)
    path = tmp_path / "bad.tar.zst"
    place = plain.index(b"order_status") if b"order_status" in plain else plain.index(b"task.0")
    flipped = plain[:place] + bytes([plain[place] ^ 1]) + plain[place + 1 :]

    assert refused(path, good[: len(good) // 2])
    assert "not what the manifest says" in refused(path, zstandard.compress(flipped))
    assert "no archive" in refused(path, b"hello")
    assert "no archive" in refused(path, b"") or "cut off" in refused(path, b"")
    assert not ModelInteraction.objects.exists()


def rewritten(path: Path, **changes: Any) -> bytes:
    """An archive whose first member says something else."""
    out = io.BytesIO()
    told = {"kind": "feature-memory-project", "version": 1, "columns": tables.list_columns()}
    with tarfile.open(fileobj=out, mode="w|") as tar:
        for name, data in (("format.json", told | changes), (LAST, {"members": []})):
            content = encode_line(data)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return zstandard.compress(out.getvalue())


def test_an_archive_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "new.tar.zst"
    more = tables.list_columns() | {"Pattern": ["id", "mood"]}

    assert "newer release (version 2)" in refused(path, rewritten(path, version=2))
    assert "it has Pattern.mood" in refused(path, rewritten(path, columns=more))
    assert "it has Dream" in refused(path, rewritten(path, columns={"Dream": ["id"]}))
    assert "names none" in refused(path, rewritten(path))


def test_a_crash_in_the_middle_leaves_no_half_project(
    owner: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(owner)
    exported(owner, tmp_path / "1.tar.zst")
    forget(owner)

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restore, "refuse_known_patterns", die)
    with pytest.raises(KeyboardInterrupt):
        restore_project(tmp_path / "1.tar.zst", "again")

    assert not Project.objects.exists()
    assert not ModelInteraction.objects.exists()
    assert not Payload.objects.exists()


def test_a_project_that_is_here_is_not_doubled(owner: Project, tmp_path: Path) -> None:
    learned(owner, 3)
    exported(owner, tmp_path / "1.tar.zst")

    with pytest.raises(FeatureMemoryError, match="already here as shop"):
        restore_project(tmp_path / "1.tar.zst", "other")
    with pytest.raises(FeatureMemoryError, match="already a project shop"):
        restore_project(tmp_path / "1.tar.zst", "shop")
    assert ModelInteraction.objects.count() == 3


def test_an_export_that_fails_leaves_no_file(
    owner: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ArchiveWriter, "finish", lambda self: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        export_project(owner, tmp_path / "1.tar.zst")

    assert list(tmp_path.iterdir()) == []


def test_the_file_is_for_its_owner_only(owner: Project, tmp_path: Path) -> None:
    exported(owner, tmp_path / "1.tar.zst")

    assert (tmp_path / "1.tar.zst").stat().st_mode & 0o777 == 0o600


def test_another_projects_words_are_not_in_it(owner: Project, tmp_path: Path) -> None:
    learned(owner, 3)
    neighbour = Project.objects.create(name="neighbour")
    learned(neighbour, 3, input="zqsecretword")

    content = zstandard.ZstdDecompressor().decompressobj()
    assert b"zqsecretword" not in content.decompress(exported(owner, tmp_path / "1"))


def test_every_table_of_a_project_is_in_the_archive_or_left_out_by_name() -> None:
    owned = {
        model.__name__
        for model in apps.get_models()
        if any(field.related_model is Project for field in model._meta.concrete_fields)
    }

    assert owned == {table.name for table in TABLES} - {"Project"} | LEFT_OUT
    assert FeatureMemoryConfig.__name__ in owned
