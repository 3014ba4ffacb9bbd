from __future__ import annotations

import pytest

from featurememory.lists.percents import read_share, write_percent


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("70%", "0.7"),
        ("70 %", "0.7"),
        ("70", "0.7"),
        ("66,5%", "0.665"),
        ("0.7", "0.7"),
        ("1", "1"),
        ("1%", "0.01"),
        ("100%", "1"),
        ("0", "0"),
        ("high", "high"),
        ("170%", "1.7"),
    ],
)
def test_a_percentage_or_a_share_is_read_as_a_share(text: str, share: str) -> None:
    assert read_share(text) == share


@pytest.mark.parametrize(
    ("share", "text"), [("0.7", "70%"), ("1", "100%"), ("0.665", "66.5%"), ("high", "high")]
)
def test_a_share_is_written_as_a_percentage(share: str, text: str) -> None:
    assert write_percent(share) == text
