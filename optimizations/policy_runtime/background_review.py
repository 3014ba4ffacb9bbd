"""The background review: counts outcomes, follows patterns, reviews, deletes old decisions."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from featurememory.config import config_of
from optimizations.decision_log import retention
from optimizations.engine.pattern_links import list_patterns
from optimizations.model_catalog import load_cards
from optimizations.models import Decision, PolicyState
from optimizations.policy_runtime import outcomes
from optimizations.policy_runtime.missing_outcomes import note_missing
from optimizations.policy_runtime.policy_cache import LoadedPolicy, policies
from optimizations.storage import OptimizationStorage
from patterns.models import ModelInteraction, Pattern

logger = logging.getLogger("featurememory.optimizations")


def find_reviewed() -> list[UUID]:
    """The projects that use optimizations."""
    return list(PolicyState.objects.values_list("pk", flat=True))


def review(project_id: UUID) -> int:
    """Reviews one project; returns the number of transitions. Safe to repeat and to kill."""
    if is_idle(project_id):
        return 0
    with policies.changing(project_id) as kept:
        outcomes.count_waiting(project_id, kept)
        with kept.lock:
            for card in load_cards(project_id):  # a price may have come into force since
                kept.engine.register(card)
        follow_patterns(project_id, kept)
        note_missing(project_id, kept)
        with kept.lock:
            steps = kept.engine.review(kept.at)
        outcomes.save_policy(project_id, kept)
    PolicyState.objects.filter(pk=project_id).update(reviewed_at=timezone.now())
    stored = OptimizationStorage(project_id)
    stored.cleanup()
    stored.forget_hours()
    forget_decisions(project_id)
    return len(steps)


def is_idle(project_id: UUID) -> bool:
    """Whether nothing was counted since the last review, which was less than ten minutes ago."""
    state = PolicyState.objects.get(pk=project_id)
    kept = policies.for_deciding(project_id)
    recent = state.reviewed_at and state.reviewed_at > timezone.now() - timedelta(minutes=10)
    return bool(recent and not kept.engine.review_due and not outcomes.has_waiting(project_id))


def follow_patterns(project_id: UUID, kept: LoadedPolicy) -> None:
    """Moves optimizations to the pattern theirs was merged into, and retires those of pruned ones."""
    with kept.lock:
        bound = sorted(list_patterns(kept.engine.optimizations.values()))
    archived = Pattern.objects.filter(project_id=project_id, status="archived")
    led: dict[UUID, UUID | None] = {}
    for start in range(0, len(bound), 500):
        some = archived.filter(pk__in=bound[start : start + 500])
        led |= dict(some.values_list("pk", "redirect_to"))
    redirects = {str(old): str(new) for old, new in led.items() if new is not None}
    ended = [str(pk) for pk, new in led.items() if new is None]
    with kept.lock:
        if redirects:
            kept.engine.merge_patterns(redirects)
        if ended:
            kept.engine.forget_patterns(ended, kept.at)


def forget_decisions(project_id: UUID) -> int:
    """Deletes decisions older than the oldest interaction or the retention period; returns how many."""
    days = max(config_of(project_id).retention_period, 1)
    oldest = (
        ModelInteraction.objects.filter(project_id=project_id)
        .order_by("number")
        .values_list("received_at", flat=True)
        .first()
    )
    limit = round((timezone.now() - timedelta(days=days)).timestamp() * 1000)
    rows = Decision.objects.filter(project_id=project_id, at__lt=max(limit, oldest or 0))
    # An hour of grace: a decision is older than the interaction that answers it.
    rows = rows.filter(at__lt=timezone.now().timestamp() * 1000 - 3_600_000)
    return retention.forget_rows(rows, project_id)
