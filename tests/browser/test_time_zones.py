"""The charts in browsers around the world: points, axis and label in one time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.test_pages import EACH, TASKS, filled, interaction

__all__ = ["filled"]  # the fixture

READ = """box => {
  const plot = box.querySelector('.js-plotly-plot') || box.firstElementChild, axis = plot._fullLayout.xaxis;
  const x = [...plot.data[0].x];
  return { range: axis.range, first: x[0], last: x[x.length - 1], hover: axis.hoverformat };
}"""


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "Asia/Shanghai", "Australia/Adelaide", "America/Los_Angeles"]
)
def test_the_newest_hour_is_inside_the_drawn_range(
    chromium: Any, signed_in: Any, filled: Site, zone: str
) -> None:
    item = interaction("support.order", TASKS["support.order"], EACH + 1)
    filled.call("POST", "interactions/", item)
    context = chromium.new_context(
        storage_state=signed_in, base_url=filled.url, timezone_id=zone, viewport=TALL
    )
    page = context.new_page()
    page.goto("/?range=24h")
    page.wait_for_selector("[data-spec=spec-duration][data-drawn]", timeout=20_000)
    box = page.locator("[data-spec=spec-duration]")
    drawn = box.evaluate(READ)
    label = page.locator("section:has([data-spec=spec-duration]) [data-zone]").inner_text()
    context.close()

    moments = {
        k: [moment(x) for x in ([v] if isinstance(v, str) else v)]
        for k, v in drawn.items()
        if k != "hover"
    }
    low, high = moments["range"]
    assert low <= moments["first"][0] <= moments["last"][0] <= high
    assert abs((high - moments["last"][0]).total_seconds()) <= 3600
    assert zone in label
    assert drawn["hover"].endswith(zone)


TALL = {"width": 1440, "height": 2000}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace(" ", "T")).replace(tzinfo=UTC)
