"""Takes the answers of shadows: each belongs to a decision that wished for it."""

from __future__ import annotations

from uuid import UUID

from featurememory.database.write_lock import write_turn
from featurememory.errors import FeatureMemoryError, invalid
from optimizations.decision_log import log
from optimizations.decision_log.packed_json import pack_json
from optimizations.engine.domain.task import ShadowWish, TaskDecision
from optimizations.models import ShadowAnswer
from patterns.ingest.backpressure import admission
from patterns.ingest.redacted_arrivals import redact_arrivals
from patterns.ingest.schema import COLUMNS, Arrival
from patterns.ingest.shadow_receipt import ShadowReceipt
from patterns.ingest.wakeup import wake_learner
from patterns.retention import project_use
from patterns.storage.payloads import unpack_payload

KEPT = (
    *("model_id", "timestamp", "duration", "input_tokens", "output_tokens", "cached_input_tokens"),
    *("cache_write_tokens", "reasoning_tokens", "extended_cache_write_tokens"),
    *("cost", "success", "score", "failed"),
)
CONTENT = ("output", "error", "parameters")


def store_shadow(project_id: UUID, made: Arrival) -> ShadowReceipt:
    """Stores a shadow's answer after the commit of which this returns. 422 for one that its decision did
    not wish for."""
    given = dict(zip(COLUMNS, made.columns, strict=True))
    name = made.shadow_id or ""
    if known_shadow(project_id, name):
        return ShadowReceipt.DUPLICATE
    decision = find_decision(project_id, name, given["decision_id"])
    if decision is None:
        return ShadowReceipt.UNMATCHED
    wish = find_wish(decision, name)
    admission.check(project_id)
    arrival = redact_arrivals(project_id, [made])[0]
    row = build_answer(project_id, decision, wish, arrival)
    with write_turn():
        rows = ShadowAnswer.objects.filter(project_id=project_id, shadow_id=name)
        fresh = not rows.exists()
        ShadowAnswer.objects.bulk_create([row], ignore_conflicts=True)
    if not fresh:
        return ShadowReceipt.DUPLICATE
    project_use.add_bytes(project_id, decisions=len(row.data) + log.ROW_BYTES)
    wake_learner(project_id)
    return ShadowReceipt.STORED


def known_shadow(project_id: UUID, name: str) -> bool:
    return ShadowAnswer.objects.filter(project_id=project_id, shadow_id=name[:64]).exists()


def find_decision(project_id: UUID, name: str, decision_id: str | None) -> TaskDecision | None:
    """The decision that this shadow was sent for, by its own id where that is all there is. None when the
    project knows none of that id (any more)."""
    asked = decision_id or name.rpartition(".")[0]
    if not asked:
        raise refuse_unknown()
    found = log.find_decisions(project_id, [asked], whole=True).get(asked)
    if found is None:
        log.catch_up()
        found = log.find_decisions(project_id, [asked], whole=True).get(asked)
    return log.decode_record(found).decision if found is not None else None


def find_wish(decision: TaskDecision, name: str) -> ShadowWish:
    """What the decision wished for under this name; 422 when it was nothing."""
    for wish in decision.shadows:
        if wish.shadow_id == name:
            return wish
    if name.rpartition(".")[0] != decision.id:
        raise invalid("belongs to another decision than decision_id", "/shadow_id")
    raise refuse_unknown()


def refuse_unknown() -> FeatureMemoryError:
    return invalid(
        "is unknown: send the shadow_id that POST /tasks/prepare/ of this project answered",
        "/shadow_id",
    )


def build_answer(
    project_id: UUID, decision: TaskDecision, wish: ShadowWish, arrival: Arrival
) -> ShadowAnswer:
    given = dict(zip(COLUMNS, arrival.columns, strict=True))
    content = unpack_payload(arrival.payload)
    kept = {name: value for name, value in content.items() if name in CONTENT}
    return ShadowAnswer(
        project_id=project_id,
        shadow_id=wish.shadow_id,
        decision_id=decision.id,
        pattern_id=UUID(decision.pattern_id) if decision.pattern_id else None,
        at=given["received_at"],
        data=pack_json(kept),
        **{name: given[name] for name in KEPT if name != "failed"},
        failed=bool(given["failed"]),
    )
