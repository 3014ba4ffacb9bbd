"""History of a pattern: diffs of its templates word by word, events in words."""

from __future__ import annotations

from typing import Any

import pytest

from patterns.models import PatternEvent
from patterns.views.pattern_history import LONGEST, describe_event, diff_templates


def marked(before: str, after: str) -> str:
    signs = {"same": "{}", "gone": "-{}-", "new": "+{}+"}
    return "".join(signs[part.kind].format(part.text) for part in diff_templates(before, after))


def test_a_word_that_became_a_slot_is_shown_as_such() -> None:
    assert marked("Ship to Lyon today", "Ship to <city> today") == "Ship to -Lyon-+<city>+ today"


def test_equal_templates_have_no_marks() -> None:
    assert marked("Where is <order>?", "Where is <order>?") == "Where is <order>?"


def test_only_the_beginning_of_long_templates_is_compared() -> None:
    parts = diff_templates("a " * 5000, "b " * 5000)

    assert sum(len(part.text) for part in parts) <= 2 * LONGEST


@pytest.mark.parametrize(
    ("kind", "details", "said"),
    [
        ("label", {"after": "Refunds"}, "Renamed to “Refunds”"),
        ("label", {"after": None}, "Its name was removed"),
        ("pinned", {"after": True}, "Pinned"),
        ("pinned", {"after": False}, "Unpinned"),
        ("status", {"after": "validated"}, "Set to validated"),
        ("merged", {}, "Merged"),
    ],
)
def test_events_are_told_in_words(kind: str, details: dict[str, Any], said: str) -> None:
    assert describe_event(PatternEvent(kind=kind, details=details)) == said
