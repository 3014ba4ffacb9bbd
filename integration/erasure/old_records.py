"""What quotes texts that a project no longer keeps: reasons of failures, imports, lines of activity."""

from __future__ import annotations

from datetime import datetime

from featurememory.database.write_lock import write_turn
from featurememory.models import Activity, Project
from integration.erasure.uploads import forget_refused_rows
from integration.models import Job
from patterns.models import FailedRecord
from patterns.retention.old_texts import GONE

# What people did to one pattern is told with its template of that time, which may be its first text.
QUOTING = {"edit": "Edited", "split": "Split"}


def strip_records(project: Project, moment: datetime) -> None:
    """Those from before this moment; that something failed, ran or was done stays."""
    with write_turn():
        failures = FailedRecord.objects.filter(project=project, at__lt=moment)
        failures.exclude(reason=GONE).update(reason=GONE)
        for verb, word in QUOTING.items():
            lines = Activity.objects.filter(project=project, verb=verb, at__lt=moment)
            told = f"{word} a pattern ({GONE})"
            lines.exclude(summary=told).update(summary=told)
    for job in Job.objects.filter(project=project, kind="import", ended_at__lt=moment):
        forget_refused_rows(job)
