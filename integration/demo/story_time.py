"""Moves what a step has written from our clock to the time of the story.

Engines take their time from the traffic; rows of history, activity and gauges take it from the clock.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.db.models import F, OuterRef, Subquery
from django.utils import timezone

from featurememory.database.write_lock import write_turn
from featurememory.models import Activity, ConfigVersion, Project
from integration.resources import measure_engine, sample_process
from optimizations.models import Decision, Optimization, OptimizationEvent
from patterns.models import ModelInteraction, Operation, Pattern, PatternEvent, ProjectHour
from patterns.statistics.rollups import HOUR_MS

COUNTED_EVERY = 25  # steps between two counts of what the engine holds: one takes 0.2 s
STAMPED = (Activity, ConfigVersion, Operation, OptimizationEvent, PatternEvent)


class StoryClock:
    """Everything of the project that is stamped later than its creation is new."""

    def __init__(self, project: Project) -> None:
        self.project, self.began = project, timezone.now()
        self.began_ms = round(self.began.timestamp() * 1000)
        self.engine_bytes, self.moved, self.last_hour = 0, 0, 0

    def move_to(self, moment_ms: int) -> None:
        """Stamp what is new with this moment (ms since the epoch)."""
        at = datetime.fromtimestamp(moment_ms / 1000, UTC)
        with write_turn():
            for model in STAMPED:
                rows = model._default_manager.filter(project=self.project, at__gte=self.began)
                rows.update(at=at)
            self.move_patterns(at)
            self.move_calls()
            self.move_hour(moment_ms // HOUR_MS)

    def move_patterns(self, at: datetime) -> None:
        Pattern.objects.filter(project=self.project, archived_at__gte=self.began).update(
            archived_at=at
        )
        changed = Optimization.objects.filter(project=self.project, updated_at__gte=self.began)
        changed.update(updated_at=at)

    def move_calls(self) -> None:
        """A call was received when it happened, and decided just before."""
        rows = ModelInteraction.objects.filter(project=self.project, received_at__gte=self.began_ms)
        rows.update(received_at=F("timestamp"), recognized_at=F("timestamp") + 5)
        happened = ModelInteraction.objects.filter(pk=OuterRef("interaction"))
        decided = Decision.objects.filter(
            project=self.project, at__gte=self.began_ms, interaction__isnull=False
        )
        decided.update(at=Subquery(happened.values("timestamp")[:1]) - 20)

    def move_hour(self, hour: int) -> None:
        """The gauges of this step, as measured now, belong to the story's hour."""
        rows = ProjectHour.objects.filter(project=self.project)
        row = rows.filter(hour=int(time.time()) // 3600).first()
        if row is None or rows.filter(hour=hour).exclude(pk=row.pk).exists():
            return  # it is counted together with the next step
        used = sample_process()
        row.hour, row.samples, row.disk_bytes = hour, 1, used.disk_bytes
        row.memory_bytes = used.memory_bytes
        if self.moved % COUNTED_EVERY == 0:
            self.engine_bytes = measure_engine()
        self.moved += 1
        row.engine_bytes = self.engine_bytes
        for field, status in (
            ("validated", Pattern.PatternStatus.VALIDATED),
            ("candidates", Pattern.PatternStatus.CANDIDATE),
            ("drifting", Pattern.PatternStatus.DRIFTING),
        ):
            found = Pattern.objects.filter(project=self.project, status=status)
            setattr(row, field, found.count())
        row.save()
        self.fill_quiet_hours(row)

    def fill_quiet_hours(self, row: ProjectHour) -> None:
        """A server measures every hour, also between two steps."""
        names = (
            "memory_bytes",
            "engine_bytes",
            "disk_bytes",
            "validated",
            "candidates",
            "drifting",
        )
        gauges = {name: getattr(row, name) for name in names}
        quiet = range(self.last_hour + 1, row.hour) if self.last_hour else ()
        ProjectHour.objects.bulk_create(
            [ProjectHour(project=self.project, hour=hour, samples=1, **gauges) for hour in quiet],
            ignore_conflicts=True,
        )
        self.last_hour = row.hour
