"""Rows of optimizations and models as the values the API answers with."""

from __future__ import annotations

from typing import Any

from optimizations.engine.domain.optimization import ArmStats, OptimizationState
from optimizations.model_catalog import PRICES, build_prices
from optimizations.models import ModelPrice, Optimization, OptimizationEvent, RegisteredModel
from optimizations.storage import decode_state
from optimizations.summaries.experiment_health import build_experiment
from patterns.serializers import format_ms, format_time


def serialize_model(row: RegisteredModel, price: ModelPrice | None) -> dict[str, Any]:
    priced = price is not None and build_prices(price).is_set
    return {
        "model_id": row.model_id,
        "task_types": row.task_types,
        "capabilities": row.capabilities,
        "enabled": row.enabled,
        "priced": priced,
        "prices": {name: getattr(price, name) for name in PRICES} if priced else None,
        "price_source": price.source if price and priced else None,
        "effective_from": format_ms(price.effective_from) if price and priced else None,
        "created_at": format_time(row.created_at),
        "updated_at": format_time(row.updated_at),
    }


def serialize_optimization(row: Optimization) -> dict[str, Any]:
    state = decode_state(row) if row.state else None
    return {
        "id": row.id,
        "type": row.type,
        "pattern_id": str(row.pattern_id) if row.pattern_id else None,
        "task_type": row.task_type or None,
        "params": row.params,
        "status": row.status,
        "pinned": row.control == "pinned",
        "blocked": row.control == "blocked",
        "effectiveness": row.effectiveness,
        "summary": row.summary,
        "evidence": serialize_evidence(state) if state else None,
        "created_at": format_time(row.created_at),
        "updated_at": format_time(row.updated_at),
        "last_used": format_time(row.last_used),
        "made_by": row.made_by,
    }


def serialize_detail(row: Optimization) -> dict[str, Any]:
    events = OptimizationEvent.objects.filter(
        project_id=row.project_id, optimization_id=row.id
    ).order_by("-pk")[:100]
    state = decode_state(row) if row.state else None
    arms = (
        {"treatment": serialize_arm(state.treated), "holdout": serialize_arm(state.control)}
        if state
        else None
    )
    return {
        **serialize_optimization(row),
        "base": state.base if state else None,
        "patterns": list(state.patterns) if state else [],
        "arms": arms,
        "experiment": build_experiment(row, state) if state else None,
        "history": [serialize_event(step) for step in events],
    }


def serialize_interval(values: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("point", "low", "high"), values, strict=True))


def serialize_evidence(state: OptimizationState) -> dict[str, Any]:
    """`effect` in points of utility against the control, `relative_effect` as a share of it."""
    return {
        "n": {"treatment": state.n_treated, "holdout": state.n_control},
        "effect": serialize_interval(state.lift),
        "relative_effect": serialize_interval(state.relative_lift),
        "quality_effect": serialize_interval(state.quality_effect),
        "e_value": state.e_lift,
        "e_guard": state.e_guard,
        "e_harm": state.e_harm,
        "guards": state.guards,
        "needs_more": state.needs_more,
        "pairs": state.pairs or None,
        "alarm": state.alarm,
        "holdout": state.holdout,
    }


def serialize_arm(stats: ArmStats) -> dict[str, Any]:
    """Means over the requests that reported each figure; None where none did."""

    def mean(total: float, count: int) -> float | None:
        return total / count if count else None

    return {
        "n": stats.n,
        "judged": stats.judged,
        "quality": mean(stats.quality, stats.judged),
        "utility": mean(stats.utility, stats.judged),
        "cost": mean(stats.cost, stats.priced),
        "duration": mean(stats.duration, stats.timed),
        "tokens": mean(stats.tokens, stats.n),
        "errors": stats.errors,
    }


def serialize_event(row: OptimizationEvent) -> dict[str, Any]:
    return {
        "at": format_time(row.at),
        "moment": format_ms(row.moment),
        "from": row.before,
        "to": row.after,
        "actor": row.actor,
        "code": row.code,
        "reason": row.reason,
        "evidence": row.evidence,
    }
