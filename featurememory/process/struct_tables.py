"""msgspec's type tables, built before there are threads.

msgspec looks up the fields of a Struct when it is decoded for the first time, and puts the table
in its place before it is filled. A second thread that decodes the same type at that moment reads a
null pointer: the whole process dies (msgspec 0.22). So every type is used once, by one thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module

import msgspec

OURS = ("featurememory", "patterns", "optimizations", "integration")


def build_tables(modules: Iterable[str] = ()) -> int:
    """Imports what defines types, and builds the tables of all of them; how many there are."""
    for name in modules:
        import_module(name)
    found = list(find_structs(msgspec.Struct))
    for record in found:
        with suppress(TypeError, NameError):  # what is only encoded may hold anything
            msgspec.msgpack.Decoder(record)
    return len(found)


def find_structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for record in base.__subclasses__():
        yield from find_structs(record)
        if record.__module__.partition(".")[0] in OURS:
            yield record
