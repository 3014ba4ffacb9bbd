"""Objects of one kind share their telling keys."""

from __future__ import annotations

from patterns.engine.shapes import ShapeGrouper, group_shapes
from patterns.engine.structure import SEPARATOR


def shape(*keys: str) -> str:
    return SEPARATOR.join(sorted(keys))


def test_optional_keys_do_not_part_a_kind() -> None:
    found = group_shapes(
        [shape("docket", "court"), shape("docket", "court", "full"), shape("city", "date")]
    )
    assert found[0] == found[1] != found[2]


def test_a_common_key_alone_joins_nothing() -> None:
    others = [shape("location", name, f"{name}_id") for name in ("cuisine", "genre", "material")]
    assert len(set(group_shapes(others))) == 3


def test_a_new_shape_joins_what_shares_most_of_its_keys() -> None:
    grouper = ShapeGrouper()
    grouper.learn(shape("docket", "court", "full"), "first")
    assert grouper.learn(shape("docket", "court"), "second").key == "first"
