"""The list of interactions: its lines, its columns and its filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from featurememory.http.base_path import place_path
from featurememory.lists import periods
from featurememory.lists.column_kinds import figure_column, word_column
from featurememory.lists.columns import ListColumn, ListFilter, ListSpec
from featurememory.lists.table_html import write_row_id
from featurememory.templatetags import drawings, figures
from patterns.models import ModelInteraction, Pattern
from patterns.views.interactions import build_interaction_url


@dataclass(frozen=True)
class InteractionLine:
    """An interaction with its text, its pattern, and what the memory did."""

    row: ModelInteraction
    text: str
    tokens: float | None
    pattern: Pattern | None
    did: Mapping[str, Any]


def cut(text: str, most: int) -> str:
    return escape(text if len(text) <= most else text[: most - 1] + "…")


def write_input(line: InteractionLine) -> str:
    row = line.row
    address = escape(place_path(build_interaction_url(row.id)))
    return (
        f'<a class="row" href="{address}"><span class="cut">{escape(line.text or "(empty)")}</span>'
        f'</a><span class="sub">{write_row_id(row.id)} {cut(row.task_type, 40)}</span>'
    )


def write_pattern(line: InteractionLine) -> str:
    if line.pattern is None:
        return '<span class="quiet">none</span>'
    label = line.pattern.label
    text = cut(label, 28) if label else drawings.template_of(line.pattern, 26)
    return f'<span class="tpl cut short">{text}</span>'


def write_memory(line: InteractionLine) -> str:
    if line.row.state == ModelInteraction.InteractionState.PENDING:
        return '<span class="badge">waiting</span>'
    if line.row.state == ModelInteraction.InteractionState.FAILED:
        return '<span class="badge bad">failed</span>'
    return f'<span class="badge {line.did["tone"]}">{line.did["word"]}</span>'


def write_outcome(line: InteractionLine) -> str:
    if line.row.success is None:
        return '<span class="quiet">pending</span>'
    tone, word = ("ok", "success") if line.row.success else ("warn", "failure")
    return f'<span class="badge {tone}">{word}</span>'


def pick_pattern(line: InteractionLine) -> tuple[str, str] | None:
    return ("pattern_id", str(line.pattern.pk)) if line.pattern else None


def pick_memory(line: InteractionLine) -> tuple[str, str] | None:
    if line.row.state != ModelInteraction.InteractionState.RECOGNIZED:
        return ("state", "pending" if line.row.state == 0 else "failed")
    words = {"applied": "applied", "held out": "held_out"}
    return ("did", words.get(line.did["word"], "watched"))


def pick_outcome(line: InteractionLine) -> tuple[str, str] | None:
    success = line.row.success
    return None if success is None else ("success", "true" if success else "false")


def measure(name: str, title: str, write: Callable[[Any], str]) -> ListColumn:
    return figure_column(f"row.{name}", title, write, css="wideonly", shown=False)


COLUMNS = (
    ListColumn("input", "Input", write_input, css="full"),
    ListColumn(
        "number", "Time", lambda line: figures.clock(line.row.timestamp), "number", css="tight"
    ),
    word_column("row.model_id", "Model", most=26),
    ListColumn("pattern", "Pattern", write_pattern, pick=pick_pattern),
    ListColumn("memory", "Memory", write_memory, pick=pick_memory),
    ListColumn("outcome", "Outcome", write_outcome, pick=pick_outcome),
    figure_column("row.duration", "Duration", figures.duration),
    figure_column("row.tokens_known", "Tokens", figures.number, name="tokens", unit="tokens"),
    figure_column("row.cost_known", "Cost", figures.cost, name="cost", css="wideonly", shown=False),
    measure("confidence", "Confidence", figures.share),
    measure("score", "Score", figures.share),
    measure("input_tokens", "Tokens in", figures.number),
    measure("output_tokens", "Tokens out", figures.number),
    measure("processing_time", "Processing", figures.duration),
    word_column("row.task_type", "Task", css="tight wideonly", shown=False),
    word_column(
        "row.session_id", "Session", most=30, empty="none", css="tight wideonly", shown=False
    ),
    word_column("row.decision_id", "Decision", empty="none", css="tight wideonly", shown=False),
)
FILTERS = (
    ListFilter("q", "Search", kind="search", offered=False),
    ListFilter("range", "Received", kind="choice", choices=periods.CHOICES, offered=False),
    ListFilter(
        "state",
        "State",
        kind="choice",
        choices={"recognized": "recognised", "pending": "waiting", "failed": "not recognised"},
    ),
    ListFilter(
        "success", "Outcome", kind="choice", choices={"true": "success", "false": "failure"}
    ),
    ListFilter(
        "did",
        "Memory",
        kind="choice",
        choices={"applied": "applied", "held_out": "held out", "watched": "watched"},
    ),
    ListFilter("model_id", "Model"),
    ListFilter("task_type", "Task"),
    ListFilter("session_id", "Session"),
    ListFilter("decision_id", "Decision"),
    ListFilter("error", "Error", "contains"),
    ListFilter("tag", "Tag", hint="name or name=value"),
    ListFilter("pattern_id", "Pattern"),
)
SPEC = ListSpec(
    name="interactions",
    path="/interactions/",
    title="Interactions",
    noun="interaction",
    columns=COLUMNS,
    filters=FILTERS,
    default_sort="-number",
    row_id=lambda line: str(line.row.id),
    row_link=lambda line: build_interaction_url(line.row.id),
    search="Exact id or task   ( / )",
    part="interactions/_list.html",
    peek="interactions/_peek.html",
)
