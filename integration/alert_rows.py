"""Rows of alerts: rules, what they noticed, and what is to be delivered."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from featurememory.models import Project


def make_secret() -> str:
    return "fm_wh_" + secrets.token_urlsafe(24)


class AlertRuleQuerySet(models.QuerySet["AlertRule"]):
    def kept(self) -> AlertRuleQuerySet:
        """Without those that were deleted; their Undo needs them for a while."""
        return self.filter(deleted_at=None)


class AlertRule(models.Model):
    """A figure, the value that is too much or too little, and where to say so."""

    class AlertFigure(models.TextChoices):
        CALLS = "calls", "Calls"
        SURGE = "surge", "Surge: calls of the last hour, times the mean of the window"
        SUCCESS = "success", "Success rate, %"
        EFFECTIVENESS = "effectiveness", "Effectiveness, %"
        P50 = "p50", "Duration p50, ms"
        P95 = "p95", "Duration p95, ms"
        COST = "cost", "Cost, in the project's currency"
        CALL_COST = "call_cost", "Cost per call, in the project's currency"
        TOKENS = "tokens", "Tokens per call"
        QUEUE = "queue", "Interactions waiting now"
        WAITING = "waiting", "Seconds the oldest one has waited"
        STORAGE = "storage", "Stored by the project, MB"
        NEW_PATTERNS = "new_patterns", "New patterns"
        DRIFTING = "drifting", "Drifting patterns"
        PROVEN = "proven", "Optimizations proven"
        ROLLED_BACK = "rolled_back", "Optimizations rolled back"

    class AlertSide(models.TextChoices):
        ABOVE = "above", "is above"
        BELOW = "below", "is below"

    class WebhookForm(models.TextChoices):
        JSON = "json", "JSON"
        SLACK = "slack", "Slack"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="alert_rules")
    name = models.CharField(max_length=80, help_text="How the alert is called in messages")
    figure = models.CharField(max_length=20, choices=AlertFigure.choices)
    side = models.CharField("when it", max_length=5, choices=AlertSide.choices, default="above")
    threshold = models.FloatField("this value", default=0.0)
    window_hours = models.PositiveIntegerField(
        "over the last hours",
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(720)],
        help_text="1 to 720; figures of now (waiting, stored, drifting) have no window",
    )
    at_least = models.PositiveIntegerField(
        "with at least so many calls",
        default=20,
        help_text="Rates, durations and means of fewer calls say nothing",
    )
    pattern_id = models.UUIDField(
        "only of this pattern", null=True, blank=True, help_text="Its id; empty: the whole project"
    )
    webhook_url = models.URLField(
        "webhook", max_length=500, blank=True, help_text="Empty: only in this list"
    )
    webhook_form = models.CharField(
        "body of the webhook", max_length=5, choices=WebhookForm.choices, default="json"
    )
    secret = models.CharField(max_length=60, default=make_secret, editable=False)
    enabled = models.BooleanField(default=True)
    muted_until = models.DateTimeField(null=True, blank=True)
    made_by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    evaluated_at = models.DateTimeField(null=True)
    value = models.FloatField(null=True, help_text="As last measured")
    firing_since = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True, help_text="Undo brings it back for 30 days")

    objects: ClassVar[Any] = AlertRuleQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_muted(self) -> bool:
        return self.muted_until is not None and self.muted_until > timezone.now()


class AlertNotice(models.Model):
    """What a rule noticed: it fired, it is over, or somebody tried it."""

    class NoticeKind(models.TextChoices):
        FIRED = "fired"
        OVER = "over"
        TEST = "test"

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="notices")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=5, choices=NoticeKind.choices)
    value = models.FloatField(null=True)
    text = models.CharField(max_length=400)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["project", "-at"], name="alert_notice_recent")]

    def __str__(self) -> str:
        return self.text


class AlertDelivery(models.Model):
    """One message on its way to a webhook. `next_at` is also the lease of who is sending it."""

    class DeliveryState(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    LEASE = timedelta(seconds=60)

    notice = models.OneToOneField(AlertNotice, on_delete=models.CASCADE, related_name="delivery")
    state = models.CharField(max_length=7, choices=DeliveryState.choices, default="waiting")
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["next_at"],
                name="alert_delivery_due",
                condition=models.Q(state="waiting"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} after {self.attempts}"
