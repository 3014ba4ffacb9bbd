"""Rows as the JSON values of the API."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from patterns.criteria import format_time as format_time
from patterns.models import ModelInteraction, Pattern, PatternEvent, PatternHour, Payload
from patterns.statistics.quantile_sketch import merge_sketches, read_quantile
from patterns.statistics.rollups import ALL_TIME, sum_rows
from patterns.storage.payloads import Stored, unpack_parts
from patterns.storage.shared_words import show_json, words_of
from patterns.storage.slot_values import read_values

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING = msgspec.Raw(b"null")


def format_ms(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_payload_parts(row: ModelInteraction, data: Stored | None) -> dict[str, Any]:
    """Input, output and so on as they were sent; a damaged payload reads as nulls."""
    try:
        parts = show_parts(row, unpack_parts(data)) if data is not None else {}
    except (ValueError, msgspec.DecodeError):
        parts = {}
    return {
        "input": parts.get("input", NOTHING),
        "output": parts.get("output", NOTHING),
        "parameters": parts.get("parameters", NOTHING),
        "error": parts.get("error", NOTHING),
        "tags": parts.get("tags", NOTHING),
        "extra": parts.get("extra", NOTHING),
    }


def show_parts(row: ModelInteraction, parts: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """With the words that enough sessions of a content-free project share."""
    words = words_of(row.project_id)
    if not words:
        return parts
    return {name: msgspec.Raw(show_json(words, bytes(raw))) for name, raw in parts.items()}


def to_whole_number(value: float | None) -> float | int | None:
    """A whole number as int: 512, not 512.0."""
    return int(value) if value is not None and value.is_integer() else value


def serialize_interaction(
    row: ModelInteraction, data: Stored | None, live: dict[UUID, UUID], why: Any = None
) -> dict[str, Any]:
    """One interaction; `live` maps merged patterns to the one that took over."""
    pattern_id = live.get(row.pattern_id, row.pattern_id) if row.pattern_id else None
    return {
        "id": row.id,
        "model_id": row.model_id,
        "task_type": row.task_type or None,
        **read_payload_parts(row, data),
        "texts_kept": data is not None,
        "metadata": {
            "timestamp": format_ms(row.timestamp),
            "duration": row.duration,
            "resource_usage": {
                "memory_usage": to_whole_number(row.memory_usage),
                "token_count": to_whole_number(row.token_count),
                "processing_time": row.processing_time,
            },
        },
        "usage": {
            "input_tokens": to_whole_number(row.input_tokens),
            "output_tokens": to_whole_number(row.output_tokens),
            "cached_input_tokens": to_whole_number(row.cached_input_tokens),
            "cache_write_tokens": to_whole_number(row.cache_write_tokens),
            "reasoning_tokens": to_whole_number(row.reasoning_tokens),
            "extended_cache_write_tokens": to_whole_number(row.extended_cache_write_tokens),
            "cost": row.known_cost,
            "cost_source": name_cost_source(row),
        },
        "success": row.success,
        "score": row.score,
        "session_id": row.session_id,
        "decision_id": row.decision_id,
        "received_at": format_ms(row.received_at),
        "status": ModelInteraction.InteractionState(row.state).label.lower(),
        "pattern_id": str(pattern_id) if pattern_id else None,
        "confidence": row.confidence,
        "recognized_at": format_ms(row.recognized_at),
        "recognizer_version": row.recognizer_version,
        "why": why,
    }


def name_cost_source(row: ModelInteraction) -> str | None:
    """Where the cost comes from: reported by the caller, or computed from the price list."""
    if row.cost is not None:
        return "reported"
    return None if row.list_cost is None else "price_list"


def serialize_interactions(rows: Sequence[ModelInteraction]) -> list[dict[str, Any]]:
    numbers = [row.number for row in rows]
    payloads = dict(Payload.objects.filter(pk__in=numbers).values_list("number", "data"))
    live = find_redirects({row.pattern_id for row in rows if row.pattern_id})
    return [serialize_interaction(row, payloads.get(row.number), live) for row in rows]


def find_redirects(ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """Merged patterns among these ids, with the id each was merged into."""
    moved = Pattern.objects.filter(pk__in=list(ids), redirect_to__isnull=False)
    return {pk: to for pk, to in moved.values_list("pk", "redirect_to") if to}


def serialize_patterns(rows: Sequence[Pattern]) -> list[dict[str, Any]]:
    models = serialize_models(rows)
    return [serialize_pattern(row, models[row.pk]) for row in rows]


def serialize_pattern(row: Pattern, models: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "model_id": row.model_id,
        "task_type": row.task_type or None,
        "kind": row.kind,
        "label": row.label,
        "template": row.template,
        "slots": [serialize_slot(entry) for entry in row.slots],
        "features": row.features,
        "effectiveness": row.effectiveness,
        "confidence": row.confidence,
        "calibrated": row.calibrated,
        "status": row.status,
        "pinned": row.pinned,
        "models": models,
        "metadata": {
            "created_at": format_time(row.created_at),
            "last_used": format_time(row.last_used),
            "use_count": row.use_count,
        },
        "recognizer_version": row.recognizer_version,
        "redirect_to": str(row.redirect_to) if row.redirect_to else None,
    }


def serialize_slot(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "top": [value._asdict() for value in read_values(entry)]}


def serialize_models(rows: Sequence[Pattern]) -> dict[UUID, list[dict[str, Any]]]:
    """Figures per model of each pattern, all time, most used first."""
    owner = family_of(row.pk for row in rows)
    hours = PatternHour.objects.filter(
        project_id__in={row.project_id for row in rows}, hour=ALL_TIME, pattern_id__in=list(owner)
    )
    grouped: dict[tuple[UUID, str], list[PatternHour]] = {}
    for hour in hours.order_by("-count", "model_id"):
        grouped.setdefault((owner[hour.pattern_id], hour.model_id), []).append(hour)
    found: dict[UUID, list[dict[str, Any]]] = {row.pk: [] for row in rows}
    for (pattern_id, _), same in grouped.items():
        found[pattern_id].append(serialize_model_figures(sum_rows(same)))
    return found


def family_of(ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """These ids and those merged into them, each with the id its interactions count for."""
    own = {pattern_id: pattern_id for pattern_id in ids}
    merged_ones = Pattern.objects.filter(redirect_to__in=list(own))
    return own | {pk: to for pk, to in merged_ones.values_list("pk", "redirect_to") if to}


def serialize_model_figures(row: PatternHour) -> dict[str, Any]:
    digest = merge_sketches([row.durations])
    return {
        "model_id": row.model_id,
        "use_count": row.count,
        "effectiveness": row.quality_sum / row.quality_count if row.quality_count else None,
        "success_rate": row.successes / row.judged if row.judged else None,
        "duration_p50": read_quantile(digest, 0.5),
        "duration_p95": read_quantile(digest, 0.95),
        "tokens_mean": row.tokens_sum / row.tokens_count if row.tokens_count else None,
        "cost_mean": row.call_cost_sum / row.call_cost_count if row.call_cost_count else None,
    }


def serialize_event(row: PatternEvent) -> dict[str, Any]:
    return {
        "at": format_time(row.at),
        "kind": row.kind,
        "actor": row.actor,
        "template": row.template or None,
        "details": row.details,
    }
