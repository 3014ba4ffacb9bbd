"""The doctor finds nothing in a healthy project, and each thing that is broken."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from featurememory.models import Project
from integration.doctor import examination
from integration.doctor.broken_invariant import BrokenInvariant
from integration.doctor.examination import examine
from integration.models import Job
from optimizations.models import Decision, PolicyState
from patterns.curation.merging import merge_patterns
from patterns.models import Learner, ModelInteraction, Pattern, PatternHour, Payload
from patterns.retention.delete_interactions import forget_interactions
from tests.builders import caller, damage, item, keep, learned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _closed(tmp_path: Path, settings: Any) -> None:
    """A data directory as it should be."""
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir(mode=0o700)


def found() -> list[BrokenInvariant]:
    return [one for _, _, all_of_it in examine() for one in all_of_it]


def complaint() -> tuple[str, str]:
    (one,) = found()
    assert one.advice
    return one.check, one.what


def lived(owner: Project) -> None:
    first, second = learned(owner, 24, tasks=2)
    merge_patterns(owner, [str(first.pk), str(second.pk)], "ann")
    task = {"model_id": "gpt-5-mini", "task_type": "task.0", "input": "order 7"}
    made = caller(owner).post("tasks/prepare/", {"task": task}).json()
    caller(owner).post("interactions/", item(100, decision_id=made["decision_id"]))


def test_a_healthy_project_is_in_order(owner: Project) -> None:
    lived(owner)

    assert found() == []


def test_what_was_forgotten_is_no_fault(owner: Project) -> None:
    learned(owner, 60, task_type="one")
    assert forget_interactions(owner, 20)

    assert found() == []


def test_a_wrong_number_of_uses_is_found(owner: Project) -> None:
    learned(owner, 6)
    Pattern.objects.update(use_count=9)

    check, what = complaint()
    assert check == "uses"
    assert "9 instead of 6" in what


def test_a_wrong_sum_is_found(owner: Project) -> None:
    learned(owner, 6)
    PatternHour.objects.filter(hour__gt=0).update(cost_sum=99.0)

    assert complaint()[0] == "rollups"


def test_a_missing_hour_is_found(owner: Project) -> None:
    learned(owner, 6)
    PatternHour.objects.filter(hour__gt=0).delete()

    assert complaint()[0] == "rollups"


def test_redirects_in_a_circle_or_to_nowhere_are_found(owner: Project) -> None:
    first, second, third = learned(owner, 9, tasks=3)
    Learner.objects.update(forgotten_until=1)
    Pattern.objects.filter(pk=first.pk).update(redirect_to=second.pk, status="archived")
    Pattern.objects.filter(pk=second.pk).update(redirect_to=first.pk, status="archived")
    Pattern.objects.filter(pk=third.pk).update(redirect_to=uuid.uuid4(), status="archived")

    assert [one.check for one in found() if one.check == "redirects"] == ["redirects"] * 3


def test_an_interaction_without_a_pattern_is_found(owner: Project) -> None:
    learned(owner, 3)
    Pattern.objects.all().delete()

    assert "owners" in [one.check for one in found()]


def test_a_pattern_that_cannot_be_read_is_found(owner: Project) -> None:
    learned(owner, 3)
    Pattern.objects.update(state=b"no state")

    assert complaint()[0] == "states"


def test_contents_of_nothing_are_found_and_deleted(owner: Project) -> None:
    learned(owner, 3)
    Payload.objects.create(number=1 << 40, data=b"x")

    assert complaint() == ("orphans", "1 contents belong to no interaction")
    call_command("doctor", "--repair", stdout=StringIO())
    assert found() == []


def test_what_waits_without_its_content_is_found(owner: Project) -> None:
    keep(owner, [item(1)])
    Payload.objects.all().delete()

    assert complaint()[0] == "contents"


def test_a_damaged_content_is_found(owner: Project) -> None:
    learned(owner, 3)
    damage(owner, "i-1")

    assert complaint() == ("contents", "1 contents are damaged")


def test_decisions_and_evidence_that_cannot_be_read_are_found(owner: Project) -> None:
    lived(owner)
    Decision.objects.update(data=b"nothing")
    PolicyState.objects.update_or_create(pk=owner.pk, defaults={"snapshot": b"nothing"})

    assert [one.check for one in found()] == ["decisions", "policy"]


def test_files_that_others_may_read_are_found(settings: Any) -> None:
    (settings.DATA_DIR / "secret_key").touch()
    (settings.DATA_DIR / "secret_key").chmod(0o644)

    check, what = complaint()
    assert check == "files"
    assert "secret_key" in what


def test_an_upload_that_no_job_needs_is_found(owner: Project, settings: Any) -> None:
    (settings.DATA_DIR / "uploads").mkdir(mode=0o700)
    for name in ("lost", "needed"):
        (settings.DATA_DIR / "uploads" / name).touch(mode=0o600)
    needed = {"path": str(settings.DATA_DIR / "uploads" / "needed")}
    Job.objects.create(project=owner, kind="import", params=needed, actor="ann")

    assert complaint()[0] == "uploads"


def test_the_refused_rows_of_an_import_are_no_stray_files(owner: Project, settings: Any) -> None:
    folder = settings.DATA_DIR / "uploads"
    folder.mkdir(mode=0o700)
    for name in ("ended.jsonl.errors.csv", "running.jsonl", "running.jsonl.errors.csv"):
        (folder / name).touch(mode=0o600)
    kept = {"errors": str(folder / "ended.jsonl.errors.csv")}
    for state, name, cursor in (("done", "ended.jsonl", kept), ("running", "running.jsonl", {})):
        params = {"path": str(folder / name)}
        Job.objects.create(
            project=owner, kind="import", actor="ann", params=params, cursor=cursor, state=state
        )

    assert found() == []


def test_a_full_disk_is_told(settings: Any) -> None:
    settings.DISK_RESERVE = 1 << 60

    assert complaint()[0] == "room"


def test_the_exit_code_says_it(owner: Project) -> None:
    learned(owner, 3)
    out, errors = StringIO(), StringIO()
    call_command("doctor", stdout=out)
    assert "Everything is in order." in out.getvalue()

    ModelInteraction.objects.all()._raw_delete(connection.alias)
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=out, stderr=errors)
    assert ended.value.code == 1
    assert "manage.py rollups --project shop" in out.getvalue()

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", "--project", "nobody", stdout=out, stderr=errors)
    assert ended.value.code == 2


def test_every_check_has_a_name_of_its_own() -> None:
    checks: list[Callable[..., object]] = [*examination.OF_SERVER, *examination.OF_PROJECT]
    names = [examination.name_check(one) for one in checks]

    assert len(set(names)) == len(names)
