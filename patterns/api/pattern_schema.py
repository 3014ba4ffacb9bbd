"""What the API says about the slots of a pattern, for OpenAPI."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from featurememory.http.openapi import PAGE, schema_of

Share = Annotated[float, Meta(ge=0, le=1)]


class SlotValueAnswer(Struct):
    value: str
    share: Annotated[Share, Meta(description="Of the uses of the slot, how many surely had it")]
    at_most: Annotated[
        Share,
        Meta(description="How many can have had it: more than `share` if not all were counted"),
    ]


class SlotAnswer(Struct):
    name: str
    type: Annotated[str, Meta(description="number, id, uuid, url, email, path, date, category, …")]
    distinct: Annotated[int, Meta(description="Different values; from 64 on estimated")]
    top: Annotated[
        list[SlotValueAnswer],
        Meta(description="The most frequent values. Up to eight different ones are all counted"),
    ]


PATTERN: dict[str, Any] = {
    "type": "object",
    "additionalProperties": True,
    "properties": {"slots": schema_of(list[SlotAnswer])},
}
PATTERNS: dict[str, Any] = {
    **PAGE,
    "properties": {**PAGE["properties"], "data": {"type": "array", "items": PATTERN}},
}
