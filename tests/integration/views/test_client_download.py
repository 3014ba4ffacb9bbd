"""The wheel of the client, handed out to whoever asks."""

from __future__ import annotations

import hashlib
import re

import pytest
from django.test import Client

from integration.client_wheel import pack_wheel

NAME, CONTENT = pack_wheel()


def test_the_listing_names_the_wheel_and_its_digest() -> None:
    page = Client().get("/client/").content.decode()
    found = re.search(r'href="([^"#]+)#sha256=(\w+)"', page)

    assert found is not None
    assert found.groups() == (NAME, hashlib.sha256(CONTENT).hexdigest())


def test_the_wheel_comes_whole_and_is_cached() -> None:
    answer = Client().get(f"/client/{NAME}")
    again = Client().get(f"/client/{NAME}", headers={"If-None-Match": answer["ETag"]})

    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer["Content-Length"] == str(len(CONTENT))
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.django_db
def test_there_is_no_other_file() -> None:
    for name in ("featurememory_client-9.9.9-py3-none-any.whl", "..%2fsettings.py"):
        assert Client().get(f"/client/{name}").status_code == 404
    assert Client().post("/client/").status_code in (403, 405)
