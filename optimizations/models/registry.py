"""Models that tasks may be routed to, and their dated prices."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone

from featurememory.models import Project


class RegisteredModel(models.Model):
    """A model that tasks may be routed to, and which of its parameters may be tuned."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    model_id = models.CharField(max_length=200)
    task_types = models.JSONField(default=list, help_text="Empty: it can serve every task type")
    capabilities = models.JSONField(default=dict)
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "model_id"], name="model_once")
        ]
        verbose_name = "model"

    def __str__(self) -> str:
        return self.model_id


class ModelPrice(models.Model):
    """What a model costs from `effective_from` on, in the project's currency. Null: unpriced."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    model_id = models.CharField(max_length=200)
    effective_from = models.BigIntegerField(help_text="Milliseconds since the epoch")
    input_per_1m = models.FloatField(null=True)
    output_per_1m = models.FloatField(null=True)
    cached_input_per_1m = models.FloatField(null=True)
    cache_write_per_1m = models.FloatField(null=True)
    extended_cache_write_per_1m = models.FloatField(null=True)
    reasoning_per_1m = models.FloatField(null=True)
    per_call = models.FloatField(null=True)
    long_prompt_above = models.FloatField(
        null=True, help_text="Tokens; a call with more input has the prices below"
    )
    long_input_per_1m = models.FloatField(null=True)
    long_output_per_1m = models.FloatField(null=True)
    long_cached_input_per_1m = models.FloatField(null=True)
    long_cache_write_per_1m = models.FloatField(null=True)
    long_extended_cache_write_per_1m = models.FloatField(null=True)
    source = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="Page of a shipped price; empty: a person's",
    )
    applied = models.BooleanField(
        default=True, help_text="False: what was stored before has not been priced by it yet"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "model_id", "effective_from"], name="price_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model_id} from {self.effective_from}"
