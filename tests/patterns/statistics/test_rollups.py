"""Rollups: sums and sketches that equal a recount, in any order and any batches."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from featurememory.models import Project
from patterns.ingest.schema import build_arrival, parse_interaction
from patterns.ingest.writer import store_arrivals
from patterns.models import PatternHour
from patterns.serializers import serialize_model_figures
from patterns.statistics import rollups
from patterns.statistics.quantile_sketch import merge_sketches, read_quantile, update_sketch
from patterns.statistics.rollups import ALL_PATTERNS, ALL_TIME, HOUR_MS, CountedOutcome
from tests.builders import (
    HOUR,
    NOON,
    caller,
    item,
    keep,
    learn_all,
    project,
    rebuilt_figures,
    rollup_figures,
)

pytestmark = pytest.mark.django_db

PATTERN = str(UUID(int=1))


def outcome(**fields: Any) -> CountedOutcome:
    usual = CountedOutcome(PATTERN, "m", NOON, 100.0, True, None, 60.0, 40.0, None, 1024.0, 0.5)
    return replace(usual, **fields)


def row(owner: Project, hour: int = ALL_TIME, pattern: str = PATTERN, model: str = "m") -> Any:
    return PatternHour.objects.get(project=owner, hour=hour, pattern_id=pattern, model_id=model)


def test_an_outcome_counts_in_its_hour_in_all_time_and_in_all_patterns() -> None:
    owner = project()
    rollups.add_outcomes(owner.pk, [outcome(), outcome(success=False, timestamp=NOON + HOUR)])

    assert row(owner, NOON // HOUR_MS).count == row(owner, NOON // HOUR_MS + 1).count == 1
    total = row(owner)
    assert (total.count, total.judged, total.successes) == (2, 2, 1)
    assert (total.duration_sum, total.cost_sum, total.tokens_sum) == (200, 1.0, 200)
    assert row(owner, pattern=str(ALL_PATTERNS)).count == 2


def test_unknown_is_not_zero() -> None:
    owner = project()
    unknown = outcome(
        success=None, cost=None, memory_usage=None, input_tokens=None, output_tokens=None
    )
    rollups.add_outcomes(owner.pk, [unknown, outcome()])

    found = row(owner)
    counts = (found.judged, found.quality_count, found.cost_count, found.memory_count)
    assert (found.count, *counts, found.tokens_count) == (2, 1, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("success", "score", "quality"),
    [(True, None, 1.0), (False, None, 0.0), (None, None, None), (True, 0.25, 0.25)],
)
def test_quality_is_the_score_and_without_one_the_success(
    success: bool | None, score: float | None, quality: float | None
) -> None:
    assert outcome(success=success, score=score).quality == quality


def test_tokens_are_the_count_that_was_told_else_the_sum_of_both_ways() -> None:
    assert outcome(token_count=7.0).tokens == 7
    assert outcome().tokens == 100
    assert outcome(output_tokens=None).tokens == 60
    assert outcome(input_tokens=None, output_tokens=None).tokens is None


def test_models_and_patterns_have_rows_of_their_own() -> None:
    owner = project()
    other = str(UUID(int=2))
    rollups.add_outcomes(owner.pk, [outcome(), outcome(model_id="n"), outcome(pattern_id=other)])

    assert row(owner).count == row(owner, model="n").count == row(owner, pattern=other).count == 1
    assert row(owner, pattern=str(ALL_PATTERNS)).count == 2


@pytest.mark.parametrize("size", [1, 7, 500])
def test_any_batches_in_any_order_add_up_to_the_same(size: int) -> None:
    dice = random.Random(7)
    outcomes = [
        outcome(
            pattern_id=str(UUID(int=dice.randrange(1, 4))),
            model_id=dice.choice("ab"),
            timestamp=NOON + dice.randrange(-30, 30) * HOUR // 4,
            success=dice.choice([True, False, None]),
            duration=float(dice.randrange(1, 2000)),
        )
        for _ in range(60)
    ]
    whole, parts = project(), project()
    rollups.add_outcomes(whole.pk, outcomes)
    dice.shuffle(outcomes)
    for start in range(0, len(outcomes), size):
        rollups.add_outcomes(parts.pk, outcomes[start : start + size])

    def sums(owner: Project) -> Any:
        return {key: figures[:-1] for key, figures in rollup_figures(owner).items()}

    assert sums(parts) == sums(whole)


def test_the_sketch_of_many_parts_tells_the_quantiles_of_the_whole() -> None:
    dice = random.Random(3)
    values = [dice.lognormvariate(6, 0.5) for _ in range(5000)]
    stored = b""
    for start in range(0, 5000, 50):
        stored = update_sketch(stored, values[start : start + 50])

    ordered = sorted(values)
    for share in (0.5, 0.95):
        true = ordered[int(share * 5000)]
        assert read_quantile(merge_sketches([stored]), share) == pytest.approx(true, rel=0.03)
    assert len(stored) < 2000


def test_sketches_merge_and_empty_ones_say_nothing() -> None:
    first, second = update_sketch(b"", [1.0] * 10), update_sketch(b"", [3.0] * 10)

    assert read_quantile(merge_sketches([first, b"", second]), 0.99) == pytest.approx(3.0)
    assert merge_sketches([]) is None
    assert merge_sketches([b""]) is None
    assert read_quantile(merge_sketches([b""]), 0.5) is None


def test_a_correction_moves_success_and_quality_and_nothing_else() -> None:
    owner = project()
    before, after = outcome(success=True), outcome(success=False, score=0.25)
    rollups.add_outcomes(owner.pk, [before, outcome()])
    rollups.correct_outcome(owner.pk, before, after)
    corrected = rollup_figures(owner)
    expected = project()
    rollups.add_outcomes(expected.pk, [after, outcome()])

    assert corrected == rollup_figures(expected)


def test_what_is_subtracted_leaves_the_rows_as_if_it_had_never_been_there() -> None:
    owner, expected = project(), project()
    rollups.add_outcomes(owner.pk, [outcome(success=True), outcome(score=0.25)])
    rollups.subtract_outcomes(owner.pk, [outcome(score=0.25)])
    rollups.add_outcomes(expected.pk, [outcome(success=True)], totals=False)

    def sums(figures: dict[Any, Any]) -> dict[Any, Any]:
        return {key: row[:-1] for key, row in figures.items() if key[1] != str(UUID(int=0))}

    assert sums(rollup_figures(owner)) == sums(rollup_figures(expected))


def test_a_rebuild_says_what_the_batches_said() -> None:
    owner = project()
    for number in range(0, 12, 4):
        keep(owner, [item(n, timestamp=NOON + n * HOUR) for n in range(number, number + 4)])
        learn_all(owner)
    before = rollup_figures(owner)

    assert rebuilt_figures(owner) == before


def test_adding_a_batch_takes_queries_by_the_batch_and_not_by_the_row(
    django_assert_max_num_queries: Any,
) -> None:
    owner = project()
    outcomes = [outcome(timestamp=NOON + n * HOUR) for n in range(40)]
    with django_assert_max_num_queries(6):
        rollups.add_outcomes(owner.pk, outcomes)


def test_failed_calls_are_neither_fast_nor_cheap() -> None:
    owner = project()
    worked = [outcome(duration=1000.0, cost=0.5) for _ in range(3)]
    refused = [outcome(duration=0.0, cost=0.0, success=False, failed=True) for _ in range(9)]
    rollups.add_outcomes(owner.pk, [*worked, *refused])

    found = row(owner)
    assert (found.count, found.duration_count, found.duration_sum) == (12, 3, 3000.0)
    assert read_quantile(merge_sketches([found.durations]), 0.05) == 1000.0
    assert (found.call_cost_sum, found.call_cost_count) == (1.5, 3)
    assert (found.cost_sum, found.cost_count) == (1.5, 12)


def test_a_model_with_failed_calls_only_has_no_duration_and_no_mean_cost() -> None:
    owner = project()
    rollups.add_outcomes(owner.pk, [outcome(duration=0.0, cost=0.0, failed=True)])

    figures = serialize_model_figures(row(owner))
    names = ("duration_p50", "duration_p95", "cost_mean")
    assert [figures[name] for name in names] == [None, None, None]


def test_failed_calls_and_unknown_durations_are_counted_again_alike() -> None:
    owner = project()
    keep(owner, [item(n, success=n % 3 != 0, duration=n * 10.0) for n in range(12)])
    untimed = json.dumps(item(12, duration=None)).encode()
    store_arrivals(owner.pk, [build_arrival(parse_interaction(untimed, timed=False))])
    learn_all(owner)

    assert rollup_figures(owner) == rebuilt_figures(owner)
    assert row_of_all(owner).duration_count == 8


def test_a_later_judgement_does_not_take_the_duration_away() -> None:
    owner = project()
    keep(owner, [item(0, success=None)])
    learn_all(owner)
    body = {"interaction_id": "i-0", "metric_name": "success", "value": False}
    assert caller(owner).post("feedback/", body).status_code == 201

    assert rollup_figures(owner) == rebuilt_figures(owner)
    assert row_of_all(owner).duration_count == 1


def row_of_all(owner: Project) -> Any:
    return row(owner, pattern=str(ALL_PATTERNS), model="gpt-5-mini")
