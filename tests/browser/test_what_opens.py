"""What opens over a page, checked by axe-core in both themes and on a phone: WCAG 2.2, A and AA.

Dialogs, the search, the menu, the panel beside a list, filters and toasts are no page of their own, so
nothing else looks at them while they are open.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.test_pages import filled

__all__ = ["filled"]  # the fixture
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
Opens = Callable[[Any, Site], None]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FIND = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(found =>
  found.violations.map(v => `${v.id}: ${v.nodes.map(n => n.target.join(' ')).join(', ')}`))"""
# Colours that fade in are measured half way; the end is what people read.
STILL = "document.getAnimations().forEach(one => one.finish())"


@pytest.fixture(scope="module")
def axe() -> str:
    if find_spec("axe_playwright_python") is None:
        pytest.skip("axe-playwright-python is not installed (pip install axe-playwright-python)")
    return (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def page(chromium: Any, filled: Site, signed_in: Any, axe: str) -> Any:
    context = chromium.new_context(storage_state=signed_in, base_url=filled.url)
    made = context.new_page()
    made.set_default_timeout(10_000)
    yield made
    context.close()


def open_columns(page: Any, site: Site) -> None:
    page.goto("/patterns/")
    page.get_by_role("link", name="Columns").click()
    page.locator("dialog[open]").wait_for()


def open_views(page: Any, site: Site) -> None:
    page.goto("/interactions/?limit=5")
    page.get_by_role("link", name="Views", exact=True).click()
    page.locator("dialog[open]").wait_for()


def open_filters(page: Any, site: Site) -> None:
    page.goto("/patterns/?status=validated")
    page.locator(".pop-at summary").click()


def choose_two(page: Any) -> None:
    page.goto("/patterns/")
    for number in (0, 1):
        page.locator("#rows input[name=ids]").nth(number).check()


def open_bulk(name: str) -> Opens:
    def opens(page: Any, site: Site) -> None:
        choose_two(page)
        page.get_by_role("button", name=name).click()
        page.locator("dialog[open]").wait_for()

    return opens


def open_toast_with_undo(page: Any, site: Site) -> None:
    choose_two(page)
    page.get_by_role("button", name="Pin", exact=True).click()
    page.locator("#toasts .toast").wait_for()
    page.locator("#toasts .toast").hover()


def open_toast_with_retry(page: Any, site: Site) -> None:
    page.goto("/patterns/")
    page.route("**/patterns/?*", lambda route: route.abort())
    page.get_by_role("searchbox").fill("refund")
    page.locator("#toasts").get_by_role("button", name="Retry").wait_for()
    page.unroute("**/patterns/?*")
    page.locator("#toasts .toast").hover()


def open_search(page: Any, site: Site) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input[type=search]").fill("order")
    page.locator("#hits a[href^='/patterns/0']").first.wait_for()


def open_search_without_hits(page: Any, site: Site) -> None:
    page.goto("/")
    page.keyboard.press("Control+k")
    page.locator("dialog[open] input[type=search]").fill("nowhere at all")
    page.locator("#hits .note").wait_for()


def open_keys(page: Any, site: Site) -> None:
    page.goto("/activity/")
    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()


def open_panel(path: str) -> Opens:
    def opens(page: Any, site: Site) -> None:
        page.goto(path)
        page.locator("#rows .peek").first.click()
        page.locator("#peek .in").wait_for()

    return opens


def open_menu(page: Any, site: Site) -> None:
    page.set_viewport_size(PHONE)
    page.goto("/patterns/")
    page.get_by_role("button", name="Menu").click()
    page.locator("#menu:popover-open").wait_for()


def open_split(page: Any, site: Site) -> None:
    page.goto(f"/patterns/{site.patterns()[0]}/")
    page.get_by_role("button", name="Split by value…").first.click()
    page.locator("dialog[open]").wait_for()


def open_act(page: Any, site: Site) -> None:
    site.call("POST", "models/", {"model_id": "model-b"})
    body = {"type": "route_model", "task_type": "support.order", "model_id": "model-a"}
    made = site.call("POST", "optimizations/", {**body, "params": {"model_id": "model-b"}})
    page.goto(f"/optimizations/{made['id']}/")
    page.get_by_role("button", name="Block…").click()
    page.locator("dialog[open]").wait_for()


def open_delete_of_an_alert(page: Any, site: Site) -> None:
    page.goto("/alerts/new/")
    page.locator("main p.acts a").first.click()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/alerts/")
    page.locator("main a[href^='/alerts/']:not([href='/alerts/new/'])").first.click()
    page.get_by_role("link", name="Delete…").click()
    page.locator("dialog[open]").wait_for()


BOTH = (WIDE, PHONE)
OPENED: dict[str, tuple[Opens, tuple[dict[str, int], ...]]] = {
    "columns": (open_columns, BOTH),
    "views": (open_views, BOTH),
    "filters": (open_filters, BOTH),
    "prune": (open_bulk("Prune…"), BOTH),
    "merge": (open_bulk("Merge…"), BOTH),
    "toast with undo": (open_toast_with_undo, BOTH),
    "toast with retry": (open_toast_with_retry, BOTH),
    "search": (open_search, BOTH),
    "search without hits": (open_search_without_hits, BOTH),
    "keys": (open_keys, BOTH),
    "panel of a pattern": (open_panel("/patterns/"), BOTH),
    "panel of an interaction": (open_panel("/interactions/?limit=5"), BOTH),
    "menu": (open_menu, (PHONE,)),
    "split": (open_split, BOTH),
    "block an optimization": (open_act, BOTH),
    "delete an alert": (open_delete_of_an_alert, BOTH),
}


@pytest.mark.parametrize("name", OPENED)
def test_what_opens_over_a_page_can_be_read_by_everybody(
    page: Any, filled: Site, axe: str, name: str
) -> None:
    opens, sizes = OPENED[name]
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    opens(page, filled)
    page.evaluate(axe)
    found: dict[str, list[str]] = {}
    for size in sizes:
        page.set_viewport_size(size)
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.evaluate(STILL)
            if broken := page.evaluate(FIND, RULES):
                found[f"{theme} {size['width']}"] = broken

    assert found == {}
