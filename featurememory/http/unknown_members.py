"""Names the members of a body that its shape does not have, so that none is lost without a word."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from featurememory.http.finite_numbers import escape_name

NAMED = 20


def list_unknown_members(
    raw: bytes, shape: type[Struct], parts: Mapping[str, type[Struct]]
) -> list[str]:
    """Pointers to at most NAMED members that `shape`, or the part of it called so, does not have."""
    found = find_unknown(raw, shape, "")
    members = msgspec.json.decode(raw, type=dict[str, Raw])
    for name, part in parts.items():
        if bytes(members.get(name, b"null")) != b"null":
            found += find_unknown(members[name], part, f"/{name}")
    return sorted(found)[:NAMED]


def find_unknown(raw: bytes | Raw, shape: type[Struct], path: str) -> list[str]:
    names = msgspec.json.decode(raw, type=dict[str, Raw]).keys() - set(shape.__struct_fields__)
    return [f"{path}/{escape_name(name)}" for name in names]
