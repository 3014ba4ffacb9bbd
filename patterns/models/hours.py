"""Rows of hourly sums: what every chart and figure reads."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from featurememory.models import Project


class PatternHour(models.Model):
    """Sums and a duration sketch per hour x pattern x model: what every chart and figure reads.

    `hour` counts hours since the epoch. Sums add up over any rows, `durations` (a t-digest,
    Dunning and Ertl 2019) merges. Rebuildable from the interactions: see `recount.recount_rollups`.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    hour = models.IntegerField()
    pattern_id = models.UUIDField()
    model_id = models.CharField(max_length=200)
    count = models.IntegerField(default=0)
    successes = models.IntegerField(default=0)
    judged = models.IntegerField(default=0, help_text="Interactions with a known success")
    quality_sum = models.FloatField(default=0.0)
    quality_count = models.IntegerField(default=0)
    duration_sum = models.FloatField(default=0.0)
    duration_count = models.IntegerField(
        default=0, help_text="Known durations of calls that did not fail"
    )
    input_tokens = models.FloatField(default=0.0)
    output_tokens = models.FloatField(default=0.0)
    tokens_sum = models.FloatField(default=0.0)
    tokens_count = models.IntegerField(default=0)
    memory_sum = models.FloatField(default=0.0)
    memory_count = models.IntegerField(default=0)
    cost_sum = models.FloatField(default=0.0)
    cost_count = models.IntegerField(default=0)
    call_cost_sum = models.FloatField(default=0.0, help_text="Of the calls that did not fail")
    call_cost_count = models.IntegerField(default=0)
    durations = models.BinaryField(default=b"")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "hour", "pattern_id", "model_id"], name="pattern_hour_once"
            )
        ]
        indexes: ClassVar = [
            # With the count: the sparklines of a list add up a thousand rows a pattern from it.
            models.Index(
                fields=["project", "pattern_id", "hour", "count"], name="pattern_hour_counts"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pattern_id} {self.model_id} {self.hour}"


class ProjectHour(models.Model):
    """Per hour and project: what was recognised and the resources used. Gauges keep the last value."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    hour = models.IntegerField()
    received = models.IntegerField(default=0)
    recognized = models.IntegerField(default=0)
    matched = models.IntegerField(default=0, help_text="Recognised by a pattern known before")
    recognition_ms = models.BinaryField(default=b"", help_text="t-digest of engine times, ms")
    validated = models.IntegerField(default=0)
    candidates = models.IntegerField(default=0)
    drifting = models.IntegerField(default=0)
    memory_bytes = models.BigIntegerField(default=0, help_text="Resident memory, hourly maximum")
    engine_bytes = models.BigIntegerField(
        default=0,
        help_text="Of it, what learning and deciding hold, counted; hourly maximum",
    )
    disk_bytes = models.BigIntegerField(default=0)
    cpu_share = models.FloatField(default=0.0, help_text="Cores used, mean of the samples")
    queue = models.IntegerField(default=0, help_text="Interactions waiting, hourly maximum")
    samples = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "hour"], name="project_hour_once")
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.hour}"
