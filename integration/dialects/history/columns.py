"""Plain tables: a column for each field, by name, by a mapping, or by a name that is usual."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from featurememory.errors import invalid
from integration.dialects.history.rows import Imported, Row, Rows, read_each
from integration.dialects.json_values import Json, number_in, open_json, text_in
from integration.dialects.messages import read_messages
from integration.dialects.times import moment_in

TEXTS = {"id", "model_id", "task_type", "session_id", "decision_id"}
VALUES = {"input", "output", "error", "parameters", "tags"}
TOKENS = {"input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens"}
TOKENS |= {"reasoning_tokens", "extended_cache_write_tokens", "cost"}
RESOURCES = {"memory_usage", "token_count", "processing_time"}
TIMES = {"timestamp", "duration", "duration_s"}
FIELDS = TEXTS | VALUES | TOKENS | RESOURCES | TIMES | {"score", "success"}
OPEN = ("input", "parameters", "tags")  # `input.city`, `tags.env`: members of an object
PREFIXES = ("metadata.resource_usage.", "metadata.", "usage.")
YES, NO = {"true", "1", "yes", "ok", "success", "t"}, {"false", "0", "no", "error", "failure", "f"}
# Names other tools and people use, where they can mean one thing only. `latency` could be seconds.
USUAL = {
    "answer": "output",
    "completion": "output",
    "completion_tokens": "output_tokens",
    "conversation_id": "session_id",
    "cost_usd": "cost",
    "created_at": "timestamp",
    "duration_ms": "duration",
    "env": "tags.env",
    "environment": "tags.env",
    "latency_ms": "duration",
    "latency_s": "duration_s",
    "messages": "input",
    "model": "model_id",
    "model_name": "model_id",
    "prompt": "input",
    "prompt_tokens": "input_tokens",
    "question": "input",
    "response": "output",
    "session": "session_id",
    "start_time": "timestamp",
    "task": "task_type",
    "temperature": "parameters.temperature",
    "time": "timestamp",
    "total_cost": "cost",
    "user": "tags.user",
    "user_id": "tags.user",
}


def read(rows: Rows, mapping: Mapping[str, str] | None = None) -> Iterator[Imported]:
    """`mapping`: column → field. Without it the columns are known by the fields' names and usual ones."""
    check_fields((mapping or {}).values())

    def read_row(row: Row) -> dict[str, Json]:
        chosen = mapping or guess_mapping(row)
        return interaction_from(
            {field: row[column] for column, field in chosen.items() if column in row}
        )

    return read_each(rows, read_row)


def guess_mapping(columns: Iterable[str]) -> dict[str, str]:
    """Which column is which field; a field's own name goes before a usual one."""
    found: dict[str, str] = {}
    for column in columns:
        name = plain(column)
        if name in FIELDS or name.partition(".")[0] in OPEN:
            found[column] = name
    for column in columns:
        field = USUAL.get(plain(column))
        if column not in found and field is not None and field not in found.values():
            found[column] = field
    return found


def plain(name: str) -> str:
    """`usage.input_tokens` and `Input Tokens` are `input_tokens`."""
    low = name.strip().lower().replace(" ", "_")
    return next((low.removeprefix(p) for p in PREFIXES if low.startswith(p)), low)


def check_fields(fields: Iterable[str]) -> None:
    for field in fields:
        name = plain(field)
        if name not in FIELDS and name.partition(".")[0] not in OPEN:
            raise invalid(
                f"there is no field {field[:60]!r}; the fields are {', '.join(sorted(FIELDS))}"
            )


def interaction_from(named: Mapping[str, Any]) -> dict[str, Json]:
    """Values by field as an interaction; empty cells are unknown."""
    made: dict[str, Any] = {"input": None, "metadata": {"duration": None}}
    for field, value in named.items():
        if value is not None and value != "" and value == value:
            _put(made, plain(field), value)
    if "model_id" not in made or "timestamp" not in made["metadata"]:
        raise invalid("a row needs model_id and timestamp: map columns to them")
    return made


def _put(made: dict[str, Any], field: str, value: Any) -> None:
    name, _, member = field.partition(".")
    if member and name in OPEN:
        place = made.get(name)
        made[name] = {**(place if isinstance(place, dict) else {}), member: open_json(value)}
    elif field in TEXTS:
        made[field] = text_in(value)
    elif field in VALUES:
        found = open_json(value)
        made[field] = read_messages(found) or found if field == "input" else found
    elif field in TIMES:
        _put_time(made["metadata"], field, value)
    else:
        _put_figure(made, field, value)


def _put_time(metadata: dict[str, Any], field: str, value: Any) -> None:
    found = moment_in(value) if field == "timestamp" else number_in(value)
    if found is None:
        raise invalid(f"{str(value)[:40]!r} is no {field}", f"/metadata/{field}")
    metadata["duration" if field == "duration_s" else field] = (
        found * 1000 if field == "duration_s" else found
    )


def _put_figure(made: dict[str, Any], field: str, value: Any) -> None:
    if field == "success":
        found: Any = {**dict.fromkeys(YES, True), **dict.fromkeys(NO, False)}.get(
            str(value).lower()
        )
    else:
        found = number_in(value)
    if found is None:
        raise invalid(f"{str(value)[:40]!r} is no {field}", f"/{field}")
    if field in TOKENS:
        made.setdefault("usage", {})[field] = found
    elif field in RESOURCES:
        made["metadata"].setdefault("resource_usage", {})[field] = found
    else:
        made[field] = found
