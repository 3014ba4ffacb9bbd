"""Own redaction expressions in the form of thresholds: one a line, tried before they are saved."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django import forms

from patterns.redaction.trial import TriedExpressions, try_expressions


class ExpressionsField(forms.CharField):
    """`customer = KD-[0-9]{4,10}` a line; as a value the list that is stored."""

    widget = forms.Textarea(attrs={"rows": 4, "spellcheck": "false"})

    def __init__(self, *, encoder: Any = None, decoder: Any = None, **more: Any) -> None:
        more["help_text"] = (
            "One a line: name = expression, such as customer = KD-[0-9]{4,10}. What it fits becomes "
            "⟦customer⟧ before it is stored, in texts, names and whole numbers. At most 20; RE2's syntax "
            "without + and *: a match has at most 200 characters. Saving first shows what it would take "
            "out of stored texts."
        )
        super().__init__(**more)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{row['name']} = {row['expression']}" for row in value)

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        pairs = [line.partition("=") for line in lines]
        if wrong := next(
            (line for line, (_, sign, _) in zip(lines, pairs, strict=True) if not sign), ""
        ):
            raise forms.ValidationError(f"{wrong[:60]!r} has no =: write name = expression.")
        return [{"name": name.strip(), "expression": text.strip()} for name, _, text in pairs]

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != (initial or []))
        except forms.ValidationError:
            return True


class ExpressionsTried(forms.Form):
    """A mixin: changed expressions show first what they would take out; saving again saves them."""

    tried = forms.CharField(required=False, widget=forms.HiddenInput)

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if "patterns" not in self.changed_data or self.errors:
            return
        rows = self.cleaned_data["patterns"]
        token = hashlib.blake2b(json.dumps(rows).encode(), digest_size=8).hexdigest()
        if not rows or self.cleaned_data.get("tried") == token:
            return
        trial = try_expressions(self.instance.project_id, rows)  # type: ignore[attr-defined]
        if trial.looked_at:
            self.data = {**self.data.dict(), "tried": token}  # type: ignore[attr-defined]
            self.add_error("patterns", [*describe_trial(trial), "Save again to save it like this."])


def describe_trial(trial: TriedExpressions) -> list[str]:
    return [
        f"{row['name']}: in {row['interactions']} of {trial.looked_at} stored interactions, "
        f"{row['matches']} times in all"
        + "".join(f"; “{one['before']}” becomes “{one['after']}”" for one in row["examples"])
        for row in trial.as_json()["found"]
    ]
