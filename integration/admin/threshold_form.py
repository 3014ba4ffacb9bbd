"""The form of the thresholds: sizes and times in units, a preview before anything is saved."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from featurememory.models import FeatureMemoryConfig
from integration.admin.redaction_form import ExpressionsField, ExpressionsTried
from integration.admin.threshold_effects import DAYS, SIZES, SPANS, preview_change
from integration.admin.unit_fields import DaysField, SizeField, SpanField, UnitField

UNIT_FIELDS: dict[str, type[UnitField]] = {
    **dict.fromkeys(SIZES, SizeField),
    **dict.fromkeys(SPANS, SpanField),
    **dict.fromkeys(DAYS, DaysField),
}
AT_START = ("type", "path")  # chosen when the server starts: shown, not offered


class ThresholdsForm(ExpressionsTried, forms.ModelForm):  # type: ignore[type-arg]
    reason = forms.CharField(
        required=False,
        max_length=200,
        help_text="Reason for the history. Up to 200 characters.",
    )

    class Meta:
        model = FeatureMemoryConfig
        fields = FeatureMemoryConfig.field_names()
        field_classes: ClassVar[Any] = {"patterns": ExpressionsField, **UNIT_FIELDS}
        labels: ClassVar[Any] = {"embedder_url": "Embedder URL"}
        help_texts: ClassVar[Any] = {
            "max_size": "A size such as 100 MiB or 2 GB; at least 1 MiB, default 100 MiB: this project's "
            "part of the database. Cleanup removes its oldest interactions and decisions beyond it.",
            "bytes_per_minute": "A size such as 10 MiB; default 0 (no limit). Bytes of request bodies a "
            "minute of one key; beyond it requests are answered 429.",
            "effectiveness_threshold": "0 to 1, default 0.50, which is 50% on the pages of optimizations. "
            "An optimization below it for 7 days is retired.",
            "cleanup_interval": "A time such as 24 h or 90 min; 1 min to 365 d, default 1 d. Time "
            "between two scheduled cleanups.",
        }

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.preview: list[tuple[str, str, str, str]] | None = None
        for name in UNIT_FIELDS:
            field = self.fields.get(name)
            if isinstance(field, UnitField):
                limits = {type(one): one.limit_value for one in find_limits(name)}
                low, high = limits.get(MinValueValidator, 0), limits.get(MaxValueValidator, 1 << 62)
                field.limited(low, high)
        for name in DAYS:
            if name in self.fields:
                known = str(self.fields[name].help_text)
                self.fields[name].help_text = known.replace(
                    "Days, ", "Days, such as 90 d or 13 w: ", 1
                )
        self.offer_embedders()

    def offer_embedders(self) -> None:
        """What this server cannot use is not offered, unless it is what was chosen; the help says why."""
        field, missing = self.fields.get("embedder"), find_missing_embedders()
        if isinstance(field, forms.ChoiceField) and missing:
            known = dict(FeatureMemoryConfig._meta.get_field("embedder").flatchoices)
            kept = known.keys() - (missing.keys() - {self.instance.embedder})
            field.choices = [one for one in known.items() if one[0] in kept]
            field.help_text = f"{field.help_text} Not offered here: {'; '.join(missing.values())}."

    def clean(self) -> dict[str, Any] | None:
        # What the server was started with may have changed since the row was written.
        self.instance.type = settings.STORAGE
        return super().clean()

    def _post_clean(self) -> None:
        super()._post_clean()
        if "_preview" in self.data and not self.errors:
            self.preview = preview_change(self.instance)
            self.add_error(None, "Not saved yet: this is a preview.")


def find_missing_embedders() -> dict[str, str]:
    """What this server cannot use, and what that needs."""
    missing = {}
    if find_spec("wordllama") is None:
        missing["static"] = "static, which needs the extra featurememory[static]"
    if not settings.EMBEDDER_HOSTS:
        missing["endpoint"] = "endpoint, which needs FM_EMBEDDER_HOSTS"
    return missing


def find_limits(name: str) -> list[Any]:
    field = FeatureMemoryConfig._meta.get_field(name)
    return list(field.validators) if isinstance(field, models.Field) else []
