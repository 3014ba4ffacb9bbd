"""Rules against figures: a rule fires once when its value crosses over, and says when it is over."""

from __future__ import annotations

import time
from datetime import datetime
from uuid import UUID

from django.core.cache import cache
from django.db.models import F
from django.utils import timezone

from featurememory.database.write_lock import write_turn
from integration.alerts.figures import EVENTS, FigureReader
from integration.alerts.messages import describe_firing, describe_over, describe_test
from integration.alerts.rules import MOST_RULES
from integration.models import AlertDelivery, AlertNotice, AlertRule

# One project's rules take at most so long in a round; those that waited longest come first.
TURN_S = 0.5
MOST_NOTICES = 1_000
FIRING_S = 600


def find_watched() -> list[UUID]:
    rules = AlertRule.objects.kept().filter(enabled=True).order_by()
    return list(rules.values_list("project_id", flat=True).distinct())


def evaluate_project(project_id: UUID) -> int:
    """Evaluate the rules of a project; how many said something."""
    now, until = timezone.now(), time.monotonic() + TURN_S
    rules = AlertRule.objects.kept().filter(project_id=project_id, enabled=True)
    reader, said = FigureReader(project_id, now), 0
    for rule in rules.order_by(F("evaluated_at").asc(nulls_first=True), "pk")[:MOST_RULES]:
        said += evaluate_rule(rule, reader.measure(rule), now)
        if time.monotonic() >= until:
            break
    if said:
        forget_old_notices(project_id)
    cache.set(f"firing:{project_id}", count_firing(project_id), FIRING_S)
    return said


def evaluate_rule(rule: AlertRule, value: float | None, now: datetime) -> bool:
    """Whether something was said. While nothing can be measured, nothing changes."""
    beyond = value is not None and is_beyond(rule, value)
    changes = value is not None and beyond != (rule.firing_since is not None)
    is_event = rule.figure in EVENTS
    with write_turn():
        if (beyond and is_event) or (changes and not is_event):
            text = (describe_firing if beyond else describe_over)(rule, value)
            notify(rule, "fired" if beyond else "over", value, text)
        if not is_event and value is not None:
            rule.firing_since = (rule.firing_since or now) if beyond else None
        rule.evaluated_at, rule.value = now, value
        fields = {"evaluated_at": now, "value": value, "firing_since": rule.firing_since}
        AlertRule.objects.filter(pk=rule.pk).update(**fields)
    return (beyond and is_event) or (changes and not is_event)


def is_beyond(rule: AlertRule, value: float) -> bool:
    return value > rule.threshold if rule.side == "above" else value < rule.threshold


def notify(rule: AlertRule, kind: str, value: float | None, text: str) -> AlertNotice:
    """Write down what was noticed; a webhook gets it unless the rule is muted."""
    notice = AlertNotice.objects.create(
        project_id=rule.project_id, rule=rule, kind=kind, value=value, text=text[:400]
    )
    if rule.webhook_url and (kind == "test" or not rule.is_muted):
        AlertDelivery.objects.create(notice=notice)
    return notice


def try_rule(rule: AlertRule) -> AlertNotice:
    """What "Send a test" does: the value of now, marked as a test."""
    value = FigureReader(rule.project_id, timezone.now()).measure(rule)
    with write_turn():
        return notify(rule, "test", value, describe_test(rule, value))


def count_firing(project_id: UUID) -> int:
    rules = AlertRule.objects.kept().filter(project_id=project_id, enabled=True)
    return rules.filter(firing_since__isnull=False).count()


def forget_old_notices(project_id: UUID) -> None:
    """The newest MOST_NOTICES stay."""
    rows = AlertNotice.objects.filter(project_id=project_id).order_by("-pk")
    newest = rows.values_list("pk", flat=True)[MOST_NOTICES : MOST_NOTICES + 1].first()
    if newest is not None:
        rows.filter(pk__lte=newest).delete()
