"""Texts kept for fewer days than the figures: contents of interactions that arrived long enough ago."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.core.cache import cache
from django.db.models import CharField, Sum
from django.db.models.functions import Cast

from featurememory.config import config_of
from featurememory.database.write_lock import write_turn
from featurememory.models import Project
from patterns.models import FailedRecord, Feedback, ModelInteraction, Payload
from patterns.retention import disk_usage, project_use
from patterns.storage.tag_blocks import empty_blocks

DAY_MS = 86_400_000
BATCH = 1000  # interactions per transaction
KNOWN_S = 86_400  # seconds for which a place once reached is believed
GONE = "text no longer kept"


def find_limit(project: Project) -> int:
    """Texts that arrived before this moment (ms) go; 0: none do."""
    days = config_of(project.pk).keep_texts
    return time.time_ns() // 1_000_000 - days * DAY_MS if days else 0


def find_old_rows(project: Project, limit: int) -> list[ModelInteraction]:
    """The oldest interactions whose text has to go, at most BATCH. What waits to be recognised keeps
    it, and so does what came after."""
    after = cache.get(name_place(project), 0)
    rows = ModelInteraction.objects.filter(project=project, number__gt=after)
    named = rows.order_by("number").only("number", "id", "pattern_id", "received_at", "state")
    found = []
    for row in named[:BATCH]:
        if row.received_at >= limit or row.state == ModelInteraction.InteractionState.PENDING:
            break
        found.append(row)
    return found


def name_place(project: Project) -> str:
    return f"texts_until:{project.pk}"


def delete_texts(project: Project, rows: list[ModelInteraction]) -> int:
    """Delete the contents of these rows; how many there were. Their figures stay."""
    numbers = [row.number for row in rows]
    with write_turn():
        payloads = Payload.objects.filter(pk__in=numbers)
        freed = payloads.aggregate(n=Sum(disk_usage.BYTES))["n"] or 0
        gone, _ = payloads.delete()
        empty_blocks(project.pk, numbers[-1])
        # Their reasons may quote a text, and without it they cannot be tried again.
        FailedRecord.objects.filter(project=project, number__in=numbers).delete()
    project_use.add_bytes(project.pk, interactions=-int(freed))
    cache.set(name_place(project), numbers[-1], KNOWN_S)
    return gone


def delete_comments(project: Project, limit: int) -> int:
    """Texts of feedback; numbers, true and false are figures."""
    rows = Feedback.objects.filter(
        project=project, at__lt=datetime.fromtimestamp(limit / 1000, UTC)
    )
    texts = rows.annotate(text=Cast("value", CharField())).filter(text__startswith='"')
    with write_turn():
        return texts.exclude(value=GONE).update(value=GONE)
