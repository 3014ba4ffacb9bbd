"""Models shared by all apps: projects, thresholds with history, activity."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from featurememory import outgoing
from featurememory.rows.audit_rows import AuditChain as AuditChain
from featurememory.rows.audit_rows import AuditEntry as AuditEntry
from featurememory.rows.people import ExternalIdentity as ExternalIdentity
from featurememory.rows.people import LoginAttempt as LoginAttempt
from featurememory.rows.people import LoginLink as LoginLink
from featurememory.rows.people import ProjectRole as ProjectRole
from featurememory.rows.people import RecoveryCode as RecoveryCode
from featurememory.rows.people import SecondFactor as SecondFactor
from featurememory.rows.people import SignedInBrowser as SignedInBrowser
from featurememory.rows.seen_rows import Preferences as Preferences
from featurememory.rows.seen_rows import SavedView as SavedView
from featurememory.thresholds import (
    SECTIONS,
    AuditThresholds,
    LimitThresholds,
    OptimizationThresholds,
    PatternThresholds,
    PrivacyThresholds,
    StorageThresholds,
)
from featurememory.thresholds import storage_type as storage_type  # migrations name it here


class Project(models.Model):
    """A tenant: keys, interactions, patterns and settings belong to exactly one project."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.SlugField(max_length=80, unique=True)
    is_demo = models.BooleanField(default=False, help_text="Generated data, removable in one click")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, name: str) -> Project:
        """The project of this name, created when missing; ValueError for an invalid name."""
        try:
            cls(name=name).clean_fields(exclude=["id", "is_demo"])
        except ValidationError as error:
            why = "a project's name has 1 to 80 letters, digits, - and _"
            raise ValueError(f"{name[:100]!r}: {why}") from error
        return cls.objects.get_or_create(name=name)[0]

    @property
    def config(self) -> FeatureMemoryConfig:
        config, _ = FeatureMemoryConfig.objects.get_or_create(project=self)
        return config


class FeatureMemoryConfig(
    PatternThresholds,
    OptimizationThresholds,
    StorageThresholds,
    LimitThresholds,
    AuditThresholds,
    PrivacyThresholds,
):
    """The thresholds of one project. Every field: unit, range, default and effect in its help text."""

    SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = SECTIONS

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="thresholds")
    version = models.PositiveBigIntegerField(default=1, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "thresholds"
        verbose_name_plural = "thresholds"

    def __str__(self) -> str:
        return f"Thresholds of {self.project}"

    @classmethod
    def field_names(cls) -> list[str]:
        return [name for section in cls.SECTIONS.values() for name in section]

    def clean(self) -> None:
        """Across fields; a field that failed its own check is None here."""
        if (self.holdout or 0) + (self.exploration_budget or 0) > 0.9:
            message = "Holdout and exploration together exceed 90 % of traffic."
            raise ValidationError({"exploration_budget": message})
        self.clean_embedder()
        if self.type != settings.STORAGE:
            message = (
                f"This server's storage is {settings.STORAGE}, for all its projects. "
                f"Start it with FM_STORAGE={self.type} to change that."
            )
            raise ValidationError({"type": message})

    def clean_embedder(self) -> None:
        if self.embedder == "static" and not find_spec("wordllama"):
            message = "Install the extra first: pip install 'featurememory[static]'."
            raise ValidationError({"embedder": message})
        if self.embedder == "endpoint" and not (self.embedder_url and self.embedder_model):
            message = "The endpoint needs its URL and the name of its model."
            raise ValidationError({"embedder": message})
        self.clean_embedder_url()

    def clean_embedder_url(self) -> None:
        """Only a new URL is judged: what was saved before is refused when it would be called."""
        before = FeatureMemoryConfig.objects.filter(pk=self.pk).values_list("embedder_url").first()
        if not self.embedder_url or before == (self.embedder_url,):
            return
        hosts = settings.EMBEDDER_HOSTS
        if why := outgoing.find_refusal(self.embedder_url, hosts, "FM_EMBEDDER_HOSTS"):
            raise ValidationError({"embedder_url": why})

    def values_for(self, names: Iterable[str]) -> dict[str, Any]:
        """The thresholds among these names: what an engine's settings share with them."""
        known = set(self.field_names())
        return {name: getattr(self, name) for name in names if name in known}

    def as_dict(self) -> dict[str, dict[str, Any]]:
        return {
            section: {name: getattr(self, name) for name in names}
            for section, names in self.SECTIONS.items()
        }


class ConfigVersion(models.Model):
    """A saved change of the thresholds: before, after, who and why. Never edited."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    number = models.PositiveBigIntegerField()
    changes = models.JSONField(help_text='{"confidence_threshold": [0.65, 0.7]}')
    actor = models.CharField(max_length=150)
    reason = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-at"]
        indexes: ClassVar = [models.Index(fields=["project", "-at"], name="config_version_recent")]

    def __str__(self) -> str:
        return f"{self.project} thresholds, version {self.number}"


class Activity(models.Model):
    """A line of activity: who or what changed what; `operation_id` is set when it can be undone."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150, help_text='A user, "key NAME", or "memory"')
    verb = models.CharField(max_length=40)
    summary = models.CharField(max_length=300)
    link = models.CharField(max_length=200, blank=True)
    operation_id = models.UUIDField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-at", "-pk"]
        verbose_name_plural = "activity"
        indexes: ClassVar = [models.Index(fields=["project", "-at"], name="activity_recent")]

    def __str__(self) -> str:
        return self.summary


class StoredAnswer(models.Model):
    """The answer to a request with an Idempotency-Key, kept for 24 h. `status` 0: still running."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE)
    key = models.CharField(max_length=64, help_text="blake2b of the key's text and the path")
    fingerprint = models.CharField(max_length=64, help_text="blake2b of the request body")
    status = models.PositiveSmallIntegerField(default=0)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "key"], name="one_answer_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.key[:12]} {self.status}"


class Probe(models.Model):
    """The row that readiness checks write and read."""

    value = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.value)
