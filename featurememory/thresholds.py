"""The thresholds of a project: the one list of them.

A threshold is a field of a section below. Model, API, admin form, the settings of both engines and the
checks of the documentation take names, types, ranges and defaults from here.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models

from featurememory.privacy.expressions import RefusedExpression, check_expressions


def limit_to(low: float, high: float) -> list[Any]:
    return [MinValueValidator(low), MaxValueValidator(high)]


def validate_expressions(rows: Any) -> None:
    try:
        check_expressions(rows)
    except RefusedExpression as error:
        raise ValidationError(str(error)) from None


def storage_type() -> str:
    """The storage type of this server, which is the same for all projects."""
    return str(settings.STORAGE)


class PatternThresholds(models.Model):
    """Section "patterns"."""

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
    split_by_topic = models.BooleanField(
        default=True,
        help_text="Default on. Where an evaluation set of 1,000 tasks or more shows that models do better "
        "on some topics of a pattern than on others, the pattern is split by topic. This can be undone "
        "like any split.",
    )
    embedder = models.CharField(
        max_length=16,
        default="lexical",
        choices=[
            ("lexical", "Lexical (built in, no download, no network)"),
            ("static", "Static (word vectors of the extra featurememory[static], no network)"),
            ("endpoint", "Endpoint (OpenAI-compatible embeddings; texts are sent there)"),
        ],
        help_text="How free text is compared. Default: lexical. After a change the present recogniser "
        "answers until a job has built its successor; patterns keep their ids.",
    )
    embedder_url = models.CharField(
        max_length=400,
        blank=True,
        default="",
        validators=[URLValidator(["http", "https"])],
        help_text="Only for the endpoint, default empty: its base URL, to which /embeddings is "
        "added. Its host must be among FM_EMBEDDER_HOSTS, its key is FM_EMBEDDER_KEY, both in the "
        "environment.",
    )
    embedder_model = models.CharField(
        max_length=200,
        blank=True,
        default="",
        help_text="Only for the endpoint, default empty: the model's name.",
    )

    class Meta:
        abstract = True


class OptimizationThresholds(models.Model):
    """Section "optimizations"."""

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
    shadow_budget = models.FloatField(
        default=0.02,
        validators=limit_to(0, 0.5),
        help_text="Share of the spend on models, 0 to 0.5, default 0.02. Most that alternatives may "
        "cost that run beside the answer for comparison; 0 switches them off.",
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

    class Meta:
        abstract = True


class StorageThresholds(models.Model):
    """Section "storage"."""

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
        help_text="Bytes, 1 MiB (1,048,576) or more, default 100 MiB (104,857,600): this "
        "project's part of the database. Cleanup removes its oldest interactions and decisions beyond it.",
    )
    max_age = models.PositiveIntegerField(
        "storage max age",
        default=0,
        validators=limit_to(0, 3650),
        help_text="Days, 0 to 3,650, default 0 (no limit). Cleanup removes older interactions and "
        "decisions; patterns, rollups and the newest examples of each pattern stay.",
    )
    max_interactions = models.PositiveBigIntegerField(
        "storage max interactions",
        default=0,
        validators=limit_to(0, 1 << 40),
        help_text="Interactions, default 0 (no limit). Cleanup removes the oldest beyond it, and of "
        "decisions likewise.",
    )
    keep_figures = models.PositiveIntegerField(
        "figures kept",
        default=1826,
        validators=limit_to(90, 36500),
        help_text="Days, 90 to 36,500, default 1,826 (five years). Cleanup removes older hourly sums: what "
        "charts, costs and savings of that time are made of. Totals of all time stay.",
    )

    class Meta:
        abstract = True


class AuditThresholds(models.Model):
    """Section "audit"."""

    keep_days = models.PositiveIntegerField(
        "audit log kept",
        default=0,
        validators=limit_to(0, 36500),
        help_text="Days, 0 to 36,500, default 0 (for ever). Cleanup removes older entries of the "
        "audit log.",
    )

    class Meta:
        abstract = True


class PrivacyThresholds(models.Model):
    """Section "privacy"."""

    mode = models.CharField(
        "what is stored of texts",
        max_length=16,
        default="full",
        choices=[
            ("full", "Full (texts as they were sent, but for what is redacted)"),
            ("content_free", "Content-free (shapes and numbers, no words)"),
        ],
        help_text="Default full. Content-free: every word becomes a keyed digest before anything is "
        "stored; patterns, models and forecasts go on. For what comes in from then on.",
    )
    k_sessions = models.PositiveIntegerField(
        "sessions that must share a word",
        default=20,
        validators=limit_to(20, 1_000_000),
        help_text="Sessions, 20 to 1,000,000, default 20. Content-free only: a word is shown when at "
        "least so many sessions share it.",
    )
    redact = models.BooleanField(
        "redact personal data and secrets",
        default=False,
        help_text="True or false, default false. True: e-mail addresses, phone and card numbers, "
        "IBANs, keys and tokens are taken out of everything that comes in, before it is stored.",
    )
    patterns = models.JSONField(
        "own redaction expressions",
        default=list,
        blank=True,
        validators=[validate_expressions],
        help_text='A list, default empty: [{"name": "customer", "expression": "KD-[0-9]{4,10}"}]. What '
        "an expression fits becomes ⟦customer⟧ before it is stored, in texts, names and whole numbers. "
        "At most 20; RE2's syntax without + and *: a match has at most 200 characters.",
    )
    keep_texts = models.PositiveIntegerField(
        "texts kept",
        default=0,
        validators=limit_to(0, 3650),
        help_text="Days, 0 to 3,650, default 0 (as long as the interaction). Texts that arrived earlier "
        "are deleted within an hour; figures, patterns and statistics stay.",
    )

    export_by_viewers = models.BooleanField(
        "viewers may export",
        default=True,
        help_text="True or false, default true. False: only editors and admins may download patterns "
        "and payloads from pages; viewers still see them.",
    )

    class Meta:
        abstract = True

    @property
    def hides_content(self) -> bool:
        """Whether what comes in is not stored as it was sent."""
        return bool(self.redact or self.patterns or self.mode != "full")


class LimitThresholds(models.Model):
    """Section "limits"."""

    requests_per_minute = models.PositiveIntegerField(
        default=0,
        validators=limit_to(0, 1_000_000),
        help_text="Requests a minute of one key, 0 to 1,000,000, default 0 (no limit). Beyond it "
        "they are answered 429.",
    )
    bytes_per_minute = models.PositiveBigIntegerField(
        default=0,
        validators=limit_to(0, 1 << 50),
        help_text="Bytes of request bodies a minute of one key, as they are sent, default 0 (no "
        "limit). Beyond it requests are answered 429.",
    )

    class Meta:
        abstract = True


SECTIONS: dict[str, tuple[str, ...]] = {
    name: tuple(field.name for field in section._meta.local_fields)
    for name, section in (
        ("patterns", PatternThresholds),
        ("optimizations", OptimizationThresholds),
        ("storage", StorageThresholds),
        ("audit", AuditThresholds),
        ("privacy", PrivacyThresholds),
        ("limits", LimitThresholds),
    )
}
