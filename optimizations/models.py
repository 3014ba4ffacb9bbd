"""Rows of the registry (models and their dated prices), of optimizations, and of every decision."""

from __future__ import annotations

import secrets
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


def fresh_salt() -> bytes:
    return secrets.token_bytes(16)


class PolicyState(models.Model):
    """The engine of a project as it was saved last. `version` shows other processes a change.

    Its optimizations are rows of their own; `salt` keys the assignment to arms.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    version = models.BigIntegerField(default=0)
    snapshot = models.BinaryField(null=True)
    salt = models.BinaryField(default=fresh_salt)
    moment = models.BigIntegerField(default=0, help_text="Newest interaction seen, ms")
    reviewed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"policy of {self.project_id}"
