"""Rows of what came in: interactions with their payloads, feedback, and what could not be handled."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db import models
from django.utils import timezone

from featurememory.models import Project

LATEST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z, the latest timestamp that is taken in


class InteractionQuerySet(models.QuerySet["ModelInteraction"]):
    def pending(self) -> InteractionQuerySet:
        """The queue. A literal 0, because SQLite uses a partial index only for literals."""
        return cast(InteractionQuerySet, self.extra(where=["state = 0"]))


class ModelInteraction(models.Model):
    """One call of a model; its payload (input, output, …) is the Payload row of the same number.

    Units: `timestamp`, `received_at`, `recognized_at` are milliseconds since the epoch (integers:
    hour buckets and keyset pages compare them without date functions), `duration` and
    `processing_time` milliseconds, `memory_usage` bytes. Null means unknown, never zero.
    """

    class InteractionState(models.IntegerChoices):
        PENDING = 0
        RECOGNIZED = 1
        FAILED = 2

    number = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    id = models.CharField(max_length=128)
    model_id = models.CharField(max_length=200)
    task_type = models.CharField(max_length=200, blank=True, default="")
    session_id = models.CharField(max_length=200, null=True)
    decision_id = models.CharField(max_length=128, null=True)
    timestamp = models.BigIntegerField()
    received_at = models.BigIntegerField()
    duration = models.FloatField(null=True)
    memory_usage = models.FloatField(null=True)
    token_count = models.FloatField(null=True)
    processing_time = models.FloatField(null=True)
    input_tokens = models.FloatField(null=True)
    output_tokens = models.FloatField(null=True)
    cached_input_tokens = models.FloatField(null=True)
    cache_write_tokens = models.FloatField(null=True)
    reasoning_tokens = models.FloatField(null=True)
    extended_cache_write_tokens = models.FloatField(
        null=True, help_text="Of the cache writes: kept longer than usual, at a price of its own"
    )
    cost = models.FloatField(null=True, help_text="As reported by the caller")
    list_cost = models.FloatField(null=True, help_text="By the price list, where none was reported")
    failed = models.BooleanField(
        null=True, help_text="Sent as failed; null: stored before this was noted"
    )
    success = models.BooleanField(null=True)
    score = models.FloatField(null=True)
    state = models.SmallIntegerField(
        choices=InteractionState.choices, default=InteractionState.PENDING
    )
    pattern_id = models.UUIDField(null=True)
    confidence = models.FloatField(null=True)
    recognized_at = models.BigIntegerField(null=True)
    recognizer_version = models.CharField(max_length=20, null=True)

    objects: ClassVar[Any] = InteractionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "id"], name="interaction_once")
        ]
        indexes: ClassVar = [
            # The queue: pending rows only, oldest first.
            models.Index(
                fields=["project", "number"],
                name="interaction_pending",
                condition=models.Q(state=0),
            ),
            # Few rows: read when something goes wrong.
            models.Index(
                fields=["project", "-number"],
                name="interaction_failed",
                condition=models.Q(state=2),
            ),
            models.Index(fields=["project", "-number"], name="interaction_recent"),
            models.Index(fields=["project", "pattern_id", "-number"], name="interaction_pattern"),
        ]

    def __str__(self) -> str:
        return self.id

    @property
    def known_cost(self) -> float | None:
        """The cost that was reported, else the one by the price list."""
        return self.list_cost if self.cost is None else self.cost

    @property
    def has_failed(self) -> bool:
        """Whether the call failed, as it was sent: a later judgement of its answer changes nothing."""
        return self.success is False if self.failed is None else self.failed


class Payload(models.Model):
    """Input, output, parameters, tags and error of an interaction: zstd-compressed JSON.

    A table of its own, so that lists and counts never read it.
    """

    number = models.BigIntegerField(primary_key=True)
    data = models.BinaryField()

    def __str__(self) -> str:
        return str(self.number)


class PayloadDictionary(models.Model):
    """A Zstandard dictionary trained on our own payloads; its id is the first byte of a payload."""

    id = models.AutoField(primary_key=True)
    data = models.BinaryField()
    trained_on = models.BigIntegerField(help_text="The newest payload's number at that time")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"dictionary {self.pk}, trained on {self.trained_on:,}"


class Feedback(models.Model):
    """Late feedback on an outcome. The last value per metric counts; all are kept."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    target = models.CharField(max_length=12, help_text="interaction, decision or session")
    target_id = models.CharField(max_length=200)
    metric_name = models.CharField(max_length=100)
    value = models.JSONField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "target", "target_id"], name="feedback_target")
        ]

    def __str__(self) -> str:
        return f"{self.metric_name} of {self.target_id}"


class FailedRecord(models.Model):
    """What could not be handled, and why: set aside so that it holds up nothing else.

    `subject` is the id of an interaction, the name of a partition, or "" for the whole project.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    work = models.CharField(max_length=12, help_text="learning, outcome, repair, loading, …")
    subject = models.CharField(max_length=200, blank=True, default="")
    number = models.BigIntegerField(null=True, help_text="Of the interaction, if it is one")
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "work", "subject"], name="failed_record_once"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["project", "-at"], name="failed_record_recent")]

    def __str__(self) -> str:
        return f"{self.work} {self.subject}: {self.reason[:80]}"


class StorageUse(models.Model):
    """Bytes that a project's rows take, as counted; see `retention/project_use.py`."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    interaction_bytes = models.BigIntegerField(default=0)
    decision_bytes = models.BigIntegerField(default=0)
    counted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.interaction_bytes + self.decision_bytes} bytes of {self.project_id}"
