"""The first moment of Get started: the key comes by itself, and takes nothing away from under a pointer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.test_pages import eventually


@pytest.fixture
def let_key_come(page: Any) -> Callable[[], None]:
    """Get started, opened, whose key comes when this is called."""
    held: list[Any] = []

    def hold(route: Any) -> None:
        held.append(route) if route.request.method == "POST" else route.continue_()

    page.route("**/start/", hold)
    page.goto("/start/")
    eventually(lambda: page.title() and held, "the page did not ask for a key")

    def release() -> None:
        held.pop().continue_()
        page.locator("#key").wait_for()

    return release


def test_a_click_on_the_demo_counts_though_the_key_arrives_during_it(
    page: Any, let_key_come: Callable[[], None]
) -> None:
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.method)
        route.fulfill(status=200, content_type="text/html", body="<title>Loading</title>")

    page.route("**/demo/load/", answer)
    page.get_by_role("button", name="Load demo data instead").hover()
    page.mouse.down()
    let_key_come()
    page.mouse.up()

    page.wait_for_url("**/demo/load/")
    assert asked == ["POST"]


def test_the_way_that_was_chosen_stays_and_gets_the_key(
    page: Any, let_key_come: Callable[[], None]
) -> None:
    page.get_by_role("link", name="Python", exact=True).click()
    let_key_come()

    key = page.locator("#key").inner_text()
    assert page.locator("#python").is_visible()
    assert key in page.locator("#python").inner_text()
    assert key in page.locator("#curl").text_content()
    assert key in page.locator("#prepare").inner_text()
