"""Long work: queued, run in steps, cancelled, taken up again."""

from __future__ import annotations

import gzip
import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum
from django.utils import timezone

from featurememory.errors import ErrorCode, FeatureMemoryError
from integration.jobs import old_jobs, queue, uploads
from integration.learning.feedback import FeedbackIn, store_feedback
from integration.models import Job
from integration.repair import reprocessing
from patterns.models import ModelInteraction, Pattern, PatternHour
from patterns.retention.delete_interactions import forget_interactions
from patterns.statistics import recount
from tests.builders import item, keep, learn_all, learned, project, rebuilt_figures, rollup_figures

pytestmark = pytest.mark.django_db


def finished(job: Job) -> Job:
    queue.run_queued_jobs()
    job.refresh_from_db()
    return job


def test_reprocessing_moves_an_interaction_back_to_the_pattern_it_fits() -> None:
    owner = project()
    first, other = learned(owner, 12, tasks=2)
    row = ModelInteraction.objects.filter(project=owner, pattern_id=first.pk).first()
    ModelInteraction.objects.filter(pk=row.pk).update(pattern_id=other.pk)
    job = finished(queue.start_job(owner, "reprocess", "maria"))

    row.refresh_from_db()
    assert (job.state, row.pattern_id) == ("done", first.pk)
    assert "1 of 12 interactions moved" in job.log[-1][1]


def test_after_reprocessing_use_counts_still_add_up() -> None:
    owner = project()
    learned(owner, 12, tasks=2)
    finished(queue.start_job(owner, "reprocess", "maria"))

    assert Pattern.objects.filter(project=owner).aggregate(n=Sum("use_count"))["n"] == 12


def test_counting_the_rollups_again_mends_what_was_wrong() -> None:
    owner = project()
    learned(owner, 12, tasks=2)
    before = rollup_figures(owner)
    PatternHour.objects.filter(project=owner).update(count=999)
    job = finished(queue.start_job(owner, "rollups", "maria"))

    assert job.state == "done"
    assert rollup_figures(owner) == before == rebuilt_figures(owner)


