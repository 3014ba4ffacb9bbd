"""How a model serves a request of the demo: its answer, tokens, time, cost and success."""

from __future__ import annotations

import random
from typing import Any

import msgspec

from integration.demo.served_models import DemoModel, find_model
from integration.demo.texts.grammar import TextWriter
from integration.demo.texts.request_kind import RequestKind
from integration.demo.texts.values import VALUES
from integration.demo.traffic import DemoRequest

TOPICS = ("billing", "delivery", "defect", "account")


def serve_request(
    request: DemoRequest,
    model_id: str,
    parameters: dict[str, Any],
    decision_id: str | None = None,
    from_cache: bool = False,
) -> bytes:
    """The interaction (JSON) after this model, or the cache, has served the request.

    A model gives the same answer to the same request, so that repeats can be served again.
    """
    kind, model = request.kind, find_model(model_id)
    dice = random.Random(f"{request.number} {model_id}")
    text = msgspec.json.encode(request.input).decode()
    fate = random.Random(f"{model_id} {text}")
    usage = count_tokens(kind, text, dice, parameters)
    success = judge(kind, model_id, request.day, dice if kind.attached else fate)
    duration = 1.0 + 2 * dice.random() if from_cache else draw_duration(kind, model, dice)
    interaction: dict[str, Any] = {
        "id": f"demo-{request.number}",
        "session_id": request.session_id,
        "model_id": model_id,
        "task_type": kind.task_type,
        "input": request.input,
        "output": {"role": "assistant", "content": answer_request(request, fate)},
        "parameters": parameters,
        "metadata": {
            "timestamp": request.timestamp,
            "duration": round(duration, 1),
            "resource_usage": {"memory_usage": dice.randrange(50, 400) << 20},
        },
        "usage": {**usage, "cost": 0.0 if from_cache else model.price(**usage)},
        "success": success,
        "score": draw_score(success, fate),
        "tags": {"env": "demo", "team": kind.task_type.split(".")[0]},
    }
    if decision_id is not None:
        interaction["decision_id"] = decision_id
    return msgspec.json.encode(interaction)


def answer_request(request: DemoRequest, fate: random.Random) -> str:
    """The answer names what was asked for: slots keep their values."""
    writer = TextWriter(fate, VALUES)
    writer.kept.update(request.kept)
    writer.kept["topic"] = next((topic for topic in TOPICS if topic in request.kept), "other")
    return writer.write(request.kind.answer)


def count_tokens(
    kind: RequestKind, text: str, dice: random.Random, parameters: dict[str, Any]
) -> dict[str, int]:
    attached = int(kind.attached * dice.lognormvariate(0, 0.12))
    drawn = max(1, int(kind.tokens * dice.lognormvariate(0, kind.spread)))
    limit = parameters.get("max_tokens") or parameters.get("max_output_tokens") or drawn
    return {
        "input_tokens": 40 + len(text) // 4 + attached,
        "output_tokens": min(drawn, int(limit)),
    }


def judge(kind: RequestKind, model_id: str, day: float, fate: random.Random) -> bool:
    return fate.random() < kind.success_of(model_id, day)


def draw_score(success: bool, fate: random.Random) -> float:
    return round(min(1.0, max(0.0, fate.gauss(0.88 if success else 0.3, 0.04))), 3)


def draw_duration(kind: RequestKind, model: DemoModel, dice: random.Random) -> float:
    return kind.duration * model.pace * dice.lognormvariate(0, 0.3)
