"""Rows of patterns, their history, and the changes to many that one Undo reverts."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from featurememory.models import Project

FEW = 1000


class PatternQuerySet(models.QuerySet["Pattern"]):
    def stored(self) -> PatternQuerySet:
        return self.exclude(status=Pattern.PatternStatus.ARCHIVED)

    def narrowed(self) -> PatternQuerySet:
        """The same rows, by their ids where few match.

        An order is read through its index, row by row, until a page is full. Where hardly any row matches
        that visits all of them, three times as slowly as reading the table from its start.
        """
        ids = list(self.order_by().values_list("pk", flat=True)[: FEW + 1])
        return self if len(ids) > FEW else self.model.objects.filter(pk__in=ids)


class Pattern(models.Model):
    """A recurring task. The columns mirror the engine's `state`, which is authoritative."""

    class PatternStatus(models.TextChoices):
        CANDIDATE = "candidate"
        VALIDATED = "validated"
        DRIFTING = "drifting"
        ARCHIVED = "archived"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    model_id = models.CharField(max_length=200, help_text="The model that serves it by default")
    task_type = models.CharField(max_length=200, blank=True, default="")
    kind = models.CharField(max_length=20, blank=True, default="")
    label = models.CharField(max_length=200, null=True, blank=True)
    template = models.TextField(blank=True, default="", help_text="Static text, slots as <name>")
    parts = models.JSONField(default=list, help_text='[["Where is ", ""], ["", "order_id"]]')
    slots = models.JSONField(default=list)
    features = models.JSONField(default=list)
    status = models.CharField(
        max_length=12, choices=PatternStatus.choices, default=PatternStatus.CANDIDATE
    )
    pinned = models.BooleanField(default=False)
    confidence = models.FloatField(default=0.0)
    calibrated = models.BooleanField(default=False)
    effectiveness = models.FloatField(null=True)
    # Of all time, from the rollups; written by `list_figures`, for lists to be sorted by.
    success_rate = models.FloatField(null=True)
    duration_p95 = models.FloatField(null=True, help_text="Milliseconds")
    tokens_mean = models.FloatField(null=True)
    use_count = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    last_used = models.DateTimeField(null=True)
    recognizer_version = models.CharField(max_length=20, default="1")
    size_bytes = models.PositiveIntegerField(default=0)
    state = models.BinaryField(null=True, help_text="The engine's state, msgpack")
    archived_at = models.DateTimeField(null=True)
    archived_by = models.CharField(max_length=150, blank=True, default="")
    archived_why = models.CharField(max_length=200, blank=True, default="")
    redirect_to = models.UUIDField(null=True, help_text="Merged: the pattern that took over")

    objects: ClassVar[Any] = PatternQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "status", "-use_count", "id"], name="pattern_by_uses"),
            models.Index(fields=["project", "-use_count", "id"], name="pattern_uses"),
            models.Index(fields=["project", "-confidence", "id"], name="pattern_confidence"),
            models.Index(fields=["project", "-effectiveness", "id"], name="pattern_effect"),
            models.Index(fields=["project", "-success_rate", "id"], name="pattern_success"),
            models.Index(fields=["project", "-duration_p95", "id"], name="pattern_p95"),
            models.Index(fields=["project", "-tokens_mean", "id"], name="pattern_tokens"),
            models.Index(fields=["project", "-last_used", "id"], name="pattern_last_used"),
            models.Index(fields=["project", "-created_at", "id"], name="pattern_created"),
            models.Index(fields=["project", "status", "-archived_at"], name="pattern_trash"),
            # Few rows: who was merged into a pattern, asked by every page that shows patterns.
            models.Index(
                fields=["redirect_to"],
                name="pattern_redirect",
                condition=models.Q(redirect_to__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.template[:80] or str(self.id)


class PatternEvent(models.Model):
    """One entry of a pattern's history: template, merged, split, label, pinned, pruned …"""

    NOTE = "note"  # its text is in `details`

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    pattern_id = models.UUIDField()
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=20)
    actor = models.CharField(max_length=150, default="memory")
    template = models.TextField(blank=True, default="")
    details = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "pattern_id", "-id"], name="pattern_event_recent")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pattern_id}"


class Operation(models.Model):
    """A change to many patterns that one Undo reverts as a whole."""

    LIFETIME_DAYS = 30

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    kind = models.CharField(max_length=20)
    actor = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True)
    affected = models.PositiveIntegerField(default=0)
    before = models.JSONField(default=dict, help_text="What Undo needs, by pattern id")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "-at"], name="operation_recent")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.affected} patterns"
