"""The order of a keyset page as queries that an index serves, on both databases and in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)
Mark: TypeAlias = tuple[Any, Any]  # the value and the key of the row that a page begins behind


@dataclass(frozen=True)
class KeysetOrder:
    """By `field`, ties by `key` ascending, rows without a value last. `backwards` reads it from its end."""

    field: str
    key: str
    descending: bool
    backwards: bool

    @property
    def turned(self) -> bool:
        return self.descending != self.backwards

    @property
    def names(self) -> list[str]:
        ties = f"-{self.key}" if self.backwards else self.key
        return [f"-{self.field}" if self.turned else self.field, ties]

    def list_parts(self, rows: QuerySet[Row], mark: Mark | None) -> list[QuerySet[Row]]:
        """What lies behind the mark, to be read in turn: rows with a value, then those without.

        Apart, because no index of either database has unknown values last in both directions.
        """
        if self.field == self.key:
            step = "lt" if self.turned else "gt"
            seen = rows.filter(**{f"{self.key}__{step}": mark[1]}) if mark else rows
            return [seen.order_by(self.names[0])]
        parts = [self.list_known(rows, mark), self.list_unknown(rows, mark)]
        return [part for part in (parts[::-1] if self.backwards else parts) if part is not None]

    def list_known(self, rows: QuerySet[Row], mark: Mark | None) -> QuerySet[Row] | None:
        if mark and mark[0] is None and not self.backwards:
            return None
        if is_nullable(rows, self.field):
            rows = rows.filter(**{f"{self.field}__isnull": False})
        if mark and mark[0] is not None:
            value = find_field(rows, self.field).to_python(mark[0])
            rows = rows.filter(self.build_beyond(value, mark[1]))
        return rows.order_by(*self.names)

    def list_unknown(self, rows: QuerySet[Row], mark: Mark | None) -> QuerySet[Row] | None:
        if (mark and mark[0] is not None and self.backwards) or not is_nullable(rows, self.field):
            return None
        rows = rows.filter(**{f"{self.field}__isnull": True})
        if mark and mark[0] is None:
            rows = rows.filter(**{f"{self.key}__{'lt' if self.backwards else 'gt'}": mark[1]})
        return rows.order_by(self.names[1])

    def build_beyond(self, value: Any, last: Any) -> Q:
        """A range of the index, of which those that are equal and were seen are passed over."""
        side = "lt" if self.turned else "gt"
        tie = Q(**{f"{self.key}__{'lt' if self.backwards else 'gt'}": last})
        return Q(**{f"{self.field}__{side}e": value}) & (
            Q(**{f"{self.field}__{side}": value}) | tie
        )


def is_nullable(rows: QuerySet[Row], field: str) -> bool:
    """Whether rows may have no value; of a computed one nobody knows."""
    return field in rows.query.annotations or bool(find_field(rows, field).null)


def find_field(rows: QuerySet[Row], name: str) -> Any:
    """The field of a column, or what a computed one gives."""
    if name in rows.query.annotations:
        return rows.query.annotations[name].output_field
    return rows.model._meta.get_field(name)
