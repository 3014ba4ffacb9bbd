"""Pages of interactions show whatever was sent."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from featurememory.models import Project
from tests.builders import item, keep
from tests.web import browser, person, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer() -> Client:
    return browser(person("vic"))


@pytest.mark.parametrize("messages", [5, "hello", True, {"role": "user"}, None, ["hello", None]])
def test_an_input_that_only_looks_like_a_chat_is_previewed_as_its_json(
    viewer: Client, owner: Project, messages: Any
) -> None:
    keep(owner, [item(1, input={"messages": messages, "content": "x"})])
    page = viewer.get("/interactions/")

    assert page.status_code == 200
    assert page.context["listing"].rows[0].text.startswith('{"messages"')


def test_the_page_and_the_download_hold_what_was_sent_as_extra(
    viewer: Client, owner: Project
) -> None:
    keep(owner, [item(1, extra={"trace": "abc-17"})])

    assert "abc-17" in text_of(viewer.get("/interactions/i-1/"))
    assert viewer.get("/interactions/i-1/payload.json").json()["extra"] == {"trace": "abc-17"}
