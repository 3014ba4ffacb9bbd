"""The list of patterns: its rows, its columns and its filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from featurememory.http.base_path import place_path
from featurememory.lists import periods
from featurememory.lists.column_kinds import figure_column, moment_column, word_column
from featurememory.lists.columns import ListColumn, ListFilter, ListSpec, Tab
from featurememory.lists.percents import read_share
from featurememory.lists.table_html import write_row_id
from featurememory.templatetags import drawings, figures
from patterns.criteria import PatternCriteria
from patterns.models import Pattern

UNUSED_DAYS = 30


@dataclass(frozen=True)
class PatternListRow:
    """A pattern with its figures, and the threshold that its bar is marked with."""

    pattern: Pattern
    days: list[int]
    threshold: float


def write_name(row: PatternListRow) -> str:
    pattern, name = row.pattern, str(row.pattern.pk)
    text = escape(pattern.label) if pattern.label else drawings.template_of(pattern, 60)
    task = pattern.task_type
    task = escape(task if len(task) <= 40 else task[:39] + "…")
    return (
        f'<a class="row" href="{place_path(f"/patterns/{name}/")}"><span class="tpl cut">{text}</span></a>'
        f'<span class="sub">{write_row_id(name)} {task}'
        f"{' · pinned' if pattern.pinned else ''}</span>"
    )


def write_confidence(row: PatternListRow) -> str:
    value = row.pattern.confidence
    return f'<span class="conf">{drawings.bar(value, row.threshold)}{figures.share(value)}</span>'


def write_status(row: PatternListRow) -> str:
    return f'<span class="badge {row.pattern.status}">{row.pattern.status}</span>'


COLUMNS = (
    ListColumn("name", "Pattern", write_name, css="full"),
    ListColumn("status", "State", write_status, pick=lambda row: ("status", row.pattern.status)),
    ListColumn("confidence", "Confidence", write_confidence, "confidence", unit="confidence"),
    figure_column("pattern.use_count", "Matches", figures.number, unit="matches"),
    ListColumn(
        "days", "14 days", lambda row: drawings.spark(row.days, "grey", True), css="wideonly"
    ),
    figure_column("pattern.effectiveness", "Effectiveness", figures.percent, unit="effective"),
    figure_column("pattern.duration_p95", "p95", figures.duration, name="p95", css="wideonly"),
    figure_column("pattern.tokens_mean", "Tokens", figures.number, name="tokens", css="wideonly"),
    moment_column("pattern.last_used", "Last seen", figures.ago),
    word_column("pattern.task_type", "Task", css="tight wideonly", shown=False),
    word_column("pattern.model_id", "Model", css="tight wideonly", shown=False),
    figure_column(
        "pattern.success_rate",
        "Success",
        figures.percent,
        name="success",
        css="wideonly",
        shown=False,
    ),
    moment_column("pattern.created_at", "First seen", figures.ago, wide=True, shown=False),
)
STATES = {"validated": "validated", "candidate": "candidate", "drifting": "drifting"}
FILTERS = (
    ListFilter("q", "Search", kind="search", offered=False),
    ListFilter("range", "Seen", kind="choice", choices=periods.CHOICES, offered=False),
    ListFilter("status", "State", kind="choice", choices=STATES),
    ListFilter("pinned", "Pinned", kind="choice", choices={"true": "yes", "false": "no"}),
    ListFilter("task_type", "Task"),
    ListFilter("model_id", "Model"),
    ListFilter("min_confidence", "Confidence", "≥", "share"),
    ListFilter("max_confidence", "Confidence", "<", "share"),
    ListFilter("min_effectiveness", "Effectiveness", "≥", "percent"),
    ListFilter("used_after", "Last seen", "since", "date"),
    ListFilter("used_before", "Last seen", "before", "date"),
)
SPEC = ListSpec(
    name="patterns",
    path="/patterns/",
    title="Patterns",
    noun="pattern",
    columns=COLUMNS,
    filters=FILTERS,
    default_sort="-use_count",
    row_id=lambda row: str(row.pattern.pk),
    row_link=lambda row: f"/patterns/{row.pattern.pk}/",
    search="Search template, task or id   ( / )",
    part="patterns/_list.html",
    peek="patterns/_peek.html",
)


def read_shares(given: Mapping[str, Any]) -> dict[str, Any]:
    """The query of the page with its percentages as shares, which the API takes."""
    percents = {one.name for one in FILTERS if one.kind == "percent"}
    return {name: read_share(v) if name in percents else v for name, v in given.items()}


def read_used(criteria: PatternCriteria) -> dict[str, str]:
    """The filters in force, spelt as the filter's choices are."""
    used = {name: value for name, value in criteria.query().items() if name != "sort"}
    if "pinned" in used:
        used["pinned"] = used["pinned"].lower()
    return used


def build_tabs(
    criteria: PatternCriteria, counts: Mapping[str, int], prunable: int | None
) -> list[Tab]:
    """All patterns, each status, and prunable ones. The order and the period stay."""
    query = criteria.query()
    kept = {name: query[name] for name in ("sort", "range") if name in query}
    here = {name: value for name, value in query.items() if name not in (*kept, "q")}
    made: list[tuple[str, dict[str, str], int | None]] = [("All", {}, counts.get("all", 0))]
    for name, status in (
        ("Validated", "validated"),
        ("Candidates", "candidate"),
        ("Drifting", "drifting"),
    ):
        made.append((name, {"status": status}, counts.get(status, 0)))
    made.append(("Prunable", build_prunable_query(), prunable))
    return [
        Tab(name, urlencode(own | kept), n, here == PatternCriteria.parse(own).query())
        for name, own, n in made
    ]


def build_prunable_query() -> dict[str, str]:
    """The query for unpinned candidates without a match for 30 days."""
    since = timezone.now().date() - timedelta(days=UNUSED_DAYS)
    return {"status": "candidate", "pinned": "false", "used_before": since.isoformat()}
