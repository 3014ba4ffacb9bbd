"""Wrapped clients: those that only record, and those that ask before a task runs."""

from __future__ import annotations

import featurememory_client as fm
import pytest

from tests.integration.client.fake_server import FakeServer
from tests.integration.client.stand_in_sdk import AsyncProvider, Provider


@pytest.fixture
def client(server: FakeServer, bare: Provider) -> Provider:
    fm.init(server.url, "k")
    return fm.wrap(bare, task_type="support.reply")


@pytest.fixture
def async_client(server: FakeServer, async_bare: AsyncProvider) -> AsyncProvider:
    fm.init(server.url, "k")
    return fm.wrap(async_bare)


@pytest.fixture
def prepared(server: FakeServer, bare: Provider) -> Provider:
    fm.init(server.url, "k", timeout=5)
    return fm.wrap(bare, prepare=True, task_type="t", models=["large", "small"])


@pytest.fixture
def async_prepared(server: FakeServer, async_bare: AsyncProvider) -> AsyncProvider:
    fm.init(server.url, "k", timeout=5)
    return fm.wrap(async_bare, prepare=True, task_type="t")
