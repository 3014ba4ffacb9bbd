"""Optimizations, what happened to them, and how the evidence grew."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from featurememory.models import Project


class OptimizationStatus(models.TextChoices):
    CANDIDATE = "candidate"
    SHADOW = "shadow"
    TRIAL = "trial"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    REJECTED = "rejected"


class ManualControl(models.TextChoices):
    NONE = "", "Left to the evidence"
    PINNED = "pinned"
    BLOCKED = "blocked"


class Optimization(models.Model):
    """A change to tasks and what is known of its effect; mirrors the engine's state (`state`)."""

    number = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    id = models.CharField(max_length=64, help_text="The engine's id")
    type = models.CharField(max_length=40)
    pattern_id = models.UUIDField(null=True, help_text="Null: every pattern of the task type")
    task_type = models.CharField(max_length=200, blank=True, default="")
    params = models.JSONField(default=dict)
    status = models.CharField(
        max_length=12, choices=OptimizationStatus.choices, default=OptimizationStatus.CANDIDATE
    )
    control = models.CharField(max_length=8, choices=ManualControl.choices, blank=True, default="")
    effectiveness = models.FloatField(default=0.0)
    n_treated = models.BigIntegerField(default=0)
    n_control = models.BigIntegerField(default=0)
    summary = models.CharField(max_length=400, blank=True, default="")
    state = models.BinaryField(default=b"", help_text="The engine's state, msgpack")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    last_used = models.DateTimeField(null=True)
    made_by = models.CharField(max_length=150, default="memory")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "id"], name="optimization_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "status", "-number"], name="optimization_states"),
            models.Index(fields=["project", "pattern_id"], name="optimization_pattern"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.params}"


class OptimizationEvent(models.Model):
    """One transition with the evidence it was made on. Never edited. `moment` is the time of the
    traffic (newest interaction seen, ms since the epoch), `at` that of our clock."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    optimization_id = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)
    moment = models.BigIntegerField(default=0)
    before = models.CharField(max_length=12, blank=True, default="")
    after = models.CharField(max_length=12)
    actor = models.CharField(max_length=150, default="memory")
    code = models.CharField(max_length=40, blank=True, default="")
    reason = models.CharField(max_length=400, blank=True, default="")
    evidence = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "optimization_id", "-id"], name="optimization_events")
        ]

    def __str__(self) -> str:
        return f"{self.optimization_id}: {self.before} to {self.after}"


class EvidencePoint(models.Model):
    """The effect and its interval as they stood after `n` outcomes: the line of the detail page."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    optimization_id = models.CharField(max_length=64)
    moment = models.BigIntegerField()
    n = models.IntegerField()
    point = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "optimization_id", "id"], name="evidence_points")
        ]

    def __str__(self) -> str:
        return f"{self.optimization_id} after {self.n}"
