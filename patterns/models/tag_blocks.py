"""Rows of tag blocks: which tags occur in which stretch of interactions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from featurememory.models import Project


class TagBlock(models.Model):
    """A stretch of consecutive interactions of a project, with a digest of each tag among them.

    Made in the background from what is stored; what no block covers is searched row by row. So a
    block may be missing, or hold digests of tags that are gone, but never lack one that is there.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, db_index=False)
    first = models.BigIntegerField(help_text="Number of its first interaction")
    last = models.BigIntegerField(help_text="Number of its last interaction")
    digests = models.BinaryField(help_text="Eight bytes for each tag, by name and by name=value")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["project", "first"], name="tag_block_once")
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"
