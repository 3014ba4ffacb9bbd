"""The form of a change made by hand: for which tasks, and what is to be changed."""

from __future__ import annotations

import json
import re
from typing import Any

from django import forms
from django.db.models import Sum

from featurememory.models import Project
from optimizations.models import RegisteredModel
from patterns.models import Pattern

ROUTE, TUNE = "route_model", "tune_parameters"
MOST_TASKS, MOST_PARAMETERS = 200, 8
PAIR = re.compile(r"\s{0,3}([A-Za-z_][A-Za-z0-9_]{0,63})\s{0,3}=\s{0,3}([^,]{1,100})")


class ChangeForm(forms.Form):
    """`params` of the engine come out as `cleaned_data["params"]`."""

    task_type = forms.ChoiceField(label="Tasks")
    kind = forms.ChoiceField(
        label="Change", choices=[(ROUTE, "Another model"), (TUNE, "Other parameters")]
    )
    model_id = forms.ChoiceField(
        label="Model", required=False, help_text="for another model; registered ones are listed"
    )
    parameters = forms.CharField(
        label="Parameters",
        required=False,
        max_length=500,
        help_text="for other parameters, such as temperature=0.2, top_p=0.9",
    )

    def __init__(self, project: Project, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["task_type"].choices = list_tasks(project)  # type: ignore[attr-defined]
        models = RegisteredModel.objects.filter(project=project, enabled=True).order_by("model_id")
        names = list(models.values_list("model_id", flat=True)[:500])
        self.fields["model_id"].choices = [("", "–"), *((name, name) for name in names)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == ROUTE:
            if not data.get("model_id"):
                raise forms.ValidationError(
                    {"model_id": "Choose the model the tasks should go to."}
                )
            data["params"] = {"model_id": data["model_id"]}
        elif data.get("kind") == TUNE:
            data["params"] = {"parameters": self.read_parameters(data.get("parameters", ""))}
        return data

    def read_parameters(self, text: str) -> dict[str, Any]:
        pairs = [part for part in text.split(",") if part.strip()][: MOST_PARAMETERS + 1]
        found = [PAIR.fullmatch(part.strip()) for part in pairs]
        if not pairs or len(pairs) > MOST_PARAMETERS or not all(found):
            raise forms.ValidationError(
                {
                    "parameters": f"Write one to {MOST_PARAMETERS} such as temperature=0.2, top_p=0.9."
                }
            )
        return {one[1]: read_value(one[2].strip()) for one in found if one}


def list_tasks(project: Project) -> list[tuple[str, str]]:
    """The task types with the most matches first."""
    rows = Pattern.objects.stored().filter(project=project).order_by()
    found = rows.values_list("task_type").annotate(n=Sum("use_count")).order_by("-n")[:MOST_TASKS]
    return [(name, name or "tasks without a type") for name, _ in found]


def read_value(text: str) -> Any:
    """A number, true or false where it is one, else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | bool) else text
