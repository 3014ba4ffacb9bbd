"""What happened long ago: history, activity, changes nobody can undo, names of patterns that are gone."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from featurememory.access.sessions import clear_expired_sessions
from featurememory.audit.retention import forget_old_entries
from featurememory.models import Activity, ConfigVersion, Project, StoredAnswer
from patterns.models import ModelInteraction, Operation, Pattern, PatternEvent, PatternHour
from patterns.statistics.rollups import ALL_TIME

HISTORY = timedelta(days=365)
VERSIONS = 1000  # of the thresholds, the newest
# Rows of emptied patterns without interactions that one cleanup deletes.
NAMES = 5000


def empty_trash(project: Project, ids: list[str]) -> None:
    """Delete the engine state of patterns; their rows stay as names while something refers to them."""
    Pattern.objects.filter(project=project, pk__in=ids).update(state=None, size_bytes=0)
    names = find_unused_names(project)
    PatternEvent.objects.filter(project=project, pattern_id__in=names).delete()
    PatternHour.objects.filter(project=project, pattern_id__in=names).delete()
    Pattern.objects.filter(pk__in=names).delete()


def find_unused_names(project: Project) -> list[UUID]:
    """Emptied patterns without interactions, and those merged into others long ago of which no hourly
    sums are left, either: readers count these for the pattern that took over."""
    pointed_to = ModelInteraction.objects.filter(project=project, pattern_id=OuterRef("pk"))
    counted = PatternHour.objects.filter(project=project, pattern_id=OuterRef("pk"))
    rows = Pattern.objects.filter(~Exists(pointed_to), project=project, status="archived")
    emptied = Q(redirect_to__isnull=True, state__isnull=True)
    merged = Q(redirect_to__isnull=False, archived_at__lt=timezone.now() - HISTORY)
    unused = rows.filter(emptied | merged & ~Exists(counted.exclude(hour=ALL_TIME)))
    return list(unused.values_list("pk", flat=True)[:NAMES])


def delete_old_history(project: Project) -> None:
    """Delete what is older than HISTORY, surplus versions of the thresholds, and what is kept for a day."""
    limit = timezone.now() - HISTORY
    PatternEvent.objects.filter(project=project, at__lt=limit).delete()
    Activity.objects.filter(project=project, at__lt=limit).delete()
    Operation.objects.filter(project=project, at__lt=limit).delete()
    LogEntry.objects.filter(action_time__lt=limit).delete()
    versions = ConfigVersion.objects.filter(project=project).order_by("-number")
    surplus = list(versions.values_list("pk", flat=True)[VERSIONS : VERSIONS + 1000])
    ConfigVersion.objects.filter(pk__in=surplus).delete()
    forget_old_entries(project.pk)
    StoredAnswer.objects.filter(created_at__lt=timezone.now() - timedelta(days=1)).delete()
    clear_expired_sessions()
