"""Answers beside the one that was used: of shadows, and to evaluated tasks."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from featurememory.models import Project


class ShadowAnswer(models.Model):
    """What an alternative answered to a task that another model served; never an interaction.

    The engine owns `state`; whoever changes what it is judged by (scores, `verdict`) raises `turn`
    and sets `due`, so that it is looked at again. `verdict`: 1 better, 0 same, -1 worse than the
    answer that was served.
    """

    class PairState(models.IntegerChoices):
        NEW = 0, "Not looked at"
        WAITING = 1, "Cannot be compared yet"
        OPEN = 2, "Differs, counted as the worst until somebody judges it"
        COUNTED = 3, "Counted"
        LOST = 4, "What it belongs to never came"

    number = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    shadow_id = models.CharField(max_length=64)
    decision_id = models.CharField(max_length=36)
    optimization_id = models.CharField(max_length=64, blank=True, default="")
    pattern_id = models.UUIDField(null=True)
    model_id = models.CharField(max_length=200)
    at = models.BigIntegerField(help_text="Our clock, ms since the epoch")
    timestamp = models.BigIntegerField(default=0, help_text="The caller's, ms since the epoch")
    duration = models.FloatField(null=True)
    input_tokens = models.FloatField(null=True)
    output_tokens = models.FloatField(null=True)
    cached_input_tokens = models.FloatField(null=True)
    cache_write_tokens = models.FloatField(null=True)
    reasoning_tokens = models.FloatField(null=True)
    extended_cache_write_tokens = models.FloatField(null=True)
    cost = models.FloatField(null=True)
    success = models.BooleanField(null=True)
    score = models.FloatField(null=True)
    failed = models.BooleanField(default=False)
    verdict = models.SmallIntegerField(null=True)
    counted_verdict = models.FloatField(null=True, help_text="The one that the engine knows")
    judged_by = models.CharField(max_length=150, blank=True, default="")
    agreed = models.BooleanField(null=True)
    state = models.PositiveSmallIntegerField(choices=PairState.choices, default=PairState.NEW)
    due = models.BooleanField(default=True)
    turn = models.PositiveIntegerField(default=0)
    data = models.BinaryField(default=b"", help_text="Output, parameters and error, compressed")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "shadow_id"], name="shadow_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "due", "number"], name="shadow_due"),
            models.Index(fields=["project", "decision_id"], name="shadow_of_decision"),
            models.Index(fields=["project", "optimization_id", "-number"], name="shadow_of"),
        ]

    def __str__(self) -> str:
        return self.shadow_id


class EvaluationTask(models.Model):
    """One task of an evaluation set with the scored answers of several models; never traffic.

    `answers` are objects with `model_id`, `parameters`, `score`, `success`, `cost`, `duration` and the
    classes of tokens; the last one of a model with the same parameters counts.
    """

    class EvaluationState(models.IntegerChoices):
        NEW = 0, "Not matched to a pattern yet"
        MATCHED = 1, "Matched, not counted yet"
        COUNTED = 2, "Counted"

    number = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    set_name = models.CharField(max_length=100)
    digest = models.CharField(max_length=32, help_text="Of task type and input")
    task_type = models.CharField(max_length=200, blank=True, default="")
    at = models.BigIntegerField(help_text="Our clock, ms since the epoch")
    pattern_id = models.UUIDField(null=True)
    state = models.PositiveSmallIntegerField(
        choices=EvaluationState.choices, default=EvaluationState.NEW
    )
    answers = models.JSONField(default=list)
    data = models.BinaryField(default=b"", help_text="The input, compressed")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "set_name", "digest"], name="evaluation_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["project", "state", "number"], name="evaluation_due"),
        ]

    def __str__(self) -> str:
        return f"{self.set_name} {self.digest[:8]}"
