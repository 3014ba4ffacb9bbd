"""What `wrap` was asked to do with a client's calls."""

from __future__ import annotations

from typing import NamedTuple


class Wishes(NamedTuple):
    task_type: str = ""
    prepare: bool = False
    models: tuple[str, ...] | None = None
