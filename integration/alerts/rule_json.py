"""Rules and notices as the JSON values of the API."""

from __future__ import annotations

from typing import Any

from integration.alerts.messages import find_link
from integration.models import AlertNotice, AlertRule
from patterns.serializers import format_time


def serialize_rule(rule: AlertRule, *, may_edit: bool) -> dict[str, Any]:
    """Addresses of webhooks are often secrets themselves: only for who may change them."""
    return {
        "id": rule.pk,
        "name": rule.name,
        "figure": rule.figure,
        "side": rule.side,
        "threshold": rule.threshold,
        "window_hours": rule.window_hours,
        "at_least": rule.at_least,
        "pattern_id": rule.pattern_id and str(rule.pattern_id),
        "has_webhook": bool(rule.webhook_url),
        "webhook_url": rule.webhook_url if may_edit else None,
        "webhook_form": rule.webhook_form,
        "secret": rule.secret if may_edit else None,
        "enabled": rule.enabled,
        "muted_until": format_time(rule.muted_until),
        "firing_since": format_time(rule.firing_since),
        "value": rule.value,
        "evaluated_at": format_time(rule.evaluated_at),
        "made_by": rule.made_by,
        "created_at": format_time(rule.created_at),
        "link": find_link(rule),
    }


def serialize_notice(notice: AlertNotice) -> dict[str, Any]:
    delivery = getattr(notice, "delivery", None)
    return {
        "id": notice.pk,
        "rule": {"id": notice.rule_id, "name": notice.rule.name},
        "at": format_time(notice.at),
        "kind": notice.kind,
        "value": notice.value,
        "text": notice.text,
        "webhook": delivery
        and {
            "state": delivery.state,
            "attempts": delivery.attempts,
            "outcome": delivery.outcome or None,
        },
    }
