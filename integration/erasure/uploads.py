"""Files and logs of imports, which may hold the same texts as what they brought in."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from featurememory.models import Project
from integration.models import Job

ERRORS = ".errors.csv"  # behind the name of an upload: its refused rows


def delete_uploads(project: Project) -> None:
    """Files of imports that are over, and of drafts, which end with it. Their refused rows go too, since
    a reason may quote a value."""
    own = Job.objects.filter(project=project, kind="import")
    own.filter(state="preview").update(state="cancelled", ended_at=timezone.now())
    for job in own.exclude(state__in=("queued", "running")):
        upload = str(job.params.get("path", ""))
        delete_file(upload)
        delete_file(upload + ERRORS)
        forget_refused_rows(job)


def forget_refused_rows(job: Job) -> None:
    """The file of its refused rows and its log."""
    delete_file(str(job.cursor.get("errors", "")))
    if job.log or job.cursor.get("errors"):
        Job.objects.filter(pk=job.pk).update(log=[], cursor={})


def delete_file(name: str) -> None:
    """Only in the folder of uploads: a path elsewhere was never one."""
    path = Path(name).resolve()
    if path.parent == (settings.DATA_DIR / "uploads").resolve():
        path.unlink(missing_ok=True)
