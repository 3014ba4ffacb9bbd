"""Form fields that take sizes and times as people write them, and show them so."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget

from integration.admin.human_units import (
    format_days,
    format_size,
    format_span,
    parse_days,
    parse_size,
    parse_span,
)


class UnitField(forms.CharField):
    """Text in and out, a whole number in between; `low` and `high` are told in the same units."""

    @staticmethod
    def parse(text: str, /) -> int:
        raise NotImplementedError

    @staticmethod
    def write(value: int, /) -> str:
        raise NotImplementedError

    def __init__(self, *, min_value: Any = None, max_value: Any = None, **more: Any) -> None:
        self.limits: tuple[int, int] = (int(min_value or 0), int(max_value or 1 << 62))
        # The admin would choose a number input, which shows no unit.
        super().__init__(max_length=40, **{**more, "widget": AdminTextInputWidget()})

    def limited(self, low: int, high: int) -> None:
        self.limits = (low, high)

    def prepare_value(self, value: Any) -> Any:
        return self.write(value) if isinstance(value, int) else value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return self.parse(text)
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(str(error)) from error

    def validate(self, value: Any) -> None:
        low, high = self.limits
        if value is None:
            raise forms.ValidationError("This field is required.")
        if not low <= value <= high:
            raise forms.ValidationError(f"Between {self.write(low)} and {self.write(high)}.")

    def run_validators(self, value: Any) -> None:
        """The limits were checked; those of text do not concern a number."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True


class SizeField(UnitField):
    parse = staticmethod(parse_size)
    write = staticmethod(format_size)


class SpanField(UnitField):
    parse = staticmethod(parse_span)
    write = staticmethod(format_span)


class DaysField(UnitField):
    parse = staticmethod(parse_days)
    write = staticmethod(format_days)
