"""What an alert says, and the signed body of its webhook."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import msgspec

from featurememory.templatetags import figures
from integration.models import AlertNotice, AlertRule

Figure = AlertRule.AlertFigure
UNITS = {
    Figure.SUCCESS: "%",
    Figure.EFFECTIVENESS: "%",
    Figure.P50: " ms",
    Figure.P95: " ms",
    Figure.WAITING: " s",
    Figure.STORAGE: " MB",
    Figure.SURGE: " times",
}
LINKS = {
    Figure.NEW_PATTERNS: "/patterns/?sort=-created_at",
    Figure.DRIFTING: "/patterns/?status=drifting",
    Figure.SUCCESS: "/interactions/?success=false",
    Figure.QUEUE: "/interactions/?state=pending",
    Figure.WAITING: "/health/",
    Figure.STORAGE: "/health/",
    Figure.PROVEN: "/optimizations/?status=active",
    Figure.ROLLED_BACK: "/optimizations/?status=suspended",
}


def write_value(rule: AlertRule, value: float | None) -> str:
    return (
        "not known" if value is None else figures.number(value) + UNITS.get(Figure(rule.figure), "")
    )


def name_figure(rule: AlertRule) -> str:
    """Without its unit, which stands at the value."""
    return rule.get_figure_display().split(",")[0].split(":")[0]


WINDOWLESS = {
    Figure.QUEUE,
    Figure.WAITING,
    Figure.STORAGE,
    Figure.DRIFTING,
    Figure.NEW_PATTERNS,
    Figure.PROVEN,
    Figure.ROLLED_BACK,
}


def describe_rule(rule: AlertRule) -> str:
    """What is watched, in words: "Duration p95 above 900 ms, last 24 h"."""
    text = f"{name_figure(rule)} {rule.side} {write_value(rule, rule.threshold)}"
    if rule.pattern_id:
        text += ", one pattern"
    return text if Figure(rule.figure) in WINDOWLESS else f"{text}, last {rule.window_hours} h"


def describe_firing(rule: AlertRule, value: float | None) -> str:
    limit = write_value(rule, rule.threshold)
    return f"{rule.name}: {name_figure(rule)} at {write_value(rule, value)}, {rule.side} {limit}."


def describe_over(rule: AlertRule, value: float | None) -> str:
    return f"{rule.name} is over: {name_figure(rule)} at {write_value(rule, value)}."


def describe_test(rule: AlertRule, value: float | None) -> str:
    return f"Test of {rule.name}: {name_figure(rule)} at {write_value(rule, value)}."


def find_link(rule: AlertRule) -> str:
    """The list that the figure is about."""
    if rule.pattern_id:
        return f"/patterns/{rule.pattern_id}/"
    return LINKS.get(Figure(rule.figure), "/")


def build_body(notice: AlertNotice) -> bytes:
    """For Slack one member `text`; else everything, with the same `text` first."""
    rule = notice.rule
    body: dict[str, Any] = {"text": f"[{rule.project.name}] {notice.text}"}
    if rule.webhook_form == AlertRule.WebhookForm.JSON:
        body |= {
            "id": str(notice.pk),
            "kind": notice.kind,
            "at": notice.at.isoformat(),
            "project": rule.project.name,
            "rule": {"id": rule.pk, "name": rule.name},
            "figure": rule.figure,
            "value": notice.value,
            "side": rule.side,
            "threshold": rule.threshold,
            "window_hours": rule.window_hours,
            "pattern_id": rule.pattern_id and str(rule.pattern_id),
            "link": find_link(rule),
        }
    return msgspec.json.encode(body)


def sign(secret: str, body: bytes, at: int) -> str:
    """`t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>">`: who repeats an old body is found out."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
