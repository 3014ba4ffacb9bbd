"""The form in which people register a model and say what it costs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms

from optimizations.model_catalog import PRICES, Registration
from optimizations.models import ModelPrice, RegisteredModel

HELP = {
    "input_per_1m": ("Input", ""),
    "output_per_1m": ("Output", ""),
    "cached_input_per_1m": ("Cached input", "empty: as input"),
    "cache_write_per_1m": ("Cache writes", "empty: as input"),
    "extended_cache_write_per_1m": ("Longer cache writes", "an hour, say; empty: as cache writes"),
    "reasoning_per_1m": ("Reasoning", "empty: as output"),
    "per_call": ("Each call", "per call, besides its tokens"),
    "long_prompt_above": ("Input above", "tokens; the prices beside hold for all of such a call"),
    "long_input_per_1m": ("Input", "empty: as other calls"),
    "long_output_per_1m": ("Output", "empty: as other calls"),
    "long_cached_input_per_1m": ("Cached input", "empty: as other calls"),
    "long_cache_write_per_1m": ("Cache writes", "empty: as other calls"),
    "long_extended_cache_write_per_1m": ("Longer cache writes", "empty: as other calls"),
}
LONG = tuple(name for name in PRICES if name.startswith("long_"))
USUAL = tuple(name for name in PRICES if name not in LONG)


def make_price_field(name: str) -> forms.FloatField:
    label, text = HELP[name]
    attrs = {"step": "any", "min": "0", "inputmode": "decimal"}
    widget = forms.NumberInput(attrs=attrs)
    return forms.FloatField(
        label=label, help_text=text, required=False, min_value=0, max_value=1e15, widget=widget
    )


class ModelForm(forms.Form):
    """Prices in the project's currency. Empty is unpriced, 0 is free."""

    model_id = forms.CharField(label="Model", max_length=200, help_text="as your calls name it")
    task_types = forms.CharField(
        label="Task types", required=False, max_length=4000, help_text="commas; empty: every task"
    )
    serves = forms.BooleanField(
        label="Tasks may be routed to it", required=False, help_text="else only its price is kept"
    )
    effective_from = forms.DateField(
        label="Price holds from",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="midnight UTC; empty: from now on. A day in the past prices stored calls again",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in PRICES:
            self.fields[name] = make_price_field(name)

    def model_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("model_id", "task_types", "effective_from")]

    def usual_prices(self) -> list[forms.BoundField]:
        return [self[name] for name in USUAL]

    def long_prices(self) -> list[forms.BoundField]:
        return [self[name] for name in LONG]

    def has_long_prices(self) -> bool:
        return any(self[name].value() not in (None, "") for name in LONG)

    def clean_model_id(self) -> str:
        return str(self.cleaned_data["model_id"]).strip()

    def clean_task_types(self) -> list[str]:
        parts = [part.strip() for part in self.cleaned_data["task_types"].split(",")]
        if any(len(part) > 200 for part in parts):
            raise forms.ValidationError("A task type has at most 200 characters.")
        return list(dict.fromkeys(part for part in parts if part))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("effective_from") and not self.has_prices():
            self.add_error("effective_from", "Needs a price that holds from then on.")
        long = [name for name in LONG if data.get(name) is not None]
        if (
            long
            and data.get("long_prompt_above") is None
            and "long_prompt_above" not in self.errors
        ):
            self.add_error("long_prompt_above", "Say from how many tokens on these prices hold.")
        if not data.get("serves") and not self.has_prices() and not self.errors:
            raise forms.ValidationError("Give a price, or let tasks be routed to it.")
        return data

    def has_prices(self) -> bool:
        return any(self.cleaned_data.get(name) is not None for name in USUAL)

    def registration(self, known: RegisteredModel | None) -> Registration:
        data = self.cleaned_data
        day = data["effective_from"]
        moment = day and round(
            datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000
        )
        return Registration(
            model_id=data["model_id"],
            task_types=data["task_types"],
            capabilities=known.capabilities if known else {},
            enabled=data["serves"],
            prices={name: data[name] for name in PRICES} if self.has_prices() else None,
            effective_from=moment or None,
        )


def fill_form(model_id: str, known: RegisteredModel | None, price: ModelPrice | None) -> ModelForm:
    """The form as it stands for a model; the price without its date: a change holds from now on."""
    values: dict[str, Any] = {
        "model_id": model_id,
        "serves": known.enabled if known else not model_id,
        "task_types": ", ".join(known.task_types) if known else "",
    }
    return ModelForm(initial=values | {name: plain(getattr(price, name, None)) for name in PRICES})


def plain(price: float | None) -> float | None:
    """10, not 10.0."""
    return int(price) if price is not None and price == int(price) else price
