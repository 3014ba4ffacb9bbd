"""Privacy by construction: no column of text that nobody has thought about."""

from __future__ import annotations

from collections import Counter

from tests.featurememory.privacy.text_columns import COLUMNS, list_columns, list_text_columns


def test_every_column_of_text_is_of_one_kind() -> None:
    """A new one: say in `text_columns` what it holds. SENT and LEARNED ones are then filled and emptied by
    the tests of erasure and of old texts."""
    told = Counter(column for kind in COLUMNS for column in list_columns(kind))

    assert set(told) == set(list_text_columns())
    assert [column for column, count in told.items() if count > 1] == []
