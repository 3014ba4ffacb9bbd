"""The pages in a browser: live box, filters, prune and undo, charts, theme, keys, phone width."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.browser.conftest import Site

TASKS = {
    "support.order": "Where is my order {n}?",
    "support.refund": "I want a refund for invoice {n}",
    "ops.restart": "Restart worker {n} and report its state",
    "text.translate": "Translate paragraph {n} to German",
}
EACH = 12


def interaction(task: str, text: str, number: int, days_ago: float = 0) -> dict[str, Any]:
    at = datetime.now(UTC) - timedelta(days=days_ago, seconds=5)
    return {
        "model_id": "model-a",
        "task_type": task,
        "input": text.format(n=1000 + number),
        "output": "done",
        "metadata": {"timestamp": at.isoformat(), "duration": 400.0 + number},
        "usage": {"input_tokens": 90, "output_tokens": 30},
        "success": number % 5 != 0,
    }


def eventually(condition: Callable[[], Any], what: str) -> Any:
    # Asked from here: wait_for_function needs eval, which the pages' policy forbids.
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.2)
    raise AssertionError(what)


@pytest.fixture(scope="session")
def filled(site: Site, signed_in: Any) -> Site:
    items = [
        interaction(task, text, n, days_ago=6 - n / 2)
        for n in range(EACH)
        for task, text in TASKS.items()
    ]
    site.call("POST", "interactions/batch/", items)
    eventually(lambda: len(site.patterns()) >= len(TASKS), "the patterns were not learned")
    return site


def row_ids(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all("#rows [data-id]", "a => a.map(r => r.dataset.id)")
    return found


def test_the_box_notices_the_first_interaction(page_of_new_project: Any, site: Site) -> None:
    page = page_of_new_project
    page.goto("/start/")
    page.locator("#first-interaction[data-state=waiting]").wait_for()
    key = page.locator("#key")
    key.wait_for()
    assert key.inner_text().startswith("fm_in_")
    assert key.inner_text() in page.locator("#curl").inner_text()

    shown = replace(site, key=key.inner_text())
    shown.call("POST", "interactions/", interaction("first", "Hello {n}", 1))

    page.locator("#first-interaction[data-state=received]").wait_for()


def test_typing_filters_the_rows_and_the_address(page: Any, filled: Site) -> None:
    page.goto("/patterns/")
    every = row_ids(page)

    page.get_by_role("searchbox").fill("refund")

    eventually(lambda: 0 < len(row_ids(page)) < len(every), "the rows were not filtered")
    assert "q=refund" in page.url


def test_pruned_rows_go_and_come_back_with_one_undo(page: Any, filled: Site) -> None:
    page.goto("/patterns/")
    chosen = row_ids(page)[:2]
    for identifier in chosen:
        page.locator(f'[data-id="{identifier}"] input[type=checkbox]').check()

    page.get_by_role("button", name="Prune…").click()
    page.locator("dialog[open]").wait_for()
    assert page.evaluate("document.activeElement.textContent.trim()") == "Keep them"
    page.get_by_role("button", name="Prune 2 patterns").click()
    eventually(lambda: not set(chosen) & set(row_ids(page)), "the rows stayed")

    page.locator("#toasts").get_by_role("button", name="Undo").click()
    eventually(lambda: set(chosen) <= set(row_ids(page)), "the rows did not come back")
    assert set(chosen) <= set(filled.patterns())


def test_escape_leaves_the_dialog_and_gives_the_focus_back(page: Any, filled: Site) -> None:
    page.goto("/patterns/")
    page.locator("#rows input[name=ids]").first.check()
    button = page.get_by_role("button", name="Prune…")
    button.click()
    page.locator("dialog[open]").wait_for()

    page.keyboard.press("Escape")

    assert not page.locator("dialog[open]").count()
    # Chromium asks whether to leave a dialog only after a person used the page: else it tells a moment later.
    eventually(
        lambda: "Prune…" in page.evaluate("document.activeElement.textContent"),
        "the focus did not return",
    )


def test_charts_are_drawn_when_they_are_seen(page: Any, filled: Site) -> None:
    page.goto("/?range=30d")
    charts = page.locator("[data-spec]")
    assert charts.count() >= 3

    for number in range(charts.count()):
        charts.nth(number).scroll_into_view_if_needed()

    undrawn = page.locator("[data-spec]:not([data-drawn])")
    eventually(lambda: not undrawn.count(), "a chart was not drawn")


def test_on_paper_every_chart_is_drawn_in_light_colours(
    chromium: Any, filled: Site, signed_in: Any
) -> None:
    context = chromium.new_context(
        storage_state=signed_in, base_url=filled.url, color_scheme="dark"
    )
    page = context.new_page()
    page.goto("/?range=30d")
    page.locator("[data-drawn]").first.wait_for()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("[data-spec]").count() == page.locator("[data-drawn]").count()
    assert page.locator("html").get_attribute("data-theme") == "light"

    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("html").get_attribute("data-theme") is None
    context.close()


def test_the_table_of_a_chart_is_loaded_when_it_is_opened(page: Any, filled: Site) -> None:
    page.goto("/?range=30d")
    twin = page.locator("details").filter(has_text="View as table").first
    assert not twin.locator("tbody tr").count()

    twin.locator("summary").click()

    twin.locator("tbody tr").first.wait_for()
    spec = page.locator("[data-spec]").first.get_attribute("data-spec")
    drawn = json.loads(page.locator(f"script#{spec}").text_content())["data"][-1]
    assert twin.locator("tbody tr").count() == len(drawn["x"]) > 1


def test_the_theme_changes_at_once_and_is_remembered(page: Any, filled: Site) -> None:
    page.goto("/patterns/")
    colour = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(colour)

    page.get_by_role("button", name="theme").click()
    after = page.evaluate(colour)
    page.reload()

    assert before != after == page.evaluate(colour)


def test_the_counter_moves_without_a_reload(page: Any, filled: Site) -> None:
    page.goto("/")
    counter = page.locator("[data-live=interactions]")
    before = int(counter.get_attribute("data-value"))

    filled.call("POST", "interactions/", interaction("support.order", TASKS["support.order"], 77))

    eventually(lambda: int(counter.get_attribute("data-value")) > before, "the counter stood still")


def test_ctrl_k_searches_everywhere(page: Any, filled: Site) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    field = page.locator("dialog[open] input[type=search]")
    field.wait_for()

    field.fill("restart")

    page.locator("#hits a[href^='/patterns/0']").first.wait_for()


def test_a_failed_request_offers_to_try_again(chromium: Any, filled: Site, signed_in: Any) -> None:
    context = chromium.new_context(storage_state=signed_in, base_url=filled.url)
    page = context.new_page()
    page.goto("/patterns/")
    rows = row_ids(page)
    page.route("**/patterns/?*", lambda route: route.abort())
    page.get_by_role("searchbox").fill("refund")
    retry = page.locator("#toasts").get_by_role("button", name="Retry")
    retry.wait_for()
    assert row_ids(page) == rows

    page.unroute("**/patterns/?*")
    retry.click()

    eventually(lambda: 0 < len(row_ids(page)) < len(rows), "Retry did nothing")
    context.close()


PAGES = [
    "/",
    "/start/",
    "/patterns/",
    "/patterns/trash/",
    "/interactions/",
    "/activity/",
    "/keys/",
    "/health/",
]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_scrolls_sideways_on_a_narrow_phone(page: Any, filled: Site, path: str) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto(path)

    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(width) <= 0


def test_without_script_the_same_rows_are_shown(
    chromium: Any, filled: Site, signed_in: Any
) -> None:
    context = chromium.new_context(
        storage_state=signed_in, base_url=filled.url, java_script_enabled=False
    )
    plain = context.new_page()
    plain.goto("/patterns/?q=refund")

    assert plain.locator("#rows [data-id]").count() == 1
    context.close()
