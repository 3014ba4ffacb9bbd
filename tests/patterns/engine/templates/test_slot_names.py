"""Slots are named after the words before them, in any language."""

from __future__ import annotations

import pytest

from patterns.engine.templates.slot_names import name_slot


@pytest.mark.parametrize(
    ("before", "kind", "said"),
    [
        ("Ich möchte ", "text", "mochte"),
        ("Je souhaite être remboursé ", "text", "rembourse"),
        ("Ich bestelle für ", "text", "fur"),
        ("¿Dónde está mi pedido ", "id", "pedido_id"),
        ("It was due on ", "date", "due_date"),
        ("质问 ", "text", "text"),
    ],
)
def test_a_word_with_accents_is_one_word(before: str, kind: str, said: str) -> None:
    assert name_slot(before, kind, {}) == said
