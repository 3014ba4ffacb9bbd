"""Patterns written by one statement are the rows Django would have written."""

from __future__ import annotations

from typing import Any

import pytest

from patterns.models import Pattern
from patterns.storage import upserts
from patterns.storage.rows import MIRRORED, build_row
from tests.builders import project, state

pytestmark = pytest.mark.django_db


def columns(row: Pattern) -> dict[str, object]:
    return {field.attname: getattr(row, field.attname) for field in upserts.FIELDS}


def stored(pk: Any) -> dict[str, object]:
    found = columns(Pattern.objects.get(pk=pk))
    return {name: bytes(v) if isinstance(v, memoryview) else v for name, v in found.items()}


def test_a_new_row_comes_back_as_it_was() -> None:
    row = build_row(state(1, confidence=0.25, label="Orders"), project().pk)
    row.use_count = 3
    upserts.upsert_rows([upserts.to_columns(row)], MIRRORED)

    assert stored(row.pk) == columns(row)


def test_a_known_row_keeps_what_belongs_to_people_and_adds_its_uses() -> None:
    owner = project()
    row = build_row(state(1, label="Orders", pinned=True), owner.pk)
    row.use_count = 3
    upserts.upsert_rows([upserts.to_columns(row)], MIRRORED)
    again = build_row(state(1, confidence=0.75), owner.pk)
    again.use_count = 4
    upserts.upsert_rows([upserts.to_columns(again)], MIRRORED)

    found = stored(row.pk)
    assert (found["label"], found["pinned"], found["use_count"]) == ("Orders", True, 7)
    assert (found["confidence"], found["state"]) == (0.75, again.state)
