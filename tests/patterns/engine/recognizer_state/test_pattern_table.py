"""The table of patterns: who owns a group, what changed, how many bytes it all takes."""

from __future__ import annotations

from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.recognizer_state.pattern_table import Eviction, PatternTable


def state(name: str, key: str = "") -> PatternState:
    return PatternState(id=name, partition="p", kind="text", key=key)


def test_a_key_leads_to_its_pattern_until_the_pattern_is_released() -> None:
    table = PatternTable()
    table.add(state("a", key="k"))
    assert table.owner("k") is table.get("a")
    table.release("a")
    assert table.owner("k") is None
    assert table.owners["k"] == "a"


def test_bytes_are_the_sum_of_the_measured_sizes() -> None:
    table = PatternTable()
    for name in ("a", "b"):
        table.add(state(name))
        table.measure(table.get(name))
    table.get("b").example = "longer"
    table.measure(table.get("b"))
    assert table.bytes == sum(one.size_bytes for one in table)
    table.release("a")
    assert table.bytes == table.get("b").size_bytes


def test_changes_are_told_once_and_only_of_patterns_still_there() -> None:
    table = PatternTable()
    table.add(state("a"))
    table.touch("a")
    table.touch("gone")
    table.note_eviction(Eviction("gone", "max_bytes"))
    changes = table.take_changes()
    assert changes.changed == ("a",)
    assert [one.id for one in changes.evicted] == ["gone"]
    assert table.take_changes() == type(changes)()
