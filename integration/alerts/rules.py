"""Rules of alerts made, changed, muted, switched, deleted and brought back, with a note of who did it."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from featurememory.audit.record import record
from featurememory.database.write_lock import write_turn
from featurememory.errors import ErrorCode, FeatureMemoryError
from featurememory.models import Activity, Project
from integration.models import AlertRule

MOST_RULES = 50
UNDO_PERIOD = timedelta(days=30)
LONGEST_MUTE = 24 * 30


def list_rules(project: Project) -> QuerySet[AlertRule]:
    rows: QuerySet[AlertRule] = AlertRule.objects.kept()
    return rows.filter(project=project)


def check_room(project: Project) -> None:
    """409 when there are as many rules as a project may have."""
    if list_rules(project).count() >= MOST_RULES:
        raise FeatureMemoryError(
            f"A project has at most {MOST_RULES} rules. Delete one first.", ErrorCode.CONFLICT
        )


def save_rule(rule: AlertRule, actor: str) -> None:
    """Store a rule that was made or changed; it is measured afresh."""
    made = rule.pk is None
    rule.made_by = rule.made_by or actor
    rule.firing_since = rule.value = None
    with write_turn():
        rule.save()
        note_change(rule, actor, "made" if made else "changed")


def mute_rule(rule: AlertRule, hours: int, actor: str) -> None:
    """For so many hours its webhook is not called; 0 ends it."""
    rule.muted_until = timezone.now() + timedelta(hours=hours) if hours else None
    with write_turn():
        rule.save(update_fields=["muted_until"])
        note_change(rule, actor, "muted" if hours else "unmuted")


def switch_rule(rule: AlertRule, enabled: bool, actor: str) -> None:
    rule.enabled, rule.firing_since = enabled, None
    with write_turn():
        rule.save(update_fields=["enabled", "firing_since"])
        note_change(rule, actor, "enabled" if enabled else "disabled")


def delete_rule(rule: AlertRule, actor: str) -> None:
    """It stops at once and can be brought back with its history, while it is among the last deleted."""
    rule.deleted_at, rule.firing_since = timezone.now(), None
    with write_turn():
        rule.save(update_fields=["deleted_at", "firing_since"])
        note_change(rule, actor, "deleted")
        forget_deleted(rule.project)


def restore_rule(project: Project, pk: int, actor: str) -> AlertRule | None:
    """Bring a deleted rule back; None when it is gone for good or was not deleted."""
    rules = AlertRule.objects.filter(project=project, deleted_at__gt=timezone.now() - UNDO_PERIOD)
    with write_turn():
        rule: AlertRule | None = rules.filter(pk=pk).first()
        if rule is not None:
            check_room(project)
            rule.deleted_at = None
            rule.save(update_fields=["deleted_at"])
            note_change(rule, actor, "restored")
    return rule


def forget_deleted(project: Project) -> None:
    """Those deleted 30 days ago go with their history, and the oldest when there are many."""
    deleted = AlertRule.objects.filter(project=project, deleted_at__isnull=False)
    kept = deleted.filter(deleted_at__gt=timezone.now() - UNDO_PERIOD).order_by("-deleted_at")
    newest = list(kept.values_list("pk", flat=True)[:MOST_RULES])
    deleted.exclude(pk__in=newest).delete()


def note_change(rule: AlertRule, actor: str, what: str) -> None:
    summary = f"Alert rule “{rule.name}” {what}"[:300]
    Activity.objects.create(
        project=rule.project, actor=actor, verb="alert", summary=summary, link="/alerts/"
    )
    record(rule.project_id, f"alert.{what}", str(rule.pk), actor=actor)
