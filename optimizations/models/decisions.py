"""Every decision, what it applied, and outcomes that wait for theirs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from featurememory.models import Project


class Decision(models.Model):
    """What `prepare` decided, why and with which propensity. Only `interaction` is edited later.

    `data` holds request and decision as the engine's own values (see `decision_log/log.py`).
    """

    number = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    id = models.CharField(max_length=36)
    at = models.BigIntegerField(help_text="Our clock, ms since the epoch")
    pattern_id = models.UUIDField(null=True)
    optimization_id = models.CharField(max_length=64, null=True)
    arm = models.CharField(max_length=10, blank=True, default="")
    reason = models.CharField(max_length=10, default="none")
    propensity = models.FloatField(default=1.0)
    policy_version = models.BigIntegerField(default=0)
    data = models.BinaryField(default=b"")
    interaction = models.BigIntegerField(null=True, help_text="Number of the one that counts")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "id"], name="decision_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "-number"], name="decision_recent"),
            models.Index(fields=["project", "optimization_id", "-number"], name="decision_of"),
        ]

    def __str__(self) -> str:
        return self.id


class AppliedOptimization(models.Model):
    """A second, third … optimization of one decision; the first is in the decision's own row."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    optimization_id = models.CharField(max_length=64)
    decision_id = models.CharField(max_length=36)
    arm = models.CharField(max_length=10)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "optimization_id", "decision_id"], name="applied_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "decision_id"], name="applied_in_decision")
        ]

    def __str__(self) -> str:
        return f"{self.optimization_id} in {self.decision_id}"


class WaitingOutcome(models.Model):
    """The queue of the engine: interactions it has not counted, and corrections of counted ones.

    Written in the transaction that learns (or corrects) an interaction, removed in the one that
    saves the evidence: a crash in between counts nothing twice and skips nothing.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    interaction = models.BigIntegerField(help_text="Its number")
    before = models.JSONField(null=True, help_text="Correction: success and score until now")

    def __str__(self) -> str:
        return str(self.interaction)
