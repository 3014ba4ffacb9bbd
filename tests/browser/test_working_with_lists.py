"""Lists in a browser: the panel and its keys, columns, saved views, copied ids, zones; no errors.

Named so that it runs after the pages: one of those wants a server that has seen no interaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.test_pages import eventually, filled, row_ids

__all__ = ["filled"]  # the fixture


@pytest.fixture
def page(chromium: Any, signed_in: Any, filled: Site) -> Iterator[Any]:
    context = chromium.new_context(
        storage_state=signed_in,
        base_url=filled.url,
        viewport={"width": 1440, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
    )
    made, errors = context.new_page(), list[str]()
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield made
    context.close()
    assert errors == []


def panel_text(page: Any) -> str:
    return str(page.locator("#peek").inner_text())


@pytest.mark.parametrize("path", ["/patterns/", "/interactions/"])
def test_keys_move_the_panel_and_a_reload_keeps_it(page: Any, path: str) -> None:
    page.goto(path)
    first, second, *_ = row_ids(page)

    page.keyboard.press("j")
    page.keyboard.press("p")
    eventually(lambda: "Open the" in panel_text(page), "the panel did not open")
    assert first in page.url
    page.keyboard.press("j")
    eventually(lambda: second in page.url, "j did not move the panel")
    page.reload()
    eventually(lambda: "Open the" in panel_text(page), "a reload lost the panel")
    page.locator("[data-peek-close]").click()
    assert "peek=" not in page.url


def test_the_panel_goes_on_beyond_the_page(page: Any) -> None:
    page.goto("/interactions/?limit=2")
    last = row_ids(page)[-1]
    page.locator("#rows .peek").nth(1).click()
    eventually(lambda: "Open the" in panel_text(page), "the panel did not open")
    assert last in page.url

    page.keyboard.press("j")

    eventually(lambda: "peek=" in page.url and last not in page.url, "it ended with the page")


def test_columns_and_views_are_arranged_in_dialogs(page: Any) -> None:
    page.goto("/patterns/?q=order")
    page.get_by_role("link", name="Columns").click()
    page.get_by_label("Show Confidence").uncheck()
    page.get_by_role("button", name="Show these").click()
    column = page.get_by_role("columnheader", name="Confidence")
    eventually(lambda: not column.count(), "the column is still there")

    page.get_by_role("link", name="Views", exact=True).click()
    page.get_by_label("Save what is shown now as").fill("Orders")
    page.get_by_role("button", name="Save view").click()
    tab = page.get_by_role("link", name="Orders")
    eventually(lambda: tab.count() and "…" not in tab.inner_text(), "the view has no count")

    page.get_by_role("link", name="Columns").click()
    page.get_by_role("button", name="As shipped").click()
    eventually(
        lambda: page.get_by_role("columnheader", name="Confidence").count(), "not as shipped"
    )


def test_a_click_copies_an_id_and_a_cell_filters(page: Any) -> None:
    page.goto("/patterns/")
    first = row_ids(page)[0]

    page.locator("#rows .copyid").first.click()
    assert page.evaluate("navigator.clipboard.readText()") == first
    page.locator("#rows a.pick").first.click()

    eventually(lambda: "status=" in page.url, "the cell did not filter")


def test_times_are_in_the_zone_that_was_chosen(page: Any) -> None:
    page.goto("/account/")
    page.get_by_label("Time zone").fill("Asia/Tokyo")
    page.get_by_role("button", name="Save").click()
    page.goto("/interactions/")

    moment = page.locator("#rows time").first
    hour = moment.evaluate("t => (new Date(t.dateTime).getUTCHours() + 9) % 24")
    assert f" {hour:02d}:" in moment.inner_text()
    page.goto("/account/")
    page.get_by_label("Time zone").fill("")
    page.get_by_role("button", name="Save").click()


def rows_now(page: Any) -> list[str] | None:
    """None while the page is being replaced."""
    from playwright.sync_api import Error

    try:
        return row_ids(page)
    except Error:
        return None


@pytest.mark.parametrize("path", ["/patterns/", "/interactions/"])
def test_back_and_reload_show_the_list_as_it_was_left(page: Any, path: str) -> None:
    page.goto(path)
    page.locator("th[aria-sort] a").last.click()
    page.wait_for_url("**sort=*")
    address, rows = page.url, row_ids(page)
    page.reload()
    assert row_ids(page) == rows

    page.get_by_label("Period").select_option("24h")
    page.wait_for_url("**range=24h*")
    page.go_back()
    page.wait_for_url(address)
    eventually(lambda: rows_now(page) == rows, "Back lost the order")
    assert page.get_by_label("Period").input_value() == ""

    page.get_by_role("link", name="Overview").first.click()
    page.wait_for_url("**/")
    page.go_back()  # from the browser's own store of pages, where it has one
    page.wait_for_url(address)
    eventually(lambda: rows_now(page) == rows, "it was not restored")


@pytest.mark.parametrize("path", ["/patterns/", "/interactions/", "/activity/", "/jobs/"])
def test_counts_arrive_after_the_page(page: Any, path: str) -> None:
    page.goto(path)
    counts = page.locator("#tabs .n")

    eventually(lambda: all(n.isdigit() for n in counts.all_inner_texts()), "a count is missing")


SEARCHING = """<div class="empty" hx-get="/interactions/?step={n}" hx-trigger="load delay:50ms"
hx-target="#rows" hx-sync="#filter:abort"><h2>No matches so far</h2><p>Nothing back to {n}<span
class="later">; searching on</span>.</p><p><a class="btn" rel="next" href="/interactions/?step={n}">
Search older interactions</a><button class="btn later" type="button" id="stop" data-stop>Stop</button>
</p></div>"""


def test_a_search_goes_on_keeps_the_focus_and_can_be_stopped(page: Any) -> None:
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(body=SEARCHING.format(n=len(asked)), content_type="text/html")

    page.goto("/interactions/")
    page.wait_for_load_state("networkidle")  # the counts have arrived
    page.route("**/interactions/?step=*", answer)
    swap = "html => htmx.swap('#rows', html, {swapStyle: 'innerHTML'})"
    page.evaluate(swap, SEARCHING.format(n=0))
    page.locator("#stop").focus()
    # Asked through the page, for only then its requests are answered.
    eventually(lambda: page.title() and len(asked) >= 3, "it did not go on")
    assert page.evaluate("document.activeElement.id") == "stop"

    page.keyboard.press("Enter")
    so_far = len(asked)
    page.wait_for_timeout(400)

    assert len(asked) <= so_far + 1
    assert "searching on" not in page.locator("#rows").inner_text()
    assert page.evaluate("document.activeElement.rel") == "next"
