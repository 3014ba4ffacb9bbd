"""What the policy of a project goes on from after a restart."""

from __future__ import annotations

import secrets

from django.db import models

from featurememory.models import Project


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
