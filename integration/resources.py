"""Samples memory, CPU and disk of this process into the hourly rollups."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import Count

from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from optimizations.policy_runtime.policy_memory import measure_policies
from patterns.ingest.backpressure import count_waiting, read_resident_bytes
from patterns.models import Pattern
from patterns.recognition.recognizer_memory import measure_recognizers
from patterns.retention import disk_usage, forecast
from patterns.statistics.rollups import HOUR_MS, lock_project_hour

ENGINE_EVERY = 5  # samples between two counts of what the engine holds: one takes about 0.3 s


@dataclass(frozen=True)
class ProcessSample:
    """Bytes resident, bytes on disk, seconds of CPU used so far, and when (monotonic seconds)."""

    memory_bytes: int
    disk_bytes: int
    cpu_seconds: float
    at: float


def sample_process() -> ProcessSample:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return ProcessSample(
        read_resident_bytes(),
        measure_disk_bytes(),
        usage.ru_utime + usage.ru_stime,
        time.monotonic(),
    )


def measure_engine() -> int:
    """Bytes that learning and deciding hold in this process, counted from their own structures: what
    libraries, caches of the database and pages take is no part of it."""
    return measure_recognizers() + measure_policies()


def measure_disk_bytes() -> int:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
    if settings.STORAGE == "memory":
        return 0
    paths = settings.DATA_DIR.glob("featurememory.sqlite3*")
    return sum(path.stat().st_size for path in paths if path.exists())


class ResourceManager:
    """Samples this process into `ProjectHour`: memory and queue as hourly maximum, CPU as mean. Also
    counts what pages show of storage, where counting takes long."""

    def __init__(self) -> None:
        self.last = sample_process()
        self.engine_bytes, self.taken = 0, 0

    def sample(self) -> ProcessSample:
        """Take a sample and add it to the current hour of every project."""
        now = sample_process()
        elapsed = max(1e-3, now.at - self.last.at)
        cores = (now.cpu_seconds - self.last.cpu_seconds) / elapsed
        self.last = now
        if self.taken % ENGINE_EVERY == 0:
            self.engine_bytes = measure_engine()
        self.taken += 1
        queue = int(count_waiting())
        for project in Project.objects.all():
            self._note(project, now, cores, queue)
            forecast.count_rules(project)
        disk_usage.measure_table_sizes()
        return now

    def _note(self, project: Project, now: ProcessSample, cores: float, queue: int) -> None:
        counts = dict(
            Pattern.objects.filter(project=project).values_list("status").annotate(Count("pk"))
        )
        with write_turn():
            row = lock_project_hour(project.pk, int(time.time() * 1000) // HOUR_MS)
            row.memory_bytes = max(row.memory_bytes, now.memory_bytes)
            row.engine_bytes = max(row.engine_bytes, self.engine_bytes)
            row.disk_bytes = now.disk_bytes
            row.queue = max(row.queue, queue)
            row.cpu_share = (row.cpu_share * row.samples + cores) / (row.samples + 1)
            row.samples += 1
            row.validated = counts.get("validated", 0)
            row.candidates = counts.get("candidate", 0)
            row.drifting = counts.get("drifting", 0)
            row.save()
