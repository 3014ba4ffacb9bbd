"""Jobs that ended long ago go, and the oldest of very many."""

from __future__ import annotations

from django.db.models import Count
from django.utils import timezone

from integration.models import Job
from patterns.retention.old_history import HISTORY

MOST, AT_ONCE = 1000, 1000  # ended jobs that a project keeps, and that go with one look


def forget_old_jobs() -> int:
    """How many went."""
    over = Job.objects.filter(state__in=("done", "failed", "cancelled")).order_by()
    gone = over.filter(ended_at__lt=timezone.now() - HISTORY).delete()[0]
    counts = over.values_list("project_id").annotate(n=Count("pk"))
    for project_id, _ in counts.filter(n__gt=MOST):
        own = over.filter(project_id=project_id).order_by("-created_at")
        surplus = list(own.values_list("pk", flat=True)[MOST : MOST + AT_ONCE])
        gone += Job.objects.filter(pk__in=surplus).delete()[0]
    return gone
