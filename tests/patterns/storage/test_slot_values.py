"""The values of a slot as a row holds them: what earlier versions stored is told as far as it is certain."""

from __future__ import annotations

from patterns.storage.slot_values import read_values


def test_a_share_is_told_with_its_bound() -> None:
    (one,) = read_values({"distinct": 90, "top": [["Lyon", 0.25, 0.35]]})

    assert one == ("Lyon", 0.25, 0.35)


def test_of_an_earlier_row_with_many_values_an_eighth_is_not_certain() -> None:
    often, rare = read_values({"distinct": 90, "top": [["Lyon", 0.5], ["Nice", 0.1]]})

    assert often == ("Lyon", 0.375, 0.5)
    assert rare == ("Nice", 0.0, 0.1)


def test_an_earlier_row_with_few_values_is_exact() -> None:
    assert read_values({"distinct": 2, "top": [["Lyon", 0.75]]}) == [("Lyon", 0.75, 0.75)]
    assert read_values({"distinct": 0}) == []
