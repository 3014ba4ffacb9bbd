"""What is read stays where it is: the parts of a page that come late push nothing away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.test_pages import eventually, filled

__all__ = ["filled"]  # the fixture
# Layout shifts that no click or key caused, as browsers measure them (0.1 is called bad).
WATCH = """
window.shifted = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput || entry.value < 0.001) continue;
    const moved = entry.sources.map((one) => one.node?.textContent.trim().slice(0, 40));
    window.shifted.push([entry.value, moved]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
STEP, MOST = 300, 0.01


@pytest.mark.parametrize("width", [1440, 390])
def test_the_page_of_a_pattern_stands_still_while_it_is_read(
    page: Any,
    filled: Site,
    width: int,
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(WATCH)
    page.goto(f"/patterns/{filled.patterns()[0]}/")
    for _ in range(12):
        page.mouse.wheel(0, STEP)
        page.wait_for_timeout(100)
    eventually(lambda: page.locator(".late a:text('Show related patterns')").count() == 0, "late")
    page.wait_for_timeout(300)

    shifted = page.evaluate("window.shifted")
    assert sum(value for value, _ in shifted) < MOST, shifted


def test_a_late_part_is_requested_a_screen_before_it_is_seen(page: Any, filled: Site) -> None:
    asked: list[str] = []
    page.set_viewport_size({"width": 390, "height": 900})
    page.on("request", lambda one: asked.append(one.url))
    page.goto(f"/patterns/{filled.patterns()[0]}/")
    top = page.evaluate("document.querySelector('.late.low').getBoundingClientRect().top")
    assert top > 2 * 900
    assert not [url for url in asked if url.endswith("/related/")]

    with page.expect_request("**/related/"):
        page.mouse.wheel(0, top - 900 - STEP)
    still_below = "document.querySelector('.late.low').getBoundingClientRect().top >= innerHeight"
    assert page.evaluate(still_below)
