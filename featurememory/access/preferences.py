"""How a person wants to see the product: time zone, numbers, theme, lists."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ObjectDoesNotExist
from django.utils import timezone

from featurememory.models import Preferences
from featurememory.process.number_style import numbers_written_as


def preferences_of(user: Any) -> Preferences:
    """The person's preferences; the usual ones for who has none, or is nobody."""
    try:
        found: Preferences = user.preferences
    except (AttributeError, ObjectDoesNotExist):
        return Preferences()
    return found


def save_preferences(user: Any, **values: Any) -> None:
    row, _ = Preferences.objects.update_or_create(user=user, defaults=values)
    user.preferences = row


def find_zone(name: str) -> ZoneInfo | None:
    """None for a name that is no time zone: it may have come from anywhere."""
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None


@contextmanager
def seen_by(user: Any) -> Iterator[None]:
    """Times and numbers are written as this person reads them."""
    kept = preferences_of(user)
    with timezone.override(find_zone(kept.time_zone)), numbers_written_as(kept.numbers):
        yield
