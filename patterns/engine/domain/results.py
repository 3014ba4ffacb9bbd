"""What the engine knows of one pattern, and what it says about one interaction.

`PatternState` is the engine's value; the database row is `patterns.models.Pattern`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from patterns.engine.domain.observation import Json

FeatureType: TypeAlias = Literal["input", "output", "parameter", "context", "resource"]


class Feature(msgspec.Struct, frozen=True):
    """One property that recurs, with the share of evidence for it (0 to 1)."""

    type: FeatureType
    name: str
    value: Json
    confidence: float


class TemplatePart(msgspec.Struct, frozen=True, array_like=True):
    """A run of static text, or a slot (then `text` is "" and `slot` its name)."""

    text: str = ""
    slot: str = ""


class ValueShare(NamedTuple):
    """Of the uses of a slot (0 to 1) the share that surely had the value, and the greatest possible.

    Both are the same where every value is counted.
    """

    value: str
    share: float
    at_most: float


class Slot(msgspec.Struct, frozen=True):
    """A place of the template that varies. `top` holds its values, the surely most frequent first.

    `type` is one of number, id, uuid, url, email, path, date, code, quoted, json, category,
    text, vector, messages, boolean.
    """

    name: str
    type: str
    distinct: int
    top: tuple[ValueShare, ...] = ()


class Match(msgspec.Struct, frozen=True):
    """The answer for one interaction.

    `confidence` is the calibrated chance (0 to 1) that the pattern is the right one, `created`
    tells that this interaction founded it. `why` is ready for JSON: `anchors` (matched static
    texts), `slots` (name to value), `parts` (name to score), `runner_up`
    ({"pattern_id", "score"} or null), `margin`, `calibrated` (false: "not calibrated yet").
    """

    pattern_id: str
    confidence: float
    created: bool
    why: dict[str, Json]


class Change(msgspec.Struct, frozen=True):
    """One step of a consolidation: `merged` or `split`; `sources` became `targets` (pattern ids)."""

    kind: Literal["merged", "split"]
    sources: tuple[str, ...]
    targets: tuple[str, ...]


class Consolidation(msgspec.Struct, frozen=True):
    """What a consolidation did. `moved` maps observation ids of the reservoir to their new pattern."""

    changes: tuple[Change, ...] = ()
    redirects: dict[str, str] = msgspec.field(default_factory=dict)
    moved: dict[str, str] = msgspec.field(default_factory=dict)
    complete: bool = True
