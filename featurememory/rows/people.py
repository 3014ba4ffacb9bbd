"""Rows about people: roles in projects, sign-ins that failed, sessions, and one-time links."""

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


class LoginAttempt(models.Model):
    """Wrong passwords in a row, of an account or from an address; bounded in number and age."""

    subject = models.CharField(max_length=100, unique=True, help_text="account DIGEST or address A")
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.subject}: {self.failures}"


class SignedInBrowser(models.Model):
    """A session of a person, so that they can see where they are signed in and end it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="signed_in_browsers"
    )
    session_key = models.CharField(max_length=40, unique=True)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-at"]

    def __str__(self) -> str:
        return f"{self.user} from {self.address}"


class LoginLink(models.Model):
    """A one-time sign-in link of a user, valid for LIFETIME. Only its digest is stored."""

    LIFETIME = timedelta(minutes=15)

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
    def find(cls, token: str) -> LoginLink | None:
        """The link of this token while it can be used; looking uses nothing up."""
        good = cls.objects.filter(
            digest=cls.digest_of(token),
            created_at__gt=timezone.now() - cls.LIFETIME,
            user__is_active=True,
        )
        return good.select_related("user").first()

    @classmethod
    def use(cls, token: str) -> Any | None:
        """Use up a token and return its user; None for an invalid, used or expired one."""
        link = cls.find(token)
        if link is None or not cls.objects.filter(pk=link.pk).delete()[0]:
            return None
        return link.user


class SecondFactor(models.Model):
    """The authenticator app of a person; of no effect until a first code has confirmed it."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="second_factor"
    )
    secret = models.TextField(help_text="Encrypted with a key made from FM_SECRET_KEY")
    last_step = models.BigIntegerField(default=0, help_text="Of the last code: each works once")
    confirmed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"second factor of {self.user}"


class RecoveryCode(models.Model):
    """A code that stands in for the app once. Only its digest is stored."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=64, unique=True)

    def __str__(self) -> str:
        return f"recovery code of {self.factor.user}"


class ExternalIdentity(models.Model):
    """Who a person is to an OpenID provider: names and addresses change there, the subject does not."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_person_per_identity")
        ]
        verbose_name_plural = "external identities"

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"
