"""Builds msgspec's type tables before threads start.

msgspec builds the field table of a Struct on first decode and publishes it before it is filled. A second
thread that decodes the type at that moment reads a null pointer and the process crashes (msgspec 0.22).
So every type is used once while there is a single thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module

import msgspec

OURS = ("featurememory", "patterns", "optimizations", "integration")


def build_tables(modules: Iterable[str] = ()) -> int:
    """Import the modules and build the tables of all our Struct types; how many were built."""
    for name in modules:
        import_module(name)
    found = list(find_structs(msgspec.Struct))
    for record in found:
        with suppress(TypeError, NameError):  # types that are only encoded may hold anything
            msgspec.msgpack.Decoder(record)
    return len(found)


def find_structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for record in base.__subclasses__():
        yield from find_structs(record)
        if record.__module__.partition(".")[0] in OURS:
            yield record
