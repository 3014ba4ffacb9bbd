"""Objects of one schema share their keys, whatever some of them lack."""

from __future__ import annotations

from itertools import combinations
from random import Random

from patterns.engine.grouping.objects.schema_clustering import cluster_key_sets
from patterns.engine.grouping.objects.schema_cost import Keys

APIS = {
    "tickets": ("ticket_id", "assignee", "notify comment"),
    "invoices": ("invoice_id", "amount currency", "notes due_date tax"),
    "sensors": ("sensor", "unit", "interval location threshold"),
    "rooms": ("check_in", "guests", "location notes breakfast"),
}


def stream() -> dict[Keys, str]:
    """Every object of four APIs with one to three optional keys."""
    found: dict[Keys, str] = {}
    for name, (first, required, optional) in APIS.items():
        options = optional.split()
        for number in range(len(options) + 1):
            for some in combinations(options, number):
                found[frozenset([first, *required.split(), *some])] = name
    return found


def partition(groups: dict[Keys, int]) -> set[frozenset[Keys]]:
    return {
        frozenset(keys for keys in groups if groups[keys] == number)
        for number in set(groups.values())
    }


def test_optional_keys_part_no_kind_and_common_ones_join_none() -> None:
    names = stream()
    groups = cluster_key_sets(dict.fromkeys(names, 4))
    assert len(set(groups.values())) == len(APIS)
    assert all((groups[a] == groups[b]) == (names[a] == names[b]) for a in names for b in names)


def test_the_order_of_the_objects_does_not_matter() -> None:
    names = list(stream())
    first = cluster_key_sets({keys: 1 + len(keys) for keys in names})
    Random(3).shuffle(names)
    assert partition(first) == partition(cluster_key_sets({keys: 1 + len(keys) for keys in names}))


def test_kinds_that_exclude_each_others_keys_stay_apart() -> None:
    uses = {
        frozenset({"artist", "location", "material"}): 6,
        frozenset({"artist", "material"}): 2,
        frozenset({"artist", "date", "location"}): 9,
        frozenset({"artist", "location"}): 3,
        frozenset({"city", "nights"}): 5,
    }
    groups = cluster_key_sets(uses)
    assert groups[frozenset({"artist", "material"})] != groups[frozenset({"artist", "location"})]


def test_many_key_sets_of_one_kind_are_followed_without_being_compared() -> None:
    """Ten optional keys make a thousand key sets."""
    options = [f"option_{number}" for number in range(10)]
    uses = {
        frozenset(["base", "other", *some]): 1
        for number in range(11)
        for some in combinations(options, number)
    }
    groups = cluster_key_sets(uses)
    largest = max(list(groups.values()).count(number) for number in set(groups.values()))
    assert largest > 0.9 * len(uses)


def test_nothing_is_no_group() -> None:
    assert cluster_key_sets({}) == {}
