"""The form of an alert rule."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from django import forms

from integration.alerts.delivery import find_refusal
from integration.models import AlertRule
from patterns.models import Pattern

GROUPS = (
    ("What is watched", ("figure", "side", "threshold")),
    ("Over which calls", ("window_hours", "at_least", "pattern_id")),
    ("Who is told", ("name", "webhook_url", "webhook_form")),
)


class AlertForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = AlertRule
        fields = (
            "name",
            "figure",
            "side",
            "threshold",
            "window_hours",
            "at_least",
            "pattern_id",
            "webhook_url",
            "webhook_form",
        )
        labels: ClassVar = {
            "threshold": "Value",
            "window_hours": "Hours to look back",
            "at_least": "Fewest calls",
            "pattern_id": "Only this pattern",
            "webhook_url": "Webhook address",
            "webhook_form": "Webhook format",
        }
        help_texts: ClassVar = {
            "threshold": "In the unit of the figure; rates from 0 to 100",
            "pattern_id": "Its id, copied from its page; empty: the whole project",
            "name": "What the alert is called in messages",
            "webhook_url": "An https address that messages are sent to; empty: only the history here",
            "webhook_form": "Slack takes the text alone; JSON has every figure",
        }

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        field: Any = self.fields["figure"]
        field.choices = [("", "Choose a figure"), *AlertRule.AlertFigure.choices]
        known = ", ".join(AlertRule.AlertFigure.values)
        field.error_messages["invalid_choice"] = f"Must be among {known}."
        if self.instance.pk is None and "threshold" not in (given.get("initial") or {}):
            self.initial.pop("threshold", None)
            self.fields["threshold"].initial = None

    @property
    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as the page shows them, under what they are about."""
        return [(title, [self[name] for name in names]) for title, names in GROUPS]

    def clean_threshold(self) -> float:
        value = float(self.cleaned_data["threshold"])
        if not math.isfinite(value):
            raise forms.ValidationError("Give a number.")
        return value

    def clean_pattern_id(self) -> Any:
        name = self.cleaned_data["pattern_id"]
        rows = Pattern.objects.filter(project_id=self.instance.project_id, pk=name)
        if name and not rows.exists():
            raise forms.ValidationError("No pattern of this project has this id.")
        return name

    def clean_webhook_url(self) -> str:
        """Resolved now, so that a mistake is said at once; checked again at every call."""
        url = str(self.cleaned_data["webhook_url"])
        if url and (why := find_refusal(url)):
            raise forms.ValidationError(why)
        return url
