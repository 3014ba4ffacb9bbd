"""The demo shows a rejected optimization whatever the weekday on which it is loaded."""

from __future__ import annotations

import msgspec
import pytest

from integration.demo import story
from integration.demo.answers import serve_request
from integration.demo.served_models import DemoModel, find_model, read_prices
from integration.demo.traffic import DAY_MS, DemoRequest, generate_requests
from optimizations.engine.domain.outcome import Outcome
from optimizations.engine.domain.settings import ModelCard, PolicySettings, Prices
from optimizations.engine.domain.task import Request, Task, TaskDecision
from optimizations.engine.policy import PolicyEngine

NOW = 1_795_348_800_000
TASK, USUAL, TRIED = "support.reply", "gpt-5-mini", "gpt-4.1-nano"
PATTERN = "019a0000-0000-7000-8000-000000000001"
ENOUGH = 3.0  # days after the model joins in which its trial ends


def register(engine: PolicyEngine, model: DemoModel) -> None:
    names = Prices.__struct_fields__
    known = {name: read_prices()[model.model_id].get(name) for name in names}
    engine.register(ModelCard(model.model_id, (TASK,), Prices(**known)))


def decide(engine: PolicyEngine, request: DemoRequest) -> TaskDecision:
    task = Task(USUAL, request.input, TASK, dict(request.kind.parameters))
    at = request.timestamp / 1000
    asked = Request(request.session_id, task, at, PATTERN, 0.97, request.session_id)
    return engine.decide(asked)


def answer(request: DemoRequest, decision: TaskDecision) -> Outcome:
    task, cached = decision.task, decision.served_from_cache
    line = serve_request(request, task.model_id, dict(task.parameters), decision.id, cached)
    told = msgspec.json.decode(line)
    return Outcome(
        id=told["id"],
        task=task,
        model_id=task.model_id,
        at=request.timestamp / 1000,
        decision=decision,
        pattern_id=PATTERN,
        success=told["success"],
        score=told["score"],
        cost=told["usage"]["cost"],
        duration=told["metadata"]["duration"],
        output=told["output"],
        cached=cached,
    )


@pytest.mark.parametrize("weekday", range(7))
def test_the_cheap_model_for_replies_is_rejected_soon_on_every_weekday(weekday: int) -> None:
    engine = PolicyEngine(
        PolicySettings(exploration_budget=0.3, cost_weight=0.2), b"demo".ljust(16)
    )
    joins = find_model(TRIED).since
    requests = list(generate_requests(story.SEED, NOW + weekday * DAY_MS))
    register(engine, find_model(USUAL))
    is_known = False
    for first in range(0, len(requests), story.BATCH):
        batch = requests[first : first + story.BATCH]
        if not story.WATCHED <= batch[-1].day < joins + ENOUGH:
            continue
        if batch[-1].day > joins and not is_known:
            register(engine, find_model(TRIED))
            is_known = True
        asked = [one for one in batch if one.kind.task_type == TASK]
        for outcome in [answer(one, decide(engine, one)) for one in asked]:
            engine.observe(outcome)
        engine.review(batch[-1].timestamp / 1000)
    (tried,) = [one for one in engine.optimizations.values() if one.kind == "route_model"]

    assert (tried.status, tried.params["model_id"]) == ("rejected", TRIED)
    assert tried.n_treated >= 5
