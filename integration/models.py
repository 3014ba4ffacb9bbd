"""API keys, jobs, names nobody maps, and the recogniser before the last switch."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from uuid_utils.compat import uuid7

from featurememory.access.roles import ROLE_SCOPES, SCOPES, role_in
from featurememory.audit.record import record
from featurememory.models import Project
from integration.alert_rows import AlertDelivery as AlertDelivery
from integration.alert_rows import AlertNotice as AlertNotice
from integration.alert_rows import AlertRule as AlertRule

ALPHABET = string.ascii_letters + string.digits
SHAPE = re.compile(r"fm_(in|ro|rw|ad)_([A-Za-z0-9]{12})_([A-Za-z0-9_\-]{16,200})")


class ApiKey(models.Model):
    """`fm_<kind>_<public12>_<secret>`; only the secret's digest is stored, it is shown once."""

    class KeyKind(models.TextChoices):
        INGEST = "in", "Ingest and prepare"
        READ = "ro", "Read"
        WRITE = "rw", "Read, write, edit patterns"
        ADMIN = "ad", "Everything"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="keys")
    name = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=2, choices=KeyKind.choices)
    public = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    made_by = models.CharField(max_length=150, blank=True, help_text="Empty: made by a command")
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )

    class Meta:
        ordering: ClassVar = ["-created_at"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"fm_{self.kind}_{self.public}_… {self.name}".strip()

    @property
    def actor(self) -> str:
        """The key as histories and the activity name it."""
        return f"key {self.name or self.public}"

    @staticmethod
    def digest_of(secret: str) -> str:
        # A fast digest is right here: the secret is random (238 bits), not a password.
        return hashlib.blake2b(secret.encode(), digest_size=32).hexdigest()

    @classmethod
    def create(
        cls,
        project: Project,
        kind: str,
        name: str = "",
        expires_at: datetime | None = None,
        maker: Any = None,
    ) -> tuple[ApiKey, str]:
        """A new key and its full text, which cannot be shown again. Without a maker it is a command's."""
        public = "".join(secrets.choice(ALPHABET) for _ in range(12))
        secret = "".join(secrets.choice(ALPHABET) for _ in range(40))
        text = f"fm_{kind}_{public}_{secret}"
        return cls.register(project, text, name, expires_at, maker), text

    @classmethod
    def register(
        cls,
        project: Project,
        text: str,
        name: str = "",
        expires_at: datetime | None = None,
        maker: Any = None,
    ) -> ApiKey:
        """Store a key given as text (ValueError when it has not the documented form)."""
        found = SHAPE.fullmatch(text)
        if not found:
            raise ValueError("a key looks like fm_<in|ro|rw|ad>_<12 letters or digits>_<secret>")
        kind, public, secret = found.groups()
        key = cls.objects.create(
            project=project,
            name=name,
            kind=kind,
            public=public,
            digest=cls.digest_of(secret),
            expires_at=expires_at,
            maker=maker,
            made_by=maker.get_username() if maker else "",
        )
        after = {"kind": kind, "name": name, "expires_at": expires_at}
        record(project.pk, "key.created", str(key), after=after)
        return key

    def revoke(self) -> None:
        """Programs that use it stop working within seconds."""
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])
        record(self.project_id, "key.revoked", str(self), before={"kind": self.kind})

    @classmethod
    def find(cls, text: str) -> ApiKey | None:
        """The usable key of this text; None when unknown, revoked or expired."""
        found = SHAPE.fullmatch(text)
        if not found:
            return None
        key = cls.objects.select_related("project", "maker").filter(public=found[2]).first()
        if key is None or not key.is_usable():
            return None
        same = hmac.compare_digest(key.digest, cls.digest_of(found[3])) and key.kind == found[1]
        return key if same else None

    @cached_property
    def scopes(self) -> frozenset[str]:
        """What it may do: by its kind, and no more than its maker may do now in the project.

        A maker who is gone may do nothing. Read once for each time the key is looked up.
        """
        if not self.made_by:
            return SCOPES[self.kind]
        return SCOPES[self.kind] & ROLE_SCOPES[role_in(self.maker, self.project_id)]

    def is_usable(self) -> bool:
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return self.revoked_at is None and not expired


class PreviousRecognizer(models.Model):
    """The recogniser of a project before the last switch: enough to revert to it."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    settings = models.JSONField(help_text="Version and embedder, as in the learner's row")
    plans = models.BinaryField(help_text="Its groups by partition, msgpack")
    replaced_by = models.CharField(max_length=20)
    redirected = models.JSONField(
        default=dict, help_text="Patterns the switch merged away: {id: [into, uses, led to it]}"
    )
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"recogniser {self.settings.get('version')} of {self.project_id}"


class UnmappedName(models.Model):
    """The name of an attribute that came in and nobody maps, with how often it came."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="unmapped_names")
    source = models.CharField(max_length=20, help_text="The way in: otlp, litellm")
    name = models.CharField(max_length=200)
    count = models.BigIntegerField(default=0)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "source", "name"], name="unmapped_name_once")
        ]
        indexes: ClassVar = [models.Index(fields=["project", "-last_seen"], name="unmapped_newest")]

    def __str__(self) -> str:
        return f"{self.source}: {self.name}"


class Job(models.Model):
    """A background job that survives restarts: each step commits its progress and cursor."""

    class JobState(models.TextChoices):
        PREVIEW = "preview"  # an upload that waits for its person to look at its first rows
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=20)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0, help_text="0: not known yet")
    unit = models.CharField(max_length=20, default="interactions")
    cursor = models.JSONField(default=dict, help_text="Where the next step goes on")
    log = models.JSONField(default=list, help_text="The last lines, [[time, text], …]")
    actor = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True, help_text="Last sign of life of its runner")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [models.Index(fields=["state", "created_at"], name="job_queue")]

    def __str__(self) -> str:
        return f"{self.kind} in {self.project}"

    @property
    def is_over(self) -> bool:
        return self.state in (self.JobState.DONE, self.JobState.FAILED, self.JobState.CANCELLED)

    @property
    def has_errors_kept(self) -> bool:
        return bool(self.cursor.get("errors"))

    @property
    def seconds_left(self) -> float | None:
        """Estimated from the pace so far; None before anything is done."""
        if not self.started_at or not self.done or self.total <= self.done or self.is_over:
            return None
        passed = (timezone.now() - self.started_at).total_seconds()
        return passed / self.done * (self.total - self.done)
