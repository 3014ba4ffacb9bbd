"""What was recorded of a call."""

from __future__ import annotations

from typing import Any

import featurememory_client as fm

from tests.integration.client.fake_server import FakeServer


def recorded(server: FakeServer) -> dict[str, Any]:
    """The one interaction that was recorded."""
    assert fm.flush(5)
    return server.one()
