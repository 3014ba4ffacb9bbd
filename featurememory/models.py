"""What all apps share: projects, their thresholds with history, and who did what."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from importlib.util import find_spec
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7


class Project(models.Model):
    """A closed space: keys, interactions, patterns and settings never cross it."""

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
        """The project of this name, made when there is none; ValueError for an impossible one."""
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


def limit_to(low: float, high: float) -> list[Any]:
    return [MinValueValidator(low), MaxValueValidator(high)]


def storage_type() -> str:
    """How this server keeps everything: one process cannot keep one project here and one there."""
    return str(settings.STORAGE)


class FeatureMemoryConfig(models.Model):
    """The thresholds of one project. Every field: unit, range, default and effect in its help text.

    `SECTIONS` gives each field its place in the API and in the admin form.
    """

    SECTIONS: ClassVar[dict[str, tuple[str, ...]]] = {
        "patterns": (
            "max_patterns",
            "confidence_threshold",
            "cleanup_interval",
            "embedder",
            "embedder_url",
            "embedder_model",
        ),
        "optimizations": (
            "max_optimizations",
            "effectiveness_threshold",
            "retention_period",
            "cost_weight",
            "duration_weight",
            "holdout",
            "exploration_budget",
            "quality_margin",
            "cache_similar",
            "cache_similar_error",
        ),
        "storage": ("type", "path", "max_size", "max_age", "max_interactions"),
    }

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="thresholds")
    max_patterns = models.PositiveIntegerField(
        default=1000,
        validators=limit_to(1, 1_000_000),
        help_text="Patterns, 1 to 1,000,000, default 1,000. Beyond it the least valuable pattern "
        "goes first; pinned ones stay.",
    )
    confidence_threshold = models.FloatField(
        default=0.7,
        validators=limit_to(0, 1),
        help_text="0 to 1, default 0.70. A pattern counts as validated from this confidence on.",
    )
    cleanup_interval = models.PositiveIntegerField(
        default=86_400,
        validators=limit_to(60, 31_536_000),
        help_text="Seconds, 60 to 31,536,000 (a year), default 86,400 (24 hours). Time between "
        "two scheduled cleanups.",
    )
    embedder = models.CharField(
        max_length=16,
        default="lexical",
        choices=[
            ("lexical", "Lexical (built in, no download, no network)"),
            ("static", "Static (word vectors of the extra featurememory[static], no network)"),
            ("endpoint", "Endpoint (OpenAI-compatible embeddings; texts are sent there)"),
        ],
        help_text="How free text is compared. Default: lexical. Known groups are kept.",
    )
    embedder_url = models.CharField(
        max_length=400,
        blank=True,
        default="",
        validators=[URLValidator(["http", "https"])],
        help_text="Only for the endpoint, default empty: its base URL, to which /embeddings is "
        "added. Its key is FM_EMBEDDER_KEY in the environment.",
    )
    embedder_model = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="Only for the endpoint, default empty: the model's name.",
    )
    max_optimizations = models.PositiveIntegerField(
        default=500,
        validators=limit_to(1, 100_000),
        help_text="Optimizations, 1 to 100,000, default 500.",
    )
    effectiveness_threshold = models.FloatField(
        default=0.5,
        validators=limit_to(0, 1),
        help_text="0 to 1, default 0.50. An optimization below it is retired.",
    )
    retention_period = models.PositiveIntegerField(
        default=30,
        validators=limit_to(1, 3650),
        help_text="Days, 1 to 3,650, default 30. An optimization unused for longer is retired.",
    )
    cost_weight = models.FloatField(
        default=0.1,
        validators=limit_to(0, 10),
        help_text="0 to 10, default 0.1: 10 % of the cost is worth 1 point of quality.",
    )
    duration_weight = models.FloatField(
        default=0.0,
        validators=limit_to(0, 10),
        help_text="0 to 10, default 0. What 100 % of the usual duration is worth in quality.",
    )
    holdout = models.FloatField(
        default=0.1,
        validators=limit_to(0.01, 0.5),
        help_text="Share of traffic, 0.01 to 0.5, default 0.10. Kept unchanged for comparison.",
    )
    exploration_budget = models.FloatField(
        default=0.1,
        validators=limit_to(0, 0.5),
        help_text="Share of traffic, 0 to 0.5, default 0.10. Most that trials may use at once.",
    )
    quality_margin = models.FloatField(
        default=0.05,
        validators=limit_to(0, 0.5),
        help_text="Points of quality, 0 to 0.5, default 0.05. A larger loss counts as harm.",
    )
    cache_similar = models.BooleanField(
        "answer similar requests from the cache",
        default=False,
        help_text="True or false, default false. True: requests equal but for case, punctuation, "
        "articles and courtesies may be answered from the cache, once that is proven.",
    )
    cache_similar_error = models.FloatField(
        "most wrong answers among similar ones",
        default=0.05,
        validators=limit_to(0.001, 0.2),
        help_text="Share of the served answers, 0.001 to 0.2, default 0.05. Only with similar "
        "requests: more wrong ones than that end it.",
    )
    type = models.CharField(
        "storage type",
        max_length=16,
        default=storage_type,
        choices=[("persistent", "Persistent (database)"), ("memory", "Memory (gone at stop)")],
        help_text="Where everything is kept: persistent (default) in the database, memory in the "
        "server's own memory until it stops. One choice for the whole server, made at its start "
        "with FM_STORAGE; here it can only be read.",
    )
    path = models.CharField(
        "storage path",
        max_length=400,
        blank=True,
        default="",
        help_text="Informative: the data directory is chosen at start with FM_DATA_DIR.",
    )
    max_size = models.PositiveBigIntegerField(
        "storage max size",
        default=100 << 20,
        validators=limit_to(1 << 20, 1 << 50),
        help_text="Bytes, 1 MiB (1,048,576) or more, default 100 MiB (104,857,600). Cleanup "
        "removes the oldest interactions beyond it.",
    )
    max_age = models.PositiveIntegerField(
        "storage max age",
        default=0,
        validators=limit_to(0, 3650),
        help_text="Days, 0 to 3,650, default 0 (no limit). Cleanup removes older interactions; "
        "patterns, rollups and the newest examples of each pattern stay.",
    )
    max_interactions = models.PositiveBigIntegerField(
        "storage max interactions",
        default=0,
        validators=limit_to(0, 1 << 40),
        help_text="Interactions, default 0 (no limit). Cleanup removes the oldest beyond it.",
    )
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

    def as_dict(self) -> dict[str, dict[str, Any]]:
        return {
            section: {name: getattr(self, name) for name in names}
            for section, names in self.SECTIONS.items()
        }


class ConfigVersion(models.Model):
    """One saved change of the thresholds: before, after, who and why. Never edited."""

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
    """One line of "who or what changed what"; `operation_id` leads to its Undo where there is one."""

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
    """The one row that readiness checks write and read."""

    value = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.value)


class LoginLink(models.Model):
    """A link that signs one user in once, within its lifetime. Only its digest is stored."""

    LIFETIME = timedelta(hours=12)

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"login link of {self.user}"

    @staticmethod
    def digest_of(token: str) -> str:
        return hashlib.blake2b(token.encode("utf-8", "replace"), digest_size=32).hexdigest()

    @classmethod
    def make(cls, user: Any) -> str:
        """A fresh token; older links of the user end."""
        token = secrets.token_urlsafe(24)
        cls.objects.filter(user=user).delete()
        cls.objects.create(user=user, digest=cls.digest_of(token))
        return token

    @classmethod
    def use(cls, token: str) -> Any | None:
        """The user of a good token, which is used up by this; None for any other."""
        good = cls.objects.filter(
            digest=cls.digest_of(token), created_at__gt=timezone.now() - cls.LIFETIME
        )
        link = good.select_related("user").first()
        if link is None or not good.filter(pk=link.pk).delete()[0]:
            return None
        return link.user if link.user.is_active else None
