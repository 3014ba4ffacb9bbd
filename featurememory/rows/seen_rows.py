"""Rows about what people see: their preferences, and the views that a project has saved."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone


class Preferences(models.Model):
    """How a person wants to see the product, on every device. Read together with the person."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    time_zone = models.CharField(max_length=60, blank=True, help_text="Empty: the browser's")
    numbers = models.CharField(max_length=10, blank=True, help_text="How numbers are written")
    theme = models.CharField(max_length=5, blank=True, help_text="Empty: as the system")
    lists = models.JSONField(default=dict, help_text="By list: columns, pinned, dense")

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user}"


class SavedView(models.Model):
    """A query string of a list under a name, for everybody in the project."""

    project = models.ForeignKey("featurememory.Project", on_delete=models.CASCADE)
    list_name = models.CharField(max_length=20)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True)
    made_by = models.CharField(max_length=150)
    at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, help_text="Undo brings it back")

    class Meta:
        ordering: ClassVar = ["at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["project", "list_name", "name"], name="one_saved_view_per_name"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.list_name}"
