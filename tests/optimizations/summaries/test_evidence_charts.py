"""The line of evidence: it reaches to the last event, whose label stays inside."""

from __future__ import annotations

import pytest

from optimizations.models import EvidencePoint, OptimizationEvent
from optimizations.summaries.evidence_charts import choose_side, draw_effect

DAY = 86_400_000
START = 1_795_348_800_000


def test_the_axis_reaches_to_a_rollback_after_the_last_point() -> None:
    points = [
        EvidencePoint(moment=START + n * DAY, n=20 * n, point=0.1, low=0.0, high=0.2)
        for n in range(1, 4)
    ]
    events = [OptimizationEvent(before="active", after="suspended", moment=START + 6 * DAY)]
    figure = draw_effect("evidence", points, events).figure

    assert figure is not None
    assert figure["layout"]["xaxis"]["range"][1] == figure["layout"]["shapes"][-1]["x0"]
    assert figure["layout"]["annotations"][-1]["xanchor"] == "right"


@pytest.mark.parametrize(
    ("day", "side"), [("02", "left"), ("15", "center"), ("30", "right"), ("01", "left")]
)
def test_a_label_near_an_edge_grows_away_from_it(day: str, side: str) -> None:
    assert (
        choose_side(f"2026-11-{day}T00:00:00", "2026-11-01T00:00:00", "2026-11-30T00:00:00") == side
    )


def test_an_axis_of_one_moment_keeps_its_label_centred() -> None:
    assert choose_side(*["2026-11-01T00:00:00"] * 3) == "center"


def point(n: int, at: int) -> EvidencePoint:
    return EvidencePoint(moment=START + at * DAY, n=n, point=0.1, low=0.0, high=0.2)


def step(before: str, after: str, day: float) -> OptimizationEvent:
    return OptimizationEvent(before=before, after=after, moment=START + int(day * DAY))


def test_one_point_is_a_dot_with_its_interval_and_room_beside_it() -> None:
    chart = draw_effect("evidence", [point(20, 0)], [])

    assert chart.figure is not None
    band, line = chart.figure["data"]
    assert line["marker"]["size"] == [7]
    assert band["y"] == [0.2, 0.0]
    first, last = chart.figure["layout"]["xaxis"]["range"]
    assert first < line["x"][0] < last
    assert chart.sentence.endswith("the only time with data.")


def test_without_a_point_the_chart_says_what_it_needs() -> None:
    assert draw_effect("evidence", [], []).empty == "Needs 10 outcomes in both arms to draw a line."


def test_of_many_changes_the_newest_are_marked_whose_labels_do_not_touch() -> None:
    points = [point(20 * n, n) for n in range(1, 31)]
    steps = [step("trial", f"s{n}", 1 + n / 4) for n in range(117)]
    steps.append(step("active", "active", 15))
    steps.append(step("candidate", "trial", 0))
    figure = draw_effect("evidence", points, steps).figure

    assert figure is not None
    marks = [note for note in figure["layout"]["annotations"] if note["yref"] == "paper"]
    assert 4 <= len(marks) <= 8
    assert marks[-1]["text"] == "s116"
    assert not {"active", "trial"} & {mark["text"] for mark in marks}
