"""Hourly sums: what was spent and saved, and how each arm did."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from featurememory.models import Project


class LedgerHour(models.Model):
    """Sums of what one optimization saved in one hour, as the engine's ledger defines them."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    hour = models.IntegerField(help_text="Hours since the epoch")
    optimization_id = models.CharField(max_length=64)
    verified = models.BooleanField(default=False)
    n = models.BigIntegerField(default=0)
    sums = models.JSONField(default=list, help_text="[cost, tokens, milliseconds]")
    variances = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "hour", "optimization_id", "verified"], name="ledger_hour_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "optimization_id", "hour"], name="ledger_of")
        ]

    def __str__(self) -> str:
        return f"{self.optimization_id} {self.hour}"


class ArmHour(models.Model):
    """Quality of judged calls in one hour, with memory and in the holdout, on the same work."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    hour = models.IntegerField(help_text="Hours since the epoch")
    arm = models.CharField(max_length=8, help_text="memory or holdout")
    n = models.BigIntegerField(default=0)
    weight = models.FloatField(default=0.0)
    squares = models.FloatField(default=0.0)
    quality = models.FloatField(default=0.0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "hour", "arm"], name="arm_hour_once")
        ]

    def __str__(self) -> str:
        return f"{self.arm} {self.hour}"
