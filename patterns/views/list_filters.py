"""Controls around a list of patterns: tabs, filter chips, sortable heads, paging."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.utils import timezone

from patterns.criteria import PatternCriteria

UNUSED_DAYS = 30


@dataclass(frozen=True)
class PatternTab:
    """A tab: a stored query string with its count."""

    name: str
    query: str
    count: int | None
    current: bool


@dataclass(frozen=True)
class Chip:
    """An active filter, and the query string without it."""

    field: str
    operator: str
    value: str
    without: str


def build_tabs(
    criteria: PatternCriteria, counts: dict[str, int], prunable: int | None
) -> list[PatternTab]:
    """Tabs for all patterns, each status, and prunable ones."""
    query = criteria.query()
    here = {name: value for name, value in query.items() if name not in ("sort", "q")}
    made: list[tuple[str, dict[str, str], int | None]] = [("All", {}, counts.get("all", 0))]
    for name, status in (
        ("Validated", "validated"),
        ("Candidates", "candidate"),
        ("Drifting", "drifting"),
    ):
        made.append((name, {"status": status}, counts.get(status, 0)))
    made.append(("Prunable", build_prunable_query(), prunable))
    return [PatternTab(name, urlencode(q), n, here == normalize_query(q)) for name, q, n in made]


def normalize_query(query: dict[str, str]) -> dict[str, str]:
    return PatternCriteria.parse(query).query()


def build_prunable_query() -> dict[str, str]:
    """The query for unpinned candidates without a match for 30 days."""
    since = timezone.now().date() - timedelta(days=UNUSED_DAYS)
    return {"status": "candidate", "pinned": "false", "used_before": since.isoformat()}


WORDS = {
    "status": ("State", ""),
    "model_id": ("Model", ""),
    "task_type": ("Task", ""),
    "min_confidence": ("Confidence", "≥"),
    "max_confidence": ("Confidence", "<"),
    "min_effectiveness": ("Effectiveness", "≥"),
    "used_before": ("Last seen", "before"),
    "used_after": ("Last seen", "since"),
    "pinned": ("Pinned", ""),
    "q": ("Search", ""),
}


def build_chips(criteria: PatternCriteria) -> list[Chip]:
    query = criteria.query()
    made = []
    for name, (field, operator) in WORDS.items():
        if name in query and name != "q":
            rest = {key: value for key, value in query.items() if key != name}
            made.append(
                Chip(field, operator, format_filter_value(name, query[name]), urlencode(rest))
            )
    return made


def format_filter_value(name: str, value: str) -> str:
    if name in ("used_before", "used_after"):
        return value[:10]
    if name == "pinned":
        return "yes" if value == "True" else "no"
    return value.replace(",", " or ") if name == "status" else value


def build_page_query(query: dict[str, str], cursor: str | None, limit: int) -> str | None:
    """The query string of the next or previous page; None when there is none."""
    if cursor is None:
        return None
    size = {} if limit == 50 else {"limit": str(limit)}
    return urlencode({**query, **size, "cursor": cursor})


@dataclass(frozen=True)
class Head:
    """A sortable column: the query string that sorts by it, and its current direction."""

    name: str
    query: str
    direction: str


def build_heads(criteria: PatternCriteria) -> dict[str, Head]:
    made = {}
    for field, name in (
        ("confidence", "Confidence"),
        ("use_count", "Matches"),
        ("effectiveness", "Effectiveness"),
        ("last_used", "Last seen"),
    ):
        now = {field: "ascending", f"-{field}": "descending"}.get(criteria.sort, "none")
        turned = field if now == "descending" else f"-{field}"
        made[field] = Head(name, urlencode({**criteria.query(), "sort": turned}), now)
    return made
