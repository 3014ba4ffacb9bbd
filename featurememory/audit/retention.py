"""How long the audit log is kept: `audit.keep_days` of the project; 0 is for ever."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from featurememory.audit.chain import forget_entries
from featurememory.models import FeatureMemoryConfig


def forget_old_entries(project_id: UUID) -> int:
    """Delete what the project no longer keeps. The server's log is kept as long as any project's."""
    days = dict(FeatureMemoryConfig.objects.values_list("project_id", "keep_days"))
    now, own = timezone.now(), days.get(project_id, 0)
    count = forget_entries(project_id, now - timedelta(days=own)) if own else 0
    if days and min(days.values()) > 0:
        count += forget_entries(None, now - timedelta(days=max(days.values())))
    return count