@pytest.mark.parametrize("target", ["interaction_id", "session_id", "decision_id"])
def test_feedback_that_comes_while_the_rollups_are_counted_is_kept(
    monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    owner = project()
    learned(owner, 12, tasks=2, session_id="i-3", decision_id="i-3")
    given = FeedbackIn(metric_name="score", value=0.25, **{target: "i-3"})
    monkeypatch.setattr(reprocessing, "renew_lease", lambda _: store_feedback(owner, given))
    finished(queue.start_job(owner, "rollups", "maria"))

    assert rollup_figures(owner) == rebuilt_figures(owner)


def test_interactions_forgotten_while_the_rollups_are_counted_stay_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    learned(owner, 12, tasks=2)
    before = rollup_figures(owner)
    count = recount.recount_rollups

    def forget_and_count(*args: Any) -> list[PatternHour]:
        forget_interactions(owner, 12)
        return count(*args)

    monkeypatch.setattr(recount, "recount_rollups", forget_and_count)
    finished(queue.start_job(owner, "rollups", "maria"))

    assert rollup_figures(owner) == before


def test_counting_for_long_is_a_sign_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = project()
    learned(owner, 3)
    job = queue.start_job(owner, "rollups", "maria")
    seen: list[Any] = []

    def recount_slowly(*args: Any) -> list[Any]:
        Job.objects.update(beat_at=None)
        args[2](3)
        seen.append(Job.objects.get(pk=job.pk).beat_at)
        return []

    monkeypatch.setattr(recount, "recount_rollups", recount_slowly)
    finished(job)
    assert seen[0] is not None


def test_a_job_that_was_taken_is_not_taken_again() -> None:
    job = queue.start_job(project(), "rollups", "maria")
    seen = Job.objects.get(pk=job.pk)

    assert queue.take_job(job)
    assert not queue.take_job(seen)
    assert queue.claim_job() is None


def test_hours_with_forgotten_interactions_keep_what_was_counted() -> None:
    owner = project()
    learned(owner, 12, tasks=2)
    before = rollup_figures(owner)
    forget_interactions(owner, 12)
    finished(queue.start_job(owner, "rollups", "maria"))

    assert rollup_figures(owner) == before


def test_an_import_stores_every_line_and_says_which_are_wrong(
    tmp_path: Path, settings: Any
) -> None:
    owner, settings.DATA_DIR = project(), tmp_path
    path = tmp_path / "uploads" / "history.jsonl.gz"
    path.parent.mkdir()
    lines = [json.dumps(item(1)).encode(), b"{oops", json.dumps(item(2)).encode()]
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    job = finished(
        queue.start_job(owner, "import", "maria", {"path": str(path), "name": "history"})
    )

    assert ModelInteraction.objects.filter(project=owner).count() == 2
    assert next(text for _, text in job.log).startswith("Line 2:")
    assert not path.exists()
    assert Path(job.cursor["errors"]).read_text().splitlines()[1].startswith("2,")
    assert job.cursor["counts"].startswith("2 stored, 0 duplicates, 1 rejected, ")


def test_an_upload_goes_with_its_cancelled_job_which_cannot_go_on(
    tmp_path: Path, settings: Any
) -> None:
    settings.DATA_DIR = tmp_path
    saved = uploads.save_upload(SimpleUploadedFile("history.jsonl", b"{}"))
    job = queue.start_job(project(), "import", "maria", dict(saved))
    queue.cancel_job(job)

    assert not Path(saved["path"]).exists()
    with pytest.raises(FeatureMemoryError, match="upload it again"):
        queue.retry_job(job)


def test_what_nobody_started_is_removed_after_a_day(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR, owner = tmp_path, project()
    files = [uploads.save_upload(SimpleUploadedFile("history.jsonl", b"{}")) for _ in range(3)]
    for saved in files[:2]:
        os.utime(saved["path"], (1, 1))
    kept = queue.start_job(owner, "import", "maria", dict(files[0]))
    draft = queue.draft_import(owner, "maria", dict(files[1]))
    Job.objects.filter(pk=draft.pk).update(created_at=timezone.now() - timedelta(days=2))

    assert queue.forget_stale_uploads() == 1
    assert [Path(saved["path"]).exists() for saved in files] == [True, False, True]
    draft.refresh_from_db()
    assert (draft.state, kept.state) == ("cancelled", "queued")


def test_only_so_many_uploads_wait_to_be_started() -> None:
    owner = project()
    for _ in range(queue.MOST_DRAFTS):
        queue.draft_import(owner, "maria", {})

    with pytest.raises(FeatureMemoryError, match="start or cancel one"):
        queue.check_drafts(owner)
    assert queue.claim_job() is None


def test_a_job_whose_process_died_is_taken_up_again() -> None:
    owner = project()
    keep(owner, [item()])
    learn_all(owner)
    job = queue.start_job(owner, "reprocess", "maria")
    long_ago = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(pk=job.pk).update(state="running", beat_at=long_ago)

    assert finished(job).state == "done"


def test_a_cancelled_job_stops_after_the_step_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    def steps(job: Job) -> Any:
        for number in range(5):
            job.done = number
            if number == 2:
                queue.cancel_job(Job.objects.get(pk=job.pk))
            yield ""

    monkeypatch.setitem(queue.KINDS, "reprocess", ("Test", steps))
    job = finished(queue.start_job(project(), "reprocess", "maria"))

    assert (job.state, job.done) == ("cancelled", 1)


def test_a_failed_job_says_why_and_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(job: Job) -> Any:
        yield "one"
        raise FeatureMemoryError("The file is gone.", code=ErrorCode.NOT_FOUND)

    monkeypatch.setitem(queue.KINDS, "reprocess", ("Test", broken))
    job = finished(queue.start_job(project(), "reprocess", "maria"))
    assert (job.state, job.log[-1][1]) == ("failed", "Failed: The file is gone.")

    queue.retry_job(job)
    assert job.state == "queued"


def test_a_second_job_of_the_same_kind_is_refused_while_one_waits() -> None:
    owner = project()
    queue.start_job(owner, "reprocess", "maria")

    with pytest.raises(FeatureMemoryError, match="already running"):
        queue.start_job(owner, "reprocess", "maria")


def uploaded(path: Path, content: bytes) -> Job:
    path.parent.mkdir()
    path.write_bytes(content)
    return queue.start_job(project(), "import", "maria", {"path": str(path), "name": path.name})


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08broken", gzip.compress(b"")])
def test_an_upload_goes_when_its_job_ends_however_it_ends(
    tmp_path: Path, settings: Any, content: bytes
) -> None:
    settings.DATA_DIR = tmp_path
    path = tmp_path / "uploads" / "history.jsonl.gz"
    job = finished(uploaded(path, content))

    assert job.state in ("failed", "done")
    assert not path.exists()


def test_uploads_are_looked_at_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(queue, "forget_stale_uploads", lambda: looks.append(1))
    monkeypatch.setattr(queue, "_pace", queue.Pace())
    for _ in range(3):
        queue.run_waiting()
    assert looks == [1]

    queue._pace.due = 0.0
    queue.run_waiting()
    assert looks == [1, 1]


def test_jobs_of_long_ago_and_the_oldest_of_very_many_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = project()
    monkeypatch.setattr(old_jobs, "MOST", 2)
    now = timezone.now()

    def made(days: int, state: str = "done") -> Job:
        at = now - timedelta(days=days)
        return Job.objects.create(
            project=owner, kind="rollups", state=state, actor="a", created_at=at, ended_at=at
        )

    old, waiting = made(366), made(400, "queued")
    kept = [made(days) for days in (3, 2, 1)]

    assert old_jobs.forget_old_jobs() == 2
    assert set(Job.objects.values_list("pk", flat=True)) == {
        waiting.pk,
        *(row.pk for row in kept[1:]),
    }
    assert not Job.objects.filter(pk=old.pk).exists()
