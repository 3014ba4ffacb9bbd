"""What a schema of objects costs."""

from __future__ import annotations

from patterns.engine.grouping.objects.schema_cost import Keys, Schema, SchemaCosts


def keys(text: str) -> Keys:
    return frozenset(text.split())


COSTS = SchemaCosts(20, {"artist": 2, "location": 8}, 100.0)


def test_an_optional_key_is_cheaper_in_one_kind() -> None:
    bare, more = Schema([(keys("artist"), 6.0)]), Schema([(keys("artist location"), 6.0)])
    assert COSTS.saving_of(bare, more) > 0


def test_kinds_whose_keys_exclude_each_other_are_cheaper_apart() -> None:
    sculptor = Schema([(keys("artist material"), 4.0), (keys("artist material location"), 8.0)])
    concert = Schema([(keys("artist date place seats"), 8.0), (keys("artist date place"), 8.0)])
    assert COSTS.saving_of(sculptor, concert) < 0


def test_keys_that_come_together_are_one_choice() -> None:
    def price(optional: str) -> float:
        return COSTS.cost_of(Schema([(keys("base"), 8.0), (keys(f"base {optional}"), 8.0)]))

    assert price("since until") - price("since") < price("since") - COSTS.cost_of(
        Schema([(keys("base"), 16.0)])
    )


def test_what_goes_from_a_kind_leaves_what_the_others_cost() -> None:
    schema = Schema([(keys("a b"), 2.0), (keys("a c"), 3.0), (keys("a b c"), 4.0)])
    rest = schema.without(1, keys("a c"), 3.0)
    again = Schema([(keys("a b"), 2.0), (keys("a b c"), 4.0)])
    assert COSTS.cost_of(rest) == COSTS.cost_of(again)


def test_a_kind_without_objects_costs_nothing() -> None:
    assert COSTS.cost_of(Schema()) == 0
