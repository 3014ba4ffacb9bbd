"""Splitting a pattern by examples in a browser: ticked over several outcomes, previewed, done, undone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.conftest import Site
from tests.browser.test_pages import eventually, interaction

NAMES = ("Ann", "Bob", "Carla", "Dieter", "Eve")
TASK = "mail.letters"


@pytest.fixture(scope="module")
def letters(site: Site) -> str:
    """The id of a pattern whose texts differ in the name of a customer and in an outcome."""
    items = [
        interaction(TASK, f"Write a reply to customer {NAMES[n % 5]} about order {{n}}", n)
        | {"success": n % 3 != 0}
        for n in range(60)
    ]
    site.call("POST", "interactions/batch/", items)
    found = eventually(
        lambda: site.call("GET", f"patterns/?task_type={TASK}")["data"], "no pattern was learned"
    )
    eventually(lambda: uses(site, found[0]["id"]) == 60, "not all interactions were counted")
    return str(found[0]["id"])


def uses(site: Site, pattern: str) -> int:
    return int(site.call("GET", f"patterns/{pattern}/")["metadata"]["use_count"])


def tick(page: Any, name: str) -> None:
    """The first shown example about this customer."""
    row = page.locator("#examples tbody tr:visible").filter(has_text=f"customer {name} ")
    row.locator("input[type=checkbox]").first.check()


def test_examples_of_two_outcomes_become_a_pattern_and_one_undo_takes_it_back(
    page: Any, site: Site, letters: str
) -> None:
    page.goto(f"/patterns/{letters}/")
    page.locator("#examples label", has_text="Failed").click()
    tick(page, "Ann")
    page.locator("#examples label", has_text="Succeeded").click()
    tick(page, "Ann")
    assert page.locator("[data-ticked]").inner_text() == "2 ticked"

    page.get_by_role("button", name="Split into a new pattern…").click()
    dialog = page.locator("dialog[open]")
    dialog.wait_for()
    assert dialog.locator("ins").inner_text().strip() == "Ann"
    assert "about 12 of 60" in dialog.inner_text()
    dialog.get_by_label("Name of the new pattern").fill("Letters to Ann")
    dialog.get_by_role("button", name="Split into a new pattern").click()

    page.get_by_role("heading", name="Letters to Ann").wait_for()
    assert uses(site, letters) == 48
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    eventually(lambda: uses(site, letters) == 60, "the interactions did not come back")


def test_escape_keeps_what_was_ticked(page: Any, letters: str) -> None:
    page.goto(f"/patterns/{letters}/")
    tick(page, "Bob")
    page.get_by_role("button", name="Split into a new pattern…").click()
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")

    assert not page.locator("dialog[open]").count()
    assert page.locator("[data-ticked]").inner_text() == "1 ticked"


def test_without_scripts_the_preview_is_a_page_and_back_keeps_the_ticks(
    chromium: Any, site: Site, signed_in: Any, letters: str
) -> None:
    context = chromium.new_context(
        storage_state=signed_in, base_url=site.url, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"/patterns/{letters}/")
    page.locator("#examples label", has_text="Succeeded").click()
    tick(page, "Carla")
    page.get_by_role("button", name="Split into a new pattern…").click()
    page.get_by_role("heading", name="Split into a new pattern", exact=True).wait_for()
    page.reload()
    assert page.locator("ins").first.inner_text().strip()
    page.go_back()

    assert page.locator("#examples [name=examples]:checked").count() == 1
    context.close()
