"""A span's attributes, and which of them a dialect has understood."""

from __future__ import annotations

from collections.abc import Mapping

from integration.dialects.json_values import Json

EVENTS = " events"  # the area of a span that has some; no attribute begins with a space


class Taken:
    """Attributes to be taken one by one; what is left at the end nobody maps."""

    def __init__(self, attributes: Mapping[str, Json], has_events: bool = False) -> None:
        self.attributes = attributes
        self.names: set[str] = set()
        # By the first part of the name: a dialect asks for prefixes most spans have none of.
        self.areas: dict[str, list[str]] = {EVENTS: []} if has_events else {}
        for name in attributes:
            self.areas.setdefault(name.partition(".")[0], []).append(name)

    def take(self, *names: str) -> Json:
        """The first of these that is not empty; all of them count as understood."""
        found: Json = None
        for name in names:
            if name in self.attributes:
                self.names.add(name)
                if found in (None, ""):
                    found = self.attributes[name]
        return None if found == "" else found

    def take_under(self, prefix: str) -> dict[str, Json]:
        """All whose names begin so, without the prefix."""
        area = self.areas.get(prefix.partition(".")[0], ())
        found = [name for name in area if name.startswith(prefix)]
        self.names.update(found)
        return {name[len(prefix) :]: self.attributes[name] for name in found}

    def left(self) -> dict[str, Json]:
        """What nobody has taken and is not empty."""
        return {
            name: value
            for name, value in self.attributes.items()
            if name not in self.names and value not in (None, "", [], {})
        }
