"""Rows of the audit log: what was done, in a chain of hashes per project and one of the server."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone


class AuditEntry(models.Model):
    """Who did what. Never edited: `hash` covers the row and the hash of the row before it.

    A row is written in the transaction of the change and chained after its commit, so that no change
    waits for another: until then `position` is null and `hash` empty.
    """

    number = models.BigAutoField(primary_key=True)
    project = models.ForeignKey(
        "featurememory.Project", on_delete=models.CASCADE, null=True, db_index=False
    )
    position = models.BigIntegerField(null=True, help_text="Its place in the chain, from 1 on")
    at = models.DateTimeField(default=timezone.now)
    actor = models.CharField(max_length=150, help_text='A user, "key NAME", or "memory"')
    via = models.CharField(max_length=10, help_text="page, key, command or engine")
    address = models.CharField(max_length=64, blank=True, default="")
    action = models.CharField(max_length=40, help_text="pattern.merged, login.failed, …")
    object = models.CharField(max_length=300, blank=True, default="")
    # Text, not JSONField: the hash covers it, and PostgreSQL would store other numbers and orders.
    before = models.TextField(blank=True, default="", help_text="JSON; empty: nothing")
    after = models.TextField(blank=True, default="", help_text="JSON; empty: nothing")
    reason = models.CharField(max_length=400, blank=True, default="")
    hash = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["project", "-number"], name="audit_recent"),
            models.Index(fields=["project", "position"], name="audit_chain"),
        ]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.number} {self.action} by {self.actor}"


class AuditChain(models.Model):
    """The ends of a chain: what comes next, and what the first kept row follows."""

    SERVER = "server"

    name = models.CharField(max_length=36, primary_key=True, help_text='A project, or "server"')
    length = models.BigIntegerField(default=0, help_text="Position of the last row")
    tip = models.CharField(max_length=64, blank=True, default="")
    first = models.BigIntegerField(default=1, help_text="Position of the first row that is kept")
    before_first = models.CharField(max_length=64, blank=True, default="")

    def __str__(self) -> str:
        return f"audit log of {self.name}"
