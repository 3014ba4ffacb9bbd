"""What the page of a pattern says of slots and features: no figure that the sketch does not know."""

from __future__ import annotations

from patterns.engine.pattern.slot_sketch import SlotSketch
from patterns.views.pattern_detail import describe_values, write_feature


def slot_of(values: list[str]) -> dict[str, object]:
    sketch = SlotSketch("document")
    for value in values:
        sketch.add(value)
    made = sketch.summary()
    return {"distinct": made.distinct, "top": made.top}


def test_values_that_were_seen_once_have_no_share() -> None:
    said = describe_values(slot_of([f"scan-{number}.tif" for number in range(200)]))

    assert said["top"] == []
    assert len(said["rare"]) == 5


def test_a_frequent_value_among_many_rare_ones_is_told_with_what_is_certain() -> None:
    values = [f"scan-{n}.tif" if n % 2 else "cover.tif" for n in range(400)]
    said = describe_values(slot_of(values))

    assert [(one.value, one.share) for one in said["top"]] == [("cover.tif", 0.5)]
    assert said["rest"] == 0.5
    assert not said["counted"]
    assert "cover.tif" not in said["rare"]


def test_few_values_are_counted_exactly() -> None:
    said = describe_values(slot_of(["a", "a", "a", "b"]))

    assert said["top"] == [("a", 0.75, 0.75), ("b", 0.25, 0.25)]
    assert said["rest"] is None
    assert said["counted"]
    assert said["rare"] == []


def test_measured_features_have_units() -> None:
    assert write_feature({"name": "memory_usage", "value": 238599585.185}) == "239 MB"
    assert write_feature({"name": "duration", "value": 4207.4}) == "4.21 s"
    assert write_feature({"name": "kind", "value": "json"}) == "json"
