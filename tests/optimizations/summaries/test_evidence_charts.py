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
