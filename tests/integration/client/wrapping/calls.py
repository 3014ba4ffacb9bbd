"""What tests of wrapped clients do: ask the model."""

from __future__ import annotations

from typing import Any


def ask(client: Any, text: str = "hello", *, model: str = "gpt-5-mini", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return client.completions.create(model=model, messages=messages, **more)


def ask_large(client: Any, text: str = "hello", **more: Any) -> Any:
    """Ask the larger of the two models a `prepared` client may choose from."""
    return ask(client, text, model="large", **more)
