"""Objects of one schema share their telling keys."""

from __future__ import annotations

import msgspec

from patterns.engine.grouping.objects.grouper import MOST_SHAPES, ShapeGrouper, group_shapes
from patterns.engine.text.input_view import SEPARATOR


def shape(*keys: str) -> str:
    return SEPARATOR.join(sorted(keys))


def test_optional_keys_do_not_part_a_kind() -> None:
    found = group_shapes(
        [shape("docket", "court"), shape("docket", "court", "full"), shape("city", "date")]
    )
    assert found[0] == found[1] != found[2]


def test_a_common_key_alone_joins_nothing() -> None:
    others = [shape("location", name, f"{name}_id") for name in ("cuisine", "genre", "material")]
    assert len(set(group_shapes(others * 3))) == 3


def test_a_new_shape_joins_what_shares_most_of_its_keys() -> None:
    grouper = ShapeGrouper()
    grouper.learn(shape("docket", "court", "full"), "first")
    grouper.learn(shape("city", "nights"), "second")
    assert grouper.learn(shape("docket", "court"), "third").key == "first"


def test_a_copy_from_bytes_goes_on_alike() -> None:
    grouper, copy = ShapeGrouper(), ShapeGrouper()
    for number in range(12):
        grouper.learn(shape("docket", "court", *["full"] * (number % 2)), f"k{number}")
        grouper.learn(shape("city", "nights", f"option_{number}"), f"h{number}")
    copy.restore(grouper.to_bytes())
    strange = shape("city", "nights", "option_1", "option_2")
    assert copy.match(strange) == grouper.match(strange)
    assert copy.to_bytes() == grouper.to_bytes()


def test_a_template_says_which_keys_may_be_missing() -> None:
    grouper = ShapeGrouper()
    for keys in (("court", "docket"), ("court", "docket", "full"), ("court", "docket")):
        grouper.learn(shape(*keys), "first")
    shown = "".join(
        f"<{part.slot}>" if part.slot else part.text for part in grouper.template("first")
    )
    assert shown == "{court: <court>, docket: <docket>, full?: <full>}"


def test_shapes_of_one_kind_are_remembered_up_to_a_limit() -> None:
    grouper = ShapeGrouper()
    shapes = [shape("docket", "court", f"x{number}") for number in range(3 * MOST_SHAPES)]
    grouper.rebuild(shapes, [0] * len(shapes), {0: "all"})
    for number in range(MOST_SHAPES):
        grouper.learn(shape("docket", "court", f"y{number}"), f"n{number}")
    assert max(map(len, grouper.names.values())) <= MOST_SHAPES
    assert sum(map(len, grouper.names.values())) == len(grouper.keys) == len(grouper.uses)


def test_a_shape_that_fits_its_kind_badly_scores_less() -> None:
    grouper = ShapeGrouper()
    shapes = [
        *[shape("docket", "court", "judge")] * 8,
        *[shape("docket", "court")] * 8,
        shape("city", "nights", "court"),
    ]
    grouper.rebuild(shapes, [0] * len(shapes), {0: "all"})
    good, bad = grouper.match(shapes[0]), grouper.match(shapes[-1])
    assert good is not None
    assert bad is not None
    assert good.score > 2 * bad.score


def test_a_kind_that_was_removed_is_forgotten() -> None:
    grouper = ShapeGrouper()
    grouper.learn(shape("docket", "court"), "first")
    grouper.remove("first")
    assert grouper.match(shape("docket", "court")) is None
    assert (len(grouper), grouper.uses) == (0, {})


def test_shapes_kept_without_their_uses_are_read() -> None:
    grouper = ShapeGrouper()
    grouper.restore(msgspec.msgpack.encode({"first": [shape("docket", "court"), shape("docket")]}))
    found = grouper.match(shape("docket"))
    assert found is not None
    assert found.key == "first"
