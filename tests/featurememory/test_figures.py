"""Numbers and times are written the same everywhere: on the server and in the browser."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from featurememory.templatetags import drawings, figures

ROOT = Path(__file__).resolve().parents[2]
VECTORS = json.loads((Path(__file__).parent / "figures.json").read_text())


@pytest.mark.parametrize(("name", "value", "written"), VECTORS)
def test_a_number_is_written_as_agreed(name: str, value: Any, written: str) -> None:
    assert figures.FORMATS[name](value) == written


@pytest.mark.parametrize("name", sorted(figures.FORMATS))
def test_no_value_is_too_large_to_be_written(name: str) -> None:
    for value in (1e15, 1e300, math.inf, -math.inf):
        assert len(figures.FORMATS[name](value)) < 20


def test_the_browser_writes_every_number_as_the_server_does() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed (Debian: apt install nodejs)")
    script = (ROOT / "static/js/figures.js").read_text()
    script += f"\nconst vectors = {json.dumps(VECTORS)};\n"
    script += "console.log(JSON.stringify(vectors.map(([name, value]) => figures[name](value))));"
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, timeout=60)

    assert json.loads(done.stdout) == [written for _, _, written in VECTORS], done.stderr


def test_a_change_says_its_direction_and_whether_that_is_good() -> None:
    assert 'class="up">↑ +6.1 pt' in figures.change(0.784, 0.723, "points")
    assert 'class="up">↓ −18.0%' in figures.change(82, 100, "share", "down")
    assert 'class="down">↑ +0.3 ms' in figures.change(3.8, 3.5, "ms", "down")


@pytest.mark.parametrize(("now", "before"), [(None, 1), (1, None), (1, 0)])
def test_a_change_from_nothing_is_not_shown(now: float | None, before: float | None) -> None:
    assert figures.change(now, before) == ""


def test_a_time_tag_holds_the_moment_in_utc() -> None:
    at = datetime.now(UTC) - timedelta(minutes=41)

    tag = figures.ago(at)

    assert f'datetime="{at:%Y-%m-%dT%H:%M:%SZ}"' in tag
    assert ">41 min</time>" in tag


def test_a_time_in_milliseconds_reads_like_a_datetime() -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)

    assert figures.clock(at.timestamp() * 1000) == figures.clock(at)
    assert figures.day(at) == "22 Nov 2026"


class Found:
    """What `template_of` needs of a pattern."""

    def __init__(self, *parts: list[str]) -> None:
        self.parts, self.template = list(parts), ""


def test_a_template_colours_its_slots_by_position_and_escapes_its_text() -> None:
    made = drawings.template_of(
        Found(["<b>Where is ", ""], ["", "order"], [" due ", ""], ["", "day"])
    )

    assert made == ('&lt;b&gt;Where is <i class="t1">{order}</i> due <i class="t2">{day}</i>')


def test_a_long_template_is_cut_and_says_so() -> None:
    assert drawings.template_of(Found(["x" * 20_000, ""]), 10) == "x" * 10 + "…"
    assert drawings.template_of(Found(["x " * 9, ""], ["", "name"]), 10) == "x x x x x…"


def test_a_sparkline_leaves_a_gap_where_nothing_is_known() -> None:
    drawn = drawings.spark([1, 2, None, 2, 1])

    assert drawn.count("M") == 4  # two areas and two lines
    assert drawings.spark([None, None]) == ""


def test_a_value_between_two_gaps_is_a_dot() -> None:
    assert "M1 22h0" in drawings.spark([None, 3, None])
    assert "M0 22h0" in drawings.spark([3])


def test_a_sparkline_without_gaps_is_one_path_with_its_sides_outside() -> None:
    assert '<path d="M-1 25V22h1l1 -21 1 11h1V25"/>' in drawings.spark([1, 3, 2], zero=False)


def test_a_bar_below_its_mark_looks_different() -> None:
    assert 'class="bar"' in drawings.bar(0.9, 0.7)
    assert 'class="bar mid"' in drawings.bar(0.5, 0.7)
    assert 'class="bar low"' in drawings.bar(0.2, 0.7)


def test_the_vendored_library_is_the_one_named_beside_it() -> None:
    from hashlib import sha256

    library = (ROOT / "static/vendor/plotly-basic-4.1.1.min.js").read_bytes()

    assert sha256(library).hexdigest() in (ROOT / "static/vendor/README.md").read_text()


def test_a_change_of_thresholds_has_its_icon() -> None:
    assert drawings.verb_icon("threshold") == "sliders-horizontal"


def test_a_time_written_as_text_is_a_time_too() -> None:
    at = datetime(2026, 11, 29, 9, 31, 10, tzinfo=UTC)

    assert figures.clock("2026-11-29T09:31:10+00:00") == figures.clock(at)
    assert figures.clock("2026-11-29Tea") == "none"


def test_what_is_left_of_a_job_is_said_in_one_unit() -> None:
    assert figures.time_left(None) == ""
    assert figures.time_left(0.2) == "nearly done"
    assert figures.time_left(30.2) == "about 30 s left"
    assert figures.time_left(250) == "about 4 min left"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "none"),
        (0, "$0.00"),
        (0.010412, "$0.0104"),
        (0.28951, "$0.29"),
        (0.2871, "$0.287"),
        (0.0000672, "$0.0000672"),
        (0.3, "$0.30"),
        (-0.0042, "\u2212$0.0042"),
        (3.456, "$3.46"),
        (1e-30, "$0.00"),
    ],
)
def test_the_cost_of_one_call_has_three_digits_that_tell(value: float, written: str) -> None:
    assert figures.cost(value) == written
