"""Rows of interactions, patterns, their history and their hourly sums."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from featurememory.models import Project


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


class StorageUse(models.Model):
    """Bytes that a project's rows take, as counted; see `retention/project_use.py`."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    interaction_bytes = models.BigIntegerField(default=0)
    decision_bytes = models.BigIntegerField(default=0)
    counted_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.interaction_bytes + self.decision_bytes} bytes of {self.project_id}"


class PatternQuerySet(models.QuerySet["Pattern"]):
    def stored(self) -> PatternQuerySet:
        return self.exclude(status=Pattern.PatternStatus.ARCHIVED)


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


class Learner(models.Model):
    """What the recogniser of a project stores besides its patterns, and who may learn right now.

    The lease (`holder`, `until`) keeps two workers from learning the same stream twice;
    other processes see from `version` that something was learned.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    version = models.BigIntegerField(default=0)
    snapshot = models.BinaryField(null=True)
    consolidated_at = models.DateTimeField(null=True)
    learned_since = models.BigIntegerField(default=0, help_text="Learned since consolidating")
    created_since = models.BigIntegerField(
        default=0, help_text="Patterns founded since consolidating"
    )
    repairs = models.PositiveIntegerField(default=0, help_text="Repairs so far")
    cleaned_at = models.DateTimeField(null=True)
    forgotten_until = models.BigIntegerField(
        default=0,
        help_text="Newest timestamp of a forgotten interaction, ms; before it rollups stay",
    )
    holder = models.CharField(max_length=80, blank=True, default="")
    until = models.BigIntegerField(default=0, help_text="End of the lease, ms since the epoch")
    unsaved = models.BinaryField(
        default=b"", help_text="Numbers of the interactions learned since the snapshot, msgpack"
    )
    repairing_until = models.BigIntegerField(
        default=0, help_text="A repair is under way until then at least, ms since the epoch"
    )
    recognizer = models.JSONField(
        default=dict, help_text="The recogniser in use; empty: the one the settings say"
    )

    def __str__(self) -> str:
        return f"learner of {self.project_id}"


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


class LateJudgement(models.Model):
    """What late feedback adds to a pattern's quality; applied with the project's next batch."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    pattern_id = models.UUIDField()
    quality_sum = models.FloatField()
    quality_count = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "pattern_id"], name="late_judgement_once")
        ]

    def __str__(self) -> str:
        return f"{self.quality_count:+d} judged uses of {self.pattern_id}"


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


class PayloadDictionary(models.Model):
    """A Zstandard dictionary trained on our own payloads; its id is the first byte of a payload."""

    id = models.AutoField(primary_key=True)
    data = models.BinaryField()
    trained_on = models.BigIntegerField(help_text="The newest payload's number at that time")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"dictionary {self.pk}, trained on {self.trained_on:,}"
