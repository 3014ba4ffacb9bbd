"""The form of an alert rule."""

from __future__ import annotations

import math
from typing import Any

from django import forms

from integration.alerts.delivery import find_refusal
from integration.models import AlertRule
from patterns.models import Pattern


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
