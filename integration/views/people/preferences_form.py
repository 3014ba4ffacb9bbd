"""The form of a person's preferences."""

from __future__ import annotations

from django import forms

from featurememory.access.preferences import find_zone
from featurememory.models import Preferences

NUMBERS = (
    ("", "1,284.5"),
    ("point", "1.284,5"),
    ("space", "1 284,5"),
    ("apostrophe", "1\u2019284.5"),
)
# Offered while typing; any other name of the IANA list is taken too.
COMMON_ZONES = (
    "UTC", "Europe/London", "Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Kyiv",
    "Europe/Istanbul", "Africa/Cairo", "Africa/Lagos", "Africa/Johannesburg", "Asia/Dubai",
    "Asia/Kolkata", "Asia/Singapore", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
    "Pacific/Auckland", "America/Sao_Paulo", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles",
)  # fmt: skip


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    numbers = forms.ChoiceField(choices=NUMBERS, required=False)

    class Meta:
        model = Preferences
        fields = ("time_zone", "numbers")

    def clean_time_zone(self) -> str:
        name = str(self.cleaned_data["time_zone"])
        if name and find_zone(name) is None:
            raise forms.ValidationError("No time zone has this name. One is Europe/Berlin.")
        return name

    @property
    def zones(self) -> tuple[str, ...]:
        return COMMON_ZONES
