"""Rows about people: their roles in projects, and one-time links that sign them in."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class ProjectRole(models.Model):
    """What a person may do in a project; without a project: in every one, future ones included.

    A superuser needs no row: admin everywhere.
    """

    class RoleName(models.TextChoices):
        VIEWER = "viewer", "Viewer: sees everything"
        EDITOR = "editor", "Editor: changes patterns, optimizations, models, thresholds"
        ADMIN = "admin", "Admin: also keys of every kind and people"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="project_roles"
    )
    project = models.ForeignKey(
        "featurememory.Project", on_delete=models.CASCADE, null=True, blank=True
    )
    role = models.CharField(max_length=10, choices=RoleName.choices)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "project"], name="one_role_per_project"),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(project__isnull=True),
                name="one_role_in_every_project",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project or 'every project'}"


class LoginLink(models.Model):
    """A one-time sign-in link of a user, valid for LIFETIME. Only its digest is stored."""

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
        """Create a token; older links of the user become invalid."""
        token = secrets.token_urlsafe(24)
        cls.objects.filter(user=user).delete()
        cls.objects.create(user=user, digest=cls.digest_of(token))
        return token

    @classmethod
    def use(cls, token: str) -> Any | None:
        """Use up a token and return its user; None for an invalid, used or expired one."""
        good = cls.objects.filter(
            digest=cls.digest_of(token), created_at__gt=timezone.now() - cls.LIFETIME
        )
        link = good.select_related("user").first()
        if link is None or not good.filter(pk=link.pk).delete()[0]:
            return None
        return link.user if link.user.is_active else None
