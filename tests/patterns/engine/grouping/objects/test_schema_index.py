"""Schemas are found by their keys."""

from __future__ import annotations

from patterns.engine.grouping.objects.schema_cost import Schema
from patterns.engine.grouping.objects.schema_index import SchemaIndex


def index_of(**schemas: str) -> SchemaIndex:
    index = SchemaIndex()
    for name, keys in schemas.items():
        index.put(name, Schema([(frozenset(keys.split()), 5.0)]))
    return index


def test_the_kind_that_shares_most_comes_first() -> None:
    index = index_of(court="docket court judge", hotel="city nights guests", flight="city seats")
    ranked = index.rank(frozenset({"docket", "court"}), index.costs())
    assert [name for _, name in ranked] == ["court"]


def test_a_kind_that_was_dropped_is_found_no_more() -> None:
    index = index_of(court="docket court")
    index.drop("court")
    index.drop("court")
    assert index.rank(frozenset({"docket"}), index.costs()) == []
    assert index.weight == 0


def test_a_kind_takes_the_place_of_its_namesake() -> None:
    index = index_of(one="docket court")
    index.put("one", Schema([(frozenset({"city"}), 2.0)]))
    assert index.rank(frozenset({"docket"}), index.costs()) == []
    assert index.weight == 2.0
