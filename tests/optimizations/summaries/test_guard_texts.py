from __future__ import annotations

import pytest

from optimizations.summaries.guard_texts import describe_guards


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "quality",
            {"e_value": 9.0, "effect": [0.01, -0.02, 0.04]},
            "+1.0 pt, \u22122.0 pt to +4.0 pt",
        ),
        ("p95_ms", [900.0, 450.0], "0.45 s, held out 0.90 s"),
        ("gamed", True, "they disagree: blocked"),
        ("cut_off", [1200, 3], "3 of 1,200 answers"),
        ("bound", 0.05, "at most 5.0%"),
        ("success", {"effect": 0.02, "n": 40}, "+2.0 pt"),
        ("new", "text", "text"),
    ],
)
def test_every_guard_has_its_words(name: str, value: object, said: str) -> None:
    ((_, found),) = describe_guards({name: value})

    assert found == said


def test_the_levels_of_a_cache_are_told_in_words() -> None:
    told = dict(describe_guards({"exact:once": [70, 0], "exact:confirmed": [37, 1]}))
    assert told["Exact repeats, seen once"] == "0 of 70 wrong"
    assert told["Exact repeats, confirmed by a second run"] == "1 of 37 wrong"
