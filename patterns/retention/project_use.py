"""Which project takes how much of the database, and how much each may take.

The database measures its size as a whole. Each process counts in memory what it stores and deletes for
whom, and adds that to one row per project; a recount from the rows corrects it. A project's claim is its
share of the measured size.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import Error
from django.db.models import Count, F, Max
from django.utils import timezone

from featurememory.database.write_lock import write_turn
from featurememory.models import FeatureMemoryConfig, Project
from patterns.models import ModelInteraction, Payload, StorageUse
from patterns.retention import disk_usage

# Counting all rows takes a second at a million interactions.
RECOUNT = timedelta(hours=12)
RANGE = 20_000


@dataclass(frozen=True)
class BytesUsed:
    """Bytes of a project's rows, without indexes of other tables; only their proportions matter."""

    interactions: int = 0
    decisions: int = 0

    @property
    def total(self) -> int:
        return max(0, self.interactions) + max(0, self.decisions)

    @property
    def decision_share(self) -> float:
        return max(0, self.decisions) / self.total if self.total else 0.0

    def __add__(self, other: BytesUsed) -> BytesUsed:
        return BytesUsed(self.interactions + other.interactions, self.decisions + other.decisions)


_added: defaultdict[UUID, BytesUsed] = defaultdict(BytesUsed)
_lock = threading.Lock()


def add_bytes(project_id: UUID, *, interactions: int = 0, decisions: int = 0) -> None:
    """Count what was stored (or deleted: negative)."""
    with _lock:
        _added[project_id] += BytesUsed(interactions, decisions)


def save_added() -> None:
    """Add what this process counted to the rows of the projects; kept for later when that fails."""
    with _lock:
        taken = dict(_added)
        _added.clear()
    if not taken:
        return
    try:
        with write_turn():
            for project_id, used in sorted(taken.items()):
                StorageUse.objects.filter(pk=project_id).update(
                    interaction_bytes=F("interaction_bytes") + used.interactions,
                    decision_bytes=F("decision_bytes") + used.decisions,
                )
    except Error:
        for project_id, used in taken.items():
            add_bytes(project_id, interactions=used.interactions, decisions=used.decisions)


def read_uses() -> dict[UUID, BytesUsed]:
    """What every project takes, with what is not saved yet."""
    rows = StorageUse.objects.values_list("pk", "interaction_bytes", "decision_bytes")
    with _lock:
        found = defaultdict(BytesUsed, _added)
    for project_id, interactions, decisions in rows:
        found[project_id] += BytesUsed(interactions, decisions)
    return dict(found)


def is_recount_due() -> bool:
    """Whether a project was never counted, or not for RECOUNT."""
    fresh = StorageUse.objects.filter(counted_at__gt=timezone.now() - RECOUNT).values("pk")
    return Project.objects.exclude(pk__in=fresh).exists()


def recount(decisions: Mapping[UUID, int]) -> None:
    """Count the rows of all projects anew; `decisions` are the bytes counted by the caller."""
    with _lock:
        _added.clear()
    interactions, now = count_interaction_bytes(), timezone.now()
    with write_turn():
        for project_id in Project.objects.values_list("pk", flat=True):
            counted = {
                "interaction_bytes": interactions.get(project_id, 0),
                "decision_bytes": decisions.get(project_id, 0),
                "counted_at": now,
            }
            StorageUse.objects.update_or_create(pk=project_id, defaults=counted)


def count_interaction_bytes() -> dict[UUID, int]:
    """Bytes of interactions with their payloads, in ranges that block nobody for long."""
    found: defaultdict[UUID, int] = defaultdict(int)
    last = ModelInteraction.objects.aggregate(most=Max("number"))["most"] or 0
    for start in range(0, last + 1, RANGE):
        rows = ModelInteraction.objects.filter(number__gte=start, number__lt=start + RANGE)
        owners = dict(rows.order_by().values_list("number", "project_id"))
        sizes = Payload.objects.filter(pk__gte=start, pk__lt=start + RANGE)
        for number, size in sizes.values_list("pk", disk_usage.BYTES):
            if (owner := owners.get(number)) is not None:
                found[owner] += size or 0
        for owner, count in rows.order_by().values_list("project_id").annotate(Count("pk")):
            found[owner] += count * disk_usage.ROW_BYTES
    return found


def divide_claim(uses: Mapping[UUID, BytesUsed], claim: int) -> dict[UUID, float]:
    """The measured bytes, divided by what each project takes."""
    total = sum(used.total for used in uses.values())
    if not total:
        return {}
    return {project_id: claim * used.total / total for project_id, used in uses.items()}


def find_level(claims: Iterable[float], most: float) -> float:
    """The fair share: the claim at which to cut, so that all together stay within `most`. Infinite when
    they do. Who claims less than the fair share keeps everything."""
    ordered = sorted(claims)
    if sum(ordered) <= most:
        return math.inf
    for position, one in enumerate(ordered):
        level = most / (len(ordered) - position)
        if one > level:
            return level
        most -= one
    return math.inf


def read_server_limit() -> int:
    """Bytes all projects may use together: FM_STORAGE_MAX_SIZE, else the largest of their quotas."""
    if settings.STORAGE_MAX_SIZE:
        return disk_usage.read_limit(settings.STORAGE_MAX_SIZE)
    largest = FeatureMemoryConfig.objects.aggregate(most=Max("max_size"))["most"]
    return disk_usage.read_limit(int(largest or FeatureMemoryConfig().max_size))
