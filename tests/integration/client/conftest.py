"""The client as its users have it: importable by its own name, a new one for each test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

FOLDER = Path(__file__).resolve().parents[3] / "integration" / "client"
sys.path.insert(0, str(FOLDER))

from featurememory_client import runtime  # noqa: E402

from tests.integration.client.fake_model import FakeModel  # noqa: E402
from tests.integration.client.fake_server import FakeServer, Tarpit  # noqa: E402
from tests.integration.client.stand_in_sdk import AsyncProvider, Provider  # noqa: E402


@pytest.fixture
def server() -> Iterator[FakeServer]:
    server = FakeServer()
    yield server
    server.close()


@pytest.fixture
def tarpit() -> Iterator[Tarpit]:
    trap = Tarpit()
    yield trap
    trap.close()


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def bare(model: FakeModel) -> Provider:
    """A provider's client that is not wrapped."""
    return Provider(httpx.Client(transport=httpx.MockTransport(model.answer)))


@pytest.fixture
def async_bare(model: FakeModel) -> AsyncProvider:
    return AsyncProvider(httpx.AsyncClient(transport=httpx.MockTransport(model.answer)))


@pytest.fixture(autouse=True)
def _a_client_of_its_own(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No test knows another's, and none that of the machine."""
    for name in ("URL", "KEY", "DISABLED"):
        monkeypatch.delenv(f"FEATURE_MEMORY_{name}", raising=False)
    process = runtime.Process()
    monkeypatch.setattr(runtime, "_process", process)
    yield
    for client in [process.client, *process.retired]:
        if client is not None:
            client.close(deadline=0.0)
            client.retire()
