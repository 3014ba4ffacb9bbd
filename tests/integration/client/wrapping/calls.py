"""What tests of wrapped clients do: ask the model, and read what was recorded of it."""

from __future__ import annotations

from typing import Any

import featurememory_client as fm

from tests.integration.client.fake_server import FakeServer


def ask(client: Any, text: str = "hello", *, model: str = "gpt-5-mini", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client.completions.create(model=model, messages=messages, **more)


def recorded(server: FakeServer) -> dict[str, Any]:
    """The one interaction that was recorded."""
    assert fm.flush(5)
    return server.one()


def ask_large(client: Any, text: str = "hello", **more: Any) -> Any:
    """Ask the larger of the two models a `prepared` client may choose from."""
    return ask(client, text, model="large", **more)
