"""Lets the engine count the answers of shadows, each once, beside the answer that was served.

The engine is saved together with what became of each pair, so that a crash counts nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import F, Q

from optimizations.decision_log.packed_json import read_json
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.shadows.agreement import outputs_agree
from optimizations.model_catalog import PriceList, usage_of
from optimizations.models import Decision, ShadowAnswer
from optimizations.policy_runtime.outcome_rows import load_outcomes
from optimizations.policy_runtime.policy_cache import CountedPair, LoadedPolicy

BATCH = 300
LATEST_MS = 86_400_000  # a shadow whose served answer has not come after that long belongs to none
STATES = ShadowAnswer.PairState
COUNTED = {
    "unknown": STATES.LOST,
    "waiting": STATES.WAITING,
    "open": STATES.OPEN,
    "agreed": STATES.COUNTED,
    "scored": STATES.COUNTED,
}


def has_due(project_id: UUID) -> bool:
    return ShadowAnswer.objects.filter(project_id=project_id, due=True).exists()


def note_change(project_id: UUID, rows: Q) -> None:
    """What a pair is judged by has changed: it is looked at again."""
    found = ShadowAnswer.objects.filter(rows, project_id=project_id)
    found.update(due=True, turn=F("turn") + 1)


def count_pairs(project_id: UUID, kept: LoadedPolicy) -> int:
    """Shows the engine what came in or has changed; how many pairs that were."""
    due = ShadowAnswer.objects.filter(project_id=project_id, due=True).order_by("number")
    rows = [row for row in due[: BATCH + len(kept.paired)] if is_news(row, kept)]
    if not rows:
        return 0
    mains = load_mains(project_id, rows)
    prices = PriceList.of(project_id)
    for row in rows:
        main = mains.get(row.decision_id)
        if main is None:
            give_up_late(row, kept)
        else:
            count_pair(kept, row, main, build_shadow(row, main, prices))
    return len(rows)


def is_news(row: ShadowAnswer, kept: LoadedPolicy) -> bool:
    seen = kept.paired.get(row.number)
    return seen is None or seen.turn != row.turn


def load_mains(project_id: UUID, rows: Iterable[ShadowAnswer]) -> dict[str, Outcome]:
    """What was served beside these shadows, by decision, as far as it has come."""
    made = Decision.objects.filter(
        project_id=project_id,
        id__in={row.decision_id for row in rows},
        interaction__isnull=False,
    ).values_list("interaction", "id")
    names = {number: name for number, name in made if number is not None}
    found = load_outcomes(project_id, list(names))
    return {names[number]: one for number, one in found.items() if one.decision is not None}


def build_shadow(row: ShadowAnswer, main: Outcome, prices: PriceList) -> Outcome:
    content = read_json(row.data)
    usage = usage_of(row)
    cost = row.cost if row.cost is not None else prices.cost(row.model_id, row.timestamp, usage)
    task = msgspec.structs.replace(
        main.task, model_id=row.model_id, parameters=content.get("parameters") or {}
    )
    error = content.get("error")
    return Outcome(
        id=row.shadow_id,
        task=task,
        model_id=row.model_id,
        at=row.timestamp / 1000,
        pattern_id=main.pattern_id,
        success=row.success,
        score=row.score,
        cost=cost,
        duration=row.duration,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        cached_input_tokens=row.cached_input_tokens,
        cache_write_tokens=row.cache_write_tokens,
        reasoning_tokens=row.reasoning_tokens,
        extended_cache_write_tokens=row.extended_cache_write_tokens,
        output=content.get("output"),
        error=None if error is None else str(error)[:200],
        failed=row.failed,
    )


def count_pair(kept: LoadedPolicy, row: ShadowAnswer, main: Outcome, shadow: Outcome) -> None:
    before = kept.paired.get(row.number)
    state = before.state if before else STATES(row.state)
    verdict = None if row.verdict is None else float(row.verdict)
    told = before.verdict if before else row.counted_verdict
    with kept.lock:
        if state == STATES.OPEN:
            kept.engine.judge_pair(main, row.shadow_id, told, verdict)
        elif state in (STATES.NEW, STATES.WAITING):
            first = state == STATES.NEW
            found = kept.engine.observe_shadow(
                main, row.shadow_id, shadow, first=first, verdict=verdict
            )
            state = COUNTED[found]
        owner = find_owner(kept, main, row.shadow_id)
    agreed = outputs_agree(main.output, shadow.output)
    kept.paired[row.number] = CountedPair(state, row.turn, verdict, agreed, owner)


def find_owner(kept: LoadedPolicy, main: Outcome, shadow_id: str) -> str:
    """The optimization that this pair says something about: the one that follows the best choice in
    its scope, else the value's own."""
    wished = main.decision.shadows if main.decision else ()
    wish = next((one for one in wished if one.shadow_id == shadow_id), None)
    if wish is None:
        return ""
    return kept.engine.find_owner(wish, main.task.task_type)


def give_up_late(row: ShadowAnswer, kept: LoadedPolicy) -> None:
    if row.at < time.time_ns() // 1_000_000 - LATEST_MS:
        kept.paired[row.number] = CountedPair(STATES.LOST, row.turn, None, None, "")


def save_pairs(paired: dict[int, CountedPair]) -> None:
    """Writes what became of the pairs; call it in the transaction that saves the engine."""
    groups: dict[tuple[Any, ...], list[int]] = {}
    turns: dict[int, list[int]] = {}
    for number, one in paired.items():
        key = (one.state, one.verdict, one.agreed, one.owner)
        groups.setdefault(key, []).append(number)
        turns.setdefault(one.turn, []).append(number)
    for (state, verdict, agreed, owner), numbers in groups.items():
        update_rows(
            numbers,
            state=state,
            counted_verdict=verdict,
            agreed=agreed,
            optimization_id=owner,
        )
    for turn, numbers in turns.items():
        for part in split(numbers):
            ShadowAnswer.objects.filter(pk__in=part, turn=turn).update(due=False)


def update_rows(numbers: Sequence[int], **values: Any) -> None:
    for part in split(numbers):
        ShadowAnswer.objects.filter(pk__in=part).update(**values)


def split(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(numbers), 500):
        yield numbers[start : start + 500]
