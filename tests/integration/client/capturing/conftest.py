"""Tests of what is captured: the client is set up."""

from __future__ import annotations

import featurememory_client as fm
import pytest

from tests.integration.client.fake_server import FakeServer


@pytest.fixture(autouse=True)
def _connected(server: FakeServer) -> None:
    fm.init(server.url, "k")
