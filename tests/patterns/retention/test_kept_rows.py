"""Every table has a limit, and the documentation says which."""

from __future__ import annotations

import re
from collections import Counter

from django.apps import apps
from django.conf import settings

SECTION = re.compile(r"## What is kept, and for how long\n(.*?)\n## ", re.DOTALL)


def read_rows() -> list[tuple[list[str], str]]:
    """The names of each row of the table, and what bounds them."""
    text = (settings.BASE_DIR / "docs" / "operations.md").read_text()
    found = SECTION.search(text)
    assert found is not None
    cells = [
        line.strip("|").split("|", 1) for line in found[1].splitlines() if line.startswith("| `")
    ]
    return [(re.findall(r"`(\w+)`", names), limit.strip()) for names, limit in cells]


def test_every_model_stands_in_one_row_of_what_is_kept() -> None:
    """A new one: give it a limit, and say which in docs/operations.md."""
    told = Counter(name for names, _ in read_rows() for name in names)

    assert set(told) == {model.__name__ for model in apps.get_models()}
    assert [name for name, count in told.items() if count > 1] == []
    assert all(limit for _, limit in read_rows())
