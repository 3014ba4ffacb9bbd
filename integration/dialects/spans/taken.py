"""A span's attributes, and which of them a dialect has understood."""

from __future__ import annotations

from collections.abc import Mapping

from integration.dialects.json_values import Json
from integration.dialects.spans.name_sets import NameSet, Wanted, name_set_of

EMPTY: tuple[Json, ...] = (None, "", [], {})


class Taken:
    """Attributes to be taken one by one; what is left at the end nobody maps."""

    def __init__(self, attributes: Mapping[str, Json], known: NameSet | None = None) -> None:
        self.attributes = attributes
        self.names: set[str] = set()
        self.known = known or name_set_of(attributes)

    def take(self, *names: str) -> Json:
        """The first of these that is not empty; all of them count as understood."""
        found: Json = None
        for name in self.known.present(names):
            self.names.add(name)
            if found is None or found == "":
                found = self.attributes[name]
        return None if found == "" else found

    def take_all(self, wanted: Wanted) -> dict[str, Json]:
        """The members that are there, each as `take` finds it. `wanted` is a constant."""
        plan = self.known.plan(wanted)
        found: dict[str, Json] = {}
        self.names |= plan.names
        for member, names in plan.members:
            for name in names:
                value = self.attributes[name]
                if value is not None and value != "":
                    found[member] = value
                    break
        return found

    def take_under(self, prefix: str) -> dict[str, Json]:
        """All whose names begin so, without the prefix."""
        found = {}
        for name, rest in self.known.under(prefix):
            self.names.add(name)
            found[rest] = self.attributes[name]
        return found

    def left(self) -> dict[str, Json]:
        """What nobody has taken and is not empty."""
        return {
            name: self.attributes[name]
            for name in self.known.names
            if name not in self.names and self.attributes[name] not in EMPTY
        }
