"""Filters for patterns, shared by the API, the pages, the exports and storage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from featurememory.errors import invalid, not_found
from featurememory.lists.periods import PERIODS, find_start
from patterns.models import Pattern

if TYPE_CHECKING:
    from patterns.engine.pattern.pattern_state import PatternState
    from patterns.models import PatternQuerySet


def parse_id(text: UUID | str) -> UUID:
    """The id of a pattern or an operation; 404 when it is no UUID."""
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except (ValueError, AttributeError, TypeError) as error:
        raise not_found("pattern") from error


def format_time(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


SORTS = (
    "use_count",
    "confidence",
    "effectiveness",
    "success_rate",
    "duration_p95",
    "tokens_mean",
    "last_used",
    "created_at",
)
STORED = tuple(status for status in Pattern.PatternStatus.values if status != "archived")


@dataclass(frozen=True)
class PatternCriteria:
    """Filters, all optional, joined by "and". Without `status` archived patterns are left out.

    `status` may name several states, separated by commas. `q` looks in template, label and task
    type, and finds a pattern by its id. `range` is a period up to now in which it was seen.
    """

    status: str = ""
    model_id: str = ""
    task_type: str = ""
    min_confidence: float | None = None
    max_confidence: float | None = None
    min_effectiveness: float | None = None
    used_before: datetime | None = None
    used_after: datetime | None = None
    pinned: bool | None = None
    range: str = ""
    q: str = ""
    sort: str = "-use_count"

    @classmethod
    def parse(cls, query: Mapping[str, Any]) -> PatternCriteria:
        """Read query parameters or a JSON object; unknown names are ignored. 422 for an invalid value."""
        given = {name: query[name] for name in query if query[name] not in ("", None)}
        made: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in given:
                made[field.name] = PARSERS[field.name](given[field.name], f"/{field.name}")
        return cls(**made)

    def apply(self, queryset: PatternQuerySet) -> PatternQuerySet:
        """The rows that match the filters, unordered."""
        statuses = self.status.split(",") if self.status else STORED
        return queryset.filter(self._condition(), status__in=statuses)

    def apply_in_order(self, queryset: PatternQuerySet) -> PatternQuerySet:
        """The rows that match, for a page in order: no index of an order serves a filter."""
        found = self.apply(queryset)
        return found if set(self.query()) <= {"status", "sort"} else found.narrowed()

    def _condition(self) -> Q:
        condition = Q()
        for name, lookup in LOOKUPS.items():
            if (value := getattr(self, name)) not in ("", None):
                condition &= Q(**{lookup: value})
        if start := find_start(self.range, timezone.now()):
            condition &= Q(last_used__gte=start)
        return condition & self._search() if self.q else condition

    def _search(self) -> Q:
        found = Q(template__contains_text=self.q) | Q(label__contains_text=self.q)
        found |= Q(task_type__contains_text=self.q)
        try:
            return found | Q(pk=UUID(self.q))
        except ValueError:
            return found

    def accepts(self, state: PatternState) -> bool:
        """Whether an engine state matches, for storage in memory."""
        text = f"{state.template_text}\n{state.label or ''}\n{state.task_type}".casefold()
        used = datetime.fromtimestamp(state.last_used, UTC)
        return (
            (not self.status or state.status in self.status.split(","))
            and (not self.model_id or state.model_id == self.model_id)
            and (not self.task_type or state.task_type == self.task_type)
            and (self.min_confidence is None or state.confidence >= self.min_confidence)
            and (self.max_confidence is None or state.confidence < self.max_confidence)
            and (
                self.min_effectiveness is None
                or (state.effectiveness or 0) >= self.min_effectiveness
            )
            and (self.used_before is None or used < self.used_before)
            and (self.used_after is None or used >= self.used_after)
            and ((start := find_start(self.range, timezone.now())) is None or used >= start)
            and (self.pinned is None or state.pinned == self.pinned)
            and (not self.q or self.q.casefold() in text or self.q == state.id)
        )

    def query(self) -> dict[str, str]:
        """The filters that differ from the defaults, as URL parameters."""
        made = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                made[field.name] = value.isoformat() if isinstance(value, datetime) else str(value)
        return made


LOOKUPS = {
    "model_id": "model_id",
    "task_type": "task_type",
    "min_confidence": "confidence__gte",
    "max_confidence": "confidence__lt",
    "min_effectiveness": "effectiveness__gte",
    "used_before": "last_used__lt",
    "used_after": "last_used__gte",
    "pinned": "pinned",
}


def parse_text(value: Any, pointer: str) -> str:
    if not isinstance(value, str) or len(value) > 500 or "\x00" in value:
        raise invalid("must be a text of at most 500 characters", pointer)
    return value


def parse_share(value: Any, pointer: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not 0 <= number <= 1:
        raise invalid("must be a number from 0 to 1", pointer)
    return number


def parse_moment(value: Any, pointer: str) -> datetime:
    try:
        found = datetime.fromisoformat(parse_text(value, pointer).replace(" ", "+"))
        # At the edge of the calendar a time has no equal in UTC, and databases want that.
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise invalid("must be an RFC 3339 time, like 2026-11-22T10:00:00Z", pointer) from error


def parse_boolean(value: Any, pointer: str) -> bool:
    found = {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())
    if found is None:
        raise invalid("must be true or false", pointer)
    return found


def parse_period(value: Any, pointer: str) -> str:
    name = parse_text(value, pointer)
    if name not in PERIODS:
        raise invalid(f"must be among {', '.join(PERIODS)}", pointer)
    return name


def parse_statuses(value: Any, pointer: str) -> str:
    names = [name.strip() for name in parse_text(value, pointer).split(",")]
    if not set(names) <= set(Pattern.PatternStatus.values):
        raise invalid(f"must be among {', '.join(Pattern.PatternStatus.values)}", pointer)
    return ",".join(names)


def parse_sort(value: Any, pointer: str) -> str:
    name = parse_text(value, pointer)
    if name.removeprefix("-") not in SORTS:
        raise invalid(f"must be among {', '.join(SORTS)}, with - in front to descend", pointer)
    return name


PARSERS = {
    "status": parse_statuses,
    "model_id": parse_text,
    "task_type": parse_text,
    "min_confidence": parse_share,
    "max_confidence": parse_share,
    "min_effectiveness": parse_share,
    "used_before": parse_moment,
    "used_after": parse_moment,
    "pinned": parse_boolean,
    "range": parse_period,
    "q": parse_text,
    "sort": parse_sort,
}
