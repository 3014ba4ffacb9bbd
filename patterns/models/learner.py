"""Rows of what the recogniser of a project stores besides its patterns."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db import models

from featurememory.models import Project


class LearnerQuerySet(models.QuerySet["Learner"]):
    def lock(self, project_id: UUID) -> Learner:
        """The row of a project (made when missing), locked until the transaction ends. Its snapshot,
        megabytes of it, is read only when somebody asks for it."""
        rows = self.select_for_update().defer("snapshot", "unsaved")
        return rows.get_or_create(pk=project_id)[0]


class Learner(models.Model):
    """What the recogniser of a project stores besides its patterns, and who may learn right now.

    The lease (`holder`, `until`) keeps two workers from learning the same stream twice;
    other processes see from `version` that something was learned.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    version = models.BigIntegerField(default=0)
    snapshot = models.BinaryField(null=True)
    consolidated_at = models.DateTimeField(null=True)
    learned_since = models.BigIntegerField(default=0, help_text="Learned since consolidating")
    created_since = models.BigIntegerField(
        default=0, help_text="Patterns founded since consolidating"
    )
    repairs = models.PositiveIntegerField(default=0, help_text="Repairs so far")
    cleaned_at = models.DateTimeField(null=True)
    forgotten_until = models.BigIntegerField(
        default=0,
        help_text="Newest timestamp of a forgotten interaction, ms; before it rollups stay",
    )
    holder = models.CharField(max_length=80, blank=True, default="")
    until = models.BigIntegerField(default=0, help_text="End of the lease, ms since the epoch")
    unsaved = models.BinaryField(
        default=b"", help_text="Numbers of the interactions learned since the snapshot, msgpack"
    )
    repairing_until = models.BigIntegerField(
        default=0, help_text="A repair is under way until then at least, ms since the epoch"
    )
    recognizer = models.JSONField(
        default=dict, help_text="The recogniser in use; empty: the one the settings say"
    )

    objects: ClassVar[Any] = LearnerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"learner of {self.project_id}"


class LateJudgement(models.Model):
    """What late feedback adds to a pattern's quality; applied with the project's next batch."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    pattern_id = models.UUIDField()
    quality_sum = models.FloatField()
    quality_count = models.IntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "pattern_id"], name="late_judgement_once")
        ]

    def __str__(self) -> str:
        return f"{self.quality_count:+d} judged uses of {self.pattern_id}"
