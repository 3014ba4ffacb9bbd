"""Words that may be shown although a project stores none: enough sessions share them."""

from __future__ import annotations

from django.db import models

from featurememory.models import Project


class SharedWords(models.Model):
    """`words`: {digest: [word, sessions that share it]}. `counts`: {digest: digests of sessions}, msgpack,
    of words that too few share: these are not here."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True)
    words = models.JSONField(default=dict)
    counts = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"{len(self.words)} shared words of {self.project_id}"
