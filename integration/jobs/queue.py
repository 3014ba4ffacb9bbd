"""Background jobs: queued, run in steps that commit, cancelled, resumed.

A kind of job is a generator: each step does bounded work and yields a line for the log, or "". It
resumes from `job.cursor`, so a job whose process died continues in another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections
from django.db.models import Q
from django.utils import timezone

from featurememory.audit.record import record
from featurememory.errors import ErrorCode, FeatureMemoryError, handle_feature_memory_error, invalid
from featurememory.models import Activity, Project
from integration import demo
from integration.erasure.steps import run_erasure_steps
from integration.jobs import repricing, uploads
from integration.jobs.history_import import run_import_steps
from integration.jobs.old_jobs import forget_old_jobs
from integration.jobs.retry_failed import run_retry_steps
from integration.models import Job
from integration.repair import recognizer_versions
from integration.repair.follow_split import run_follow_steps
from integration.repair.reprocessing import run_rollup_steps

Steps = Callable[[Job], Iterator[str]]
KINDS: dict[str, tuple[str, Steps]] = {
    "reprocess": ("Re-match every interaction", recognizer_versions.upgrade_and_reprocess),
    "revert": ("Revert to the previous recogniser", recognizer_versions.revert_recognizer),
    "rollups": ("Recount the rollups", run_rollup_steps),
    "import": ("Import a file", run_import_steps),
    "erase": ("Erase interactions", run_erasure_steps),
    "retry_failed": ("Try failed records again", run_retry_steps),
    "demo": ("Load the demo", demo.run_demo_steps),
    "follow_split": ("Move interactions after a split", run_follow_steps),
    "reprice": ("Price the past again", repricing.run_reprice_steps),
}
# A running job without a heartbeat for this long belongs to a process that died.
ABANDONED = timedelta(seconds=60)
LINES = 50
MANY_AT_ONCE = ("import", "erase", "follow_split")
MOST_DRAFTS = 5
UPLOADS_EVERY_S = 60.0


def start_job(project: Project, kind: str, actor: str, params: dict[str, Any] | None = None) -> Job:
    """Queue a job. 409 while one of its kind runs in the project, unless it is among MANY_AT_ONCE; 422
    for its kind."""
    if kind not in KINDS:
        raise invalid(f"must be among {', '.join(KINDS)}", "/kind")
    active = Job.objects.filter(project=project, kind=kind, state__in=("queued", "running"))
    if kind not in MANY_AT_ONCE and active.exists():
        raise FeatureMemoryError(
            f"A job of kind {kind} is already running in this project.", ErrorCode.CONFLICT
        )
    job = Job.objects.create(project=project, kind=kind, actor=actor, params=params or {})
    log_start(job)
    return job


def name_job(job: Job) -> str:
    """What people read: the title of its kind, and the file or thing it is about."""
    title = KINDS[job.kind][0] if job.kind in KINDS else job.kind.replace("_", " ").capitalize()
    about = job.params.get("name")
    return f"{title}: {about}" if about else title


def log_start(job: Job) -> None:
    Activity.objects.create(
        project=job.project,
        actor=job.actor,
        verb="job",
        summary=f"Started: {KINDS[job.kind][0].lower()}",
        link=f"/jobs/{job.pk}/",
    )
    record(job.project_id, "job.started", f"{job.kind} {job.pk}", actor=job.actor)


def draft_import(project: Project, actor: str, params: dict[str, Any]) -> Job:
    """An import that waits until its person has looked at the first rows."""
    return Job.objects.create(
        project=project, kind="import", actor=actor, params=params, state=Job.JobState.PREVIEW
    )


def check_drafts(project: Project) -> None:
    """409 while too many uploads of the project wait to be looked at."""
    if Job.objects.filter(project=project, state="preview").count() >= MOST_DRAFTS:
        raise FeatureMemoryError(
            f"{MOST_DRAFTS} uploads wait to be started: start or cancel one of them first.",
            ErrorCode.CONFLICT,
        )


def start_draft(job: Job, name: str, mapping: dict[str, str]) -> None:
    """Queue a draft, read in this format with these columns. 409 when it was started or cancelled."""
    params = {**job.params, "format": name, "mapping": mapping}
    waiting = Job.objects.filter(pk=job.pk, state="preview")
    if not waiting.update(state=Job.JobState.QUEUED, params=params, created_at=timezone.now()):
        raise FeatureMemoryError("This import has been started already.", ErrorCode.CONFLICT)
    job.refresh_from_db()
    log_start(job)


def start_upgrades() -> int:
    """Queue a reprocess job in every project whose settings need another recogniser; how many."""
    found = [
        project
        for project in Project.objects.all()
        if recognizer_versions.is_upgrade_due(project.pk)
    ]
    for project in found:
        with suppress(FeatureMemoryError):  # one is already running
            start_job(
                project,
                "reprocess",
                "memory",
                {"version": recognizer_versions.find_wanted_version(project.pk)},
            )
    return len(found)


def start_repricing() -> int:
    """Queue a job in every project where a price for the past was added; how many there are."""
    found = Project.objects.filter(pk__in=repricing.find_projects_to_reprice())
    for project in found:
        with suppress(FeatureMemoryError):  # one is running; the next look starts another
            start_job(project, "reprice", "memory")
    return len(found)


def cancel_job(job: Job) -> None:
    """Cancel a job after its current step; what is done stays. 409 when it has ended."""
    waiting = Job.objects.filter(pk=job.pk, state__in=("preview", "queued", "running"))
    if not waiting.update(state=Job.JobState.CANCELLED, ended_at=timezone.now()):
        raise FeatureMemoryError("This job has already ended.", ErrorCode.CONFLICT)
    job.refresh_from_db()
    drop_upload(job)


def drop_upload(job: Job) -> None:
    if "path" in job.params:
        uploads.remove_upload(job.params["path"])


def retry_job(job: Job) -> None:
    """Queue a failed or cancelled job again, from where it stopped. 409 for others."""
    if "path" in job.params and not Path(job.params["path"]).is_file():
        raise FeatureMemoryError(
            "The uploaded file is no longer there: upload it again.", ErrorCode.CONFLICT
        )
    over = Job.objects.filter(pk=job.pk, state__in=("failed", "cancelled"))
    if not over.update(state=Job.JobState.QUEUED, ended_at=None):
        raise FeatureMemoryError(
            "Only a failed or cancelled job can be resumed.", ErrorCode.CONFLICT
        )
    job.refresh_from_db()


def claim_job() -> Job | None:
    """Take the oldest job that no process runs; None when there is none."""
    now = timezone.now()
    abandoned = Q(state="running") & (Q(beat_at__lt=now - ABANDONED) | Q(beat_at=None))
    for job in Job.objects.filter(Q(state="queued") | abandoned).order_by("created_at")[:5]:
        if take_job(job):
            return job
    return None


def take_job(job: Job) -> bool:
    """Make this process the one that runs the job; False when another one has taken it meanwhile."""
    now = timezone.now()
    same = Job.objects.filter(pk=job.pk, state=job.state, beat_at=job.beat_at)
    taken = same.update(state="running", beat_at=now, started_at=job.started_at or now)
    job.refresh_from_db()
    return bool(taken)


def run_job(job: Job) -> None:
    """Run all steps of a job. Never raises: a failed job has the reason in its log."""
    try:
        for line in KINDS[job.kind][1](job):
            if not save_progress(job, line):
                return
    except Exception as error:
        known = handle_feature_memory_error(error)
        append_log(job, f"Failed: {known.message}")
        end_job(job, Job.JobState.FAILED)
        return
    end_job(job, Job.JobState.DONE)


def save_progress(job: Job, line: str) -> bool:
    """Save the progress of a step; False when the job was cancelled meanwhile."""
    if line:
        append_log(job, line)
    progress = {name: getattr(job, name) for name in ("done", "total", "cursor", "log", "unit")}
    running = Job.objects.filter(pk=job.pk, state="running")
    return bool(running.update(**progress, beat_at=timezone.now()))


def append_log(job: Job, line: str) -> None:
    job.log = [*job.log, [timezone.now().isoformat(timespec="seconds"), line[:500]]][-LINES:]


def end_job(job: Job, state: str) -> None:
    now = timezone.now()
    values = {"done": job.done, "total": job.total, "log": job.log, "cursor": job.cursor}
    Job.objects.filter(pk=job.pk, state="running").update(state=state, ended_at=now, **values)
    job.refresh_from_db()
    drop_upload(job)


@dataclass
class Pace:
    """When this process looks at the uploads again (monotonic seconds)."""

    due: float = 0.0


_at_work, _pace = threading.Lock(), Pace()


def run_waiting() -> int:
    """Run queued jobs one at a time; embedded in a separate thread, so that learning continues."""
    forget_stale_uploads_if_due()
    if not Job.objects.filter(state__in=("queued", "running")).exists() or _at_work.locked():
        return 0
    if not settings.EMBEDDED:
        return run_queued_jobs()
    threading.Thread(target=run_in_thread, name="fm-jobs", daemon=True).start()
    return 1


def forget_stale_uploads_if_due() -> bool:
    """Once a minute, whether there are jobs or not; jobs are looked for every other second."""
    now = time.monotonic()
    if now < _pace.due:
        return False
    _pace.due = now + UPLOADS_EVERY_S
    forget_stale_uploads()
    forget_old_jobs()
    return True


def forget_stale_uploads() -> int:
    """Remove uploads nobody started within a day, and what ended jobs left; how many files."""
    old = timezone.now() - timedelta(seconds=uploads.KEPT_S)
    drafts = Job.objects.filter(state="preview", created_at__lt=old)
    drafts.update(state=Job.JobState.CANCELLED, ended_at=timezone.now())
    active = Job.objects.filter(kind="import", state__in=("preview", "queued", "running"))
    in_use = active.values_list("params", flat=True)
    return uploads.remove_stale_uploads(params.get("path", "") for params in in_use)


def run_in_thread() -> None:
    """Run queued jobs in a thread and close its database connection."""
    try:
        run_queued_jobs()
    finally:
        close_old_connections()


def run_queued_jobs() -> int:
    """Run queued jobs until there is none; how many were run."""
    count = 0
    with _at_work:
        while (job := claim_job()) is not None:
            run_job(job)
            count += 1
    return count
