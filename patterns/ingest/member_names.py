"""The names on the wire: other spellings of ours are read, and what nobody knows is kept under `extra`.

Only items with a name that the contract does not have come here; all others are decoded at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, lru_cache
from typing import TypeAlias

import msgspec
from msgspec import Raw

from featurememory.http.finite_numbers import escape_name
from patterns.ingest.usage_spellings import QUIET, read_usage

Members: TypeAlias = dict[str, Raw]
NOTHING = Raw(b"null")
# Made once: from the type alone each call would make one, which takes longer than decoding.
DECODER = msgspec.json.Decoder(Members)


@dataclass(frozen=True)
class Contract:
    """The names that an interaction and its objects have."""

    item: tuple[str, ...]
    usage: tuple[str, ...]
    metadata: tuple[str, ...]
    resource_usage: tuple[str, ...]

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset({*self.item, *self.usage, *self.metadata, *self.resource_usage})


CAMEL = {
    "modelId": "model_id",
    "taskType": "task_type",
    "sessionId": "session_id",
    "decisionId": "decision_id",
    "shadowId": "shadow_id",
    "resourceUsage": "resource_usage",
    "memoryUsage": "memory_usage",
    "tokenCount": "token_count",
    "processingTime": "processing_time",
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cachedInputTokens": "cached_input_tokens",
    "cacheWriteTokens": "cache_write_tokens",
    "reasoningTokens": "reasoning_tokens",
    "extendedCacheWriteTokens": "extended_cache_write_tokens",
}
# An answer names at most so many members that it ignored, none with more letters than LONGEST.
NAMED, LONGEST = 20, 100
TELLING = ("token", "cost", "price", "latency", "usage")
SIMILAR = 0.8


def sort_members(raw: bytes, contract: Contract) -> bytes:
    """The item in the names of the contract, and all other members in its `extra`. What is no object
    stays as it is: the decoder says what is wrong, and where."""
    try:
        return msgspec.json.encode(sort_item(raw, contract))
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw


def sort_item(raw: bytes, contract: Contract) -> Members:
    item, extra = split_members(decode_members(raw), contract.item)
    if is_object(item.get("usage")):
        item["usage"] = sort_usage(item, contract, extra)
    if is_object(item.get("metadata")):
        item["metadata"] = sort_metadata(item["metadata"], contract, extra)
    given = item.get("extra", NOTHING)
    if extra and (given == NOTHING or is_object(given)):
        item["extra"] = encode_members(extra | ({} if given == NOTHING else decode_members(given)))
    return item


def sort_usage(item: Members, contract: Contract, extra: Members) -> Raw:
    known, unknown = read_usage(rename_camel(decode_members(item["usage"])), contract.usage)
    if "total_tokens" in unknown and not {"input_tokens", "output_tokens"} & known.keys():
        item["metadata"] = add_token_count(item.get("metadata"), unknown["total_tokens"])
    keep(extra, "usage", unknown)
    return encode_members(known)


def add_token_count(metadata: Raw | None, total: Raw) -> Raw:
    """The metadata with the total as its `token_count`, unless it has one."""
    if metadata is None or not is_object(metadata):
        return metadata or Raw(b"null")
    members = rename_camel(decode_members(metadata))
    if is_object(members.get("resource_usage", Raw(b"{}"))):
        resources = rename_camel(decode_members(members.get("resource_usage", Raw(b"{}"))))
        members["resource_usage"] = encode_members({"token_count": total} | resources)
    return encode_members(members)


def sort_metadata(raw: Raw, contract: Contract, extra: Members) -> Raw:
    metadata, unknown = split_members(decode_members(raw), contract.metadata)
    if is_object(metadata.get("resource_usage")):
        found = decode_members(metadata["resource_usage"])
        known, rest = split_members(found, contract.resource_usage)
        keep(unknown, "resource_usage", rest)
        metadata["resource_usage"] = encode_members(known)
    keep(extra, "metadata", unknown)
    return encode_members(metadata)


def split_members(members: Members, names: Collection[str]) -> tuple[Members, Members]:
    """Those that the contract knows, camelCase renamed, and the others."""
    members = rename_camel(members)
    known = {name: members.pop(name) for name in names if name in members}
    return known, members


def rename_camel(members: Members) -> Members:
    """Our own spelling wins where both are given."""
    renamed = {CAMEL[name]: value for name, value in members.items() if name in CAMEL}
    return renamed | {name: value for name, value in members.items() if name not in CAMEL}


def keep(extra: Members, name: str, unknown: Members) -> None:
    if unknown:
        extra[name] = encode_members(unknown)


def is_object(raw: Raw | None) -> bool:
    return raw is not None and bytes(raw).lstrip()[:1] == b"{"


def decode_members(raw: Raw | bytes) -> Members:
    return DECODER.decode(raw)


def encode_members(members: Members) -> Raw:
    return Raw(msgspec.json.encode(members))


def name_ignored(extra: Members, contract: Contract) -> tuple[str, ...]:
    """Pointers to the members of `extra` that look like something of ours, but were not read as such."""
    named = [
        f"{path}/{escape_name(name)}"
        for path, name in list_members(extra)
        if looks_known(name, contract.names)
    ]
    return tuple(sorted(named)[:NAMED])


# The objects of an item whose unknown members are kept in `extra` under the same path.
OBJECTS = ("/usage", "/metadata", "/metadata/resource_usage")


def list_members(extra: Members, path: str = "") -> Iterator[tuple[str, str]]:
    """(path of the object, name) of all members, those of OBJECTS one by one."""
    for name, value in extra.items():
        inner = f"{path}/{name}"
        if inner in OBJECTS and is_object(value):
            yield from list_members(decode_members(value), inner)
        else:
            yield path, name


@lru_cache(maxsize=2048)
def looks_known(name: str, known: frozenset[str]) -> bool:
    """Whether the name is one of ours, nearly one, or speaks of tokens and money."""
    if name in QUIET or len(name) > LONGEST:
        return False
    plain = name.lower().replace("-", "_")
    telling = any(word in plain for word in TELLING)
    return plain in known or telling or bool(get_close_matches(plain, known, 1, SIMILAR))
