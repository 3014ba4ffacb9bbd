"""The values of a slot in bounded memory: what is said of a share holds for any order of the values."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import pytest

from patterns.engine.pattern.slot_sketch import KEPT, SlotSketch


def sketch_of(values: Sequence[str]) -> SlotSketch:
    sketch = SlotSketch("place")
    for value in values:
        sketch.add(value)
    return sketch


def written_before_errors(sketch: SlotSketch) -> bytes:
    """The bytes that earlier versions wrote: an array of five."""
    return msgspec.msgpack.encode(msgspec.msgpack.decode(msgspec.msgpack.encode(sketch))[:5])


def one_among_rare_ones(rng: random.Random) -> list[str]:
    return ["often" if rng.random() < 0.4 else f"v{rng.randrange(10**6)}" for _ in range(500)]


def a_few_frequent_ones(rng: random.Random) -> list[str]:
    return [f"v{min(200, int(rng.paretovariate(0.7)))}" for _ in range(800)]


def other_ones_later(rng: random.Random) -> list[str]:
    return [f"v{number // 20}" for number in range(600)]


def all_alike(rng: random.Random) -> list[str]:
    return [f"v{rng.randrange(9)}" for _ in range(300)]


STREAMS = [one_among_rare_ones, a_few_frequent_ones, other_ones_later, all_alike]


def check_shares(sketch: SlotSketch, values: Sequence[str]) -> None:
    true = Counter(values)
    for value, share, at_most in sketch.rank_values():
        assert share <= true[value] / len(values) <= at_most <= 1, value


@pytest.mark.parametrize("make", STREAMS)
def test_the_true_share_lies_within_what_is_told(
    make: Callable[[random.Random], list[str]],
) -> None:
    values = make(random.Random(7))
    sketch = sketch_of(values)

    assert len(set(values)) > KEPT
    check_shares(sketch, values)
    assert sum(sketch.counts.values()) == len(values)


def test_up_to_eight_values_are_counted_exactly() -> None:
    sketch = sketch_of(["a"] * 5 + list("bcdefgh") * 2)

    assert {one.value: one.share * sketch.uses for one in sketch.rank_values()}["a"] == 5
    assert all(one.share == one.at_most for one in sketch.rank_values())


def test_a_value_seen_once_among_many_is_certain_once_and_comes_last() -> None:
    sketch = sketch_of(["often"] * 100 + [f"v{number}" for number in range(300)])
    first, *others = sketch.rank_values()

    assert (first.value, first.share) == ("often", 0.25)
    assert {one.share for one in others} == {1 / 400}


@pytest.mark.parametrize("make", STREAMS)
def test_shares_of_earlier_versions_are_told_with_the_greatest_error(
    make: Callable[[random.Random], list[str]],
) -> None:
    values = make(random.Random(3))
    now = sketch_of(values)
    earlier = msgspec.msgpack.decode(written_before_errors(now), type=SlotSketch)

    assert (earlier.counts, earlier.uses) == (now.counts, now.uses)
    check_shares(earlier, values)
    more = make(random.Random(4))
    for value in more:
        earlier.add(value)
    check_shares(earlier, [*values, *more])


def test_few_values_counted_by_earlier_versions_stay_exact() -> None:
    earlier = written_before_errors(sketch_of(list("aaabbc")))
    known = msgspec.msgpack.decode(earlier, type=SlotSketch)

    assert known == sketch_of(list("aaabbc"))
    assert known.errors == [0, 0, 0]


@pytest.mark.parametrize("make", STREAMS)
def test_shares_hold_after_rare_values_were_forgotten(
    make: Callable[[random.Random], list[str]],
) -> None:
    rng = random.Random(5)
    values = make(rng)
    sketch = sketch_of(values)
    for _ in range(3):
        sketch.forget_rare(20)
        assert all(Counter(values)[value] >= 20 for value in sketch.counts)
        earlier = msgspec.msgpack.decode(written_before_errors(sketch), type=SlotSketch)
        more = make(rng)
        for value in more:
            sketch.add(value)
            earlier.add(value)
        values = [*values, *more]
        check_shares(sketch, values)
        check_shares(earlier, values)


def test_it_is_written_and_read_as_it_was() -> None:
    sketch = sketch_of(a_few_frequent_ones(random.Random(1)))
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(sketch), type=SlotSketch)

    assert again == sketch


def test_any_number_of_values_takes_a_bounded_number_of_bytes() -> None:
    sketch = sketch_of([f"a value that is much longer than {n} letters" for n in range(20_000)])

    assert len(msgspec.msgpack.encode(sketch)) <= 800
    assert len(sketch.errors) == len(sketch.counts) == KEPT
