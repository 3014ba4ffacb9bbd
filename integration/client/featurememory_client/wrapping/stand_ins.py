"""Classes that take the place of an object's own.

Made within functions, each with one base alone: only so can Python let it take that base's place
in an object that exists already; with a mixin the layouts differ.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def name_after(base: type, made: type) -> type:
    """It shows itself as what it was."""
    made.__name__, made.__qualname__ = base.__name__, base.__qualname__
    made.__module__, made.__doc__ = base.__module__, base.__doc__
    return made


def attach(target: Any, make_class: Callable[[Any], type], record: Any) -> None:
    """Let `record` see what passes through `target`."""
    if not hasattr(target, "feature_memory_record"):
        target.feature_memory_record = record
        target.__class__ = make_class(type(target))
