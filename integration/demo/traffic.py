"""The traffic of the demo: requests to a small help desk, and how each model serves them.

Everything is generated from a seed; nothing is measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

DAYS, DAY_MS = 30, 86_400_000
TOTAL = 8000
USUAL = "gpt-5-mini"  # the model the help desk asks for
CITIES = ["Lyon", "Porto", "Graz", "Utrecht", "Malmö", "Kraków", "Leeds", "Turin", "Ghent"]
PRODUCTS = ["coffee grinder", "desk lamp", "rain jacket", "keyboard", "garden hose", "road bike"]
NAMES = ["Ana Silva", "Jan Novak", "Eva Lind", "Tom Baker", "Mara Weiss", "Luc Petit"]
LANGUAGES = ["French", "Polish", "Dutch", "Swedish", "Portuguese"]
WORDS = ["the", "part", "arrived", "late", "and", "does", "not", "fit", "so", "it", "goes", "back"]


@dataclass(frozen=True)
class DemoModel:
    """A model: price in dollars per million tokens, pace relative to the usual one, share of traffic.

    `task_types`: the tasks it may serve (empty: all).
    """

    model_id: str
    input_per_1m: float
    output_per_1m: float
    pace: float
    weight: float
    task_types: tuple[str, ...] = ()


MODELS = {
    model.model_id: model
    for model in (
        DemoModel(USUAL, 0.25, 2.0, 1.0, 8),
        DemoModel("qwen3-coder-30b", 0.3, 1.2, 0.9, 1, ("sql.generate",)),
        DemoModel("llama-3.3-70b", 0.1, 0.4, 1.3, 1, ("classify.ticket", "support.refund")),
    )
}


@dataclass(frozen=True)
class DemoRequestKind:
    """One kind of request: its text, usual duration in ms, tokens out, share of successes.

    `edges`: how much more often (less when negative) another model succeeds than the usual one.
    """

    task_type: str
    text: str
    duration: float
    tokens: int
    success: float
    weight: float
    edges: Mapping[str, float] = field(default_factory=dict)

    def success_of(self, model_id: str) -> float:
        return min(0.99, self.success + self.edges.get(model_id, 0.0))


QWEN, LLAMA = "qwen3-coder-30b", "llama-3.3-70b"
KINDS = [
    DemoRequestKind(
        "support.order_status",
        "Where is my order {order}? It was due on {date}.",
        *(620, 60, 0.96, 9),
        {LLAMA: 0.0, QWEN: 0.01},
    ),
    DemoRequestKind(
        "support.refund",
        "I want a refund for the {product} I bought on {date}.",
        *(900, 90, 0.91, 4),
        {LLAMA: -0.25, QWEN: 0.02},
    ),
    DemoRequestKind(
        "support.address",
        "Please send order {order} to {number} Mill Lane, {city}.",
        *(480, 40, 0.97, 3),
        {LLAMA: -0.02, QWEN: 0.0},
    ),
    DemoRequestKind("billing.invoice", "Send invoice {invoice} to {email}.", *(350, 30, 0.98, 3)),
    DemoRequestKind(
        "translate.product",
        "Translate into {language}: The {product} ships from {city}.",
        *(1100, 80, 0.95, 3),
        {LLAMA: -0.08, QWEN: 0.01},
    ),
    DemoRequestKind(
        "rag.summarise",
        "Summarise this message in {number} bullet points:\n{prose}",
        *(2900, 210, 0.93, 4),
        {LLAMA: -0.1, QWEN: 0.02},
    ),
    DemoRequestKind(
        "classify.ticket",
        "Classify this ticket as billing, delivery or other:\n{prose}",
        *(420, 5, 0.96, 12),
        {LLAMA: 0.02, QWEN: 0.02},
    ),
    DemoRequestKind(
        "sql.generate",
        "Write a SQL query for the {number} best customers of {city}.",
        *(2100, 160, 0.62, 8),
        {LLAMA: -0.2, QWEN: 0.33},
    ),
    DemoRequestKind(
        "extract.contact",
        "Extract name and e-mail from: {name} <{email}> wrote on {date}.",
        *(700, 50, 0.97, 3),
    ),
    DemoRequestKind(
        "agent.plan",
        "Plan the visit of {name} in {city} on {date}.",
        *(5600, 420, 0.8, 2),
        {LLAMA: -0.3, QWEN: 0.05},
    ),
]


@dataclass(frozen=True)
class DemoRequest:
    """A request of a user; `timestamp` in ms since the epoch."""

    number: int
    timestamp: int
    kind: DemoRequestKind
    text: str

    @property
    def session_id(self) -> str:
        return f"demo-{self.number}"

    @property
    def input(self) -> dict[str, object]:
        return {"messages": [{"role": "user", "content": self.text}]}


def generate_requests(seed: int, now_ms: int, total: int = TOTAL) -> Iterator[DemoRequest]:
    """Requests, oldest first, over the last 30 days; busier by day than by night."""
    dice = random.Random(seed)
    start = now_ms - DAYS * DAY_MS
    moments = sorted(start + int(draw_moment(dice) * DAY_MS) for _ in range(total))
    weights = [kind.weight for kind in KINDS]
    for number, timestamp in enumerate(moments):
        kind = dice.choices(KINDS, weights)[0]
        yield DemoRequest(number, timestamp, kind, fill_template(dice, kind.text))


def draw_moment(dice: random.Random) -> float:
    """Days from the start: growing traffic, and three in four requests in working hours."""
    day = int(DAYS * dice.random() ** 0.7)
    hour = dice.gauss(14, 3) if dice.random() < 0.75 else dice.uniform(0, 24)
    return min(DAYS - 0.01, day + min(23.9, max(0.0, hour)) / 24)


def draw_model(dice: random.Random) -> str:
    """The model of a request that was not prepared: drawn by its share of traffic."""
    return dice.choices(list(MODELS), [model.weight for model in MODELS.values()])[0]


def serve_request(
    dice: random.Random,
    request: DemoRequest,
    model_id: str,
    decision_id: str | None = None,
    from_cache: bool = False,
) -> bytes:
    """The interaction (JSON) after this model, or the cache, has served the request.

    A model gives the same answer to the same request, so that repeats can be served again.
    """
    kind, model = request.kind, MODELS[model_id]
    fate = random.Random(f"{model_id} {request.text}")
    duration = round(kind.duration * model.pace * dice.lognormvariate(0, 0.35), 1)
    if from_cache:
        duration = round(dice.uniform(1, 3), 1)
    tokens_in = 40 + len(request.text) // 4
    tokens_out = max(1, int(dice.gauss(kind.tokens, kind.tokens / 6)))
    success = fate.random() < kind.success_of(model_id)
    reply = fill_template(fate, "Done for {order} in {city}.")
    cost = (tokens_in * model.input_per_1m + tokens_out * model.output_per_1m) / 1e6
    interaction = {
        "id": f"demo-{request.number}",
        "session_id": request.session_id,
        "model_id": model_id,
        "task_type": kind.task_type,
        "input": request.input,
        "output": {"role": "assistant", "content": reply},
        "parameters": {"temperature": 0.2, "max_tokens": 512},
        "metadata": {
            "timestamp": request.timestamp,
            "duration": duration,
            "resource_usage": {
                "memory_usage": dice.randrange(50, 400) << 20,
                "token_count": tokens_in + tokens_out,
                "processing_time": round(duration * 0.95, 1),
            },
        },
        "usage": {
            "input_tokens": tokens_in,
            "output_tokens": tokens_out,
            "cost": 0.0 if from_cache else round(cost, 8),
        },
        "success": success,
        "score": round(min(1.0, max(0.0, fate.gauss(0.85 if success else 0.3, 0.08))), 3),
        "tags": {"env": "demo"},
    }
    if decision_id is not None:
        interaction["decision_id"] = decision_id
    return msgspec.json.encode(interaction)


def fill_template(dice: random.Random, template: str) -> str:
    values = {
        "order": f"{dice.choice(['AB', 'KX', 'ZR'])}-{dice.randrange(100_000, 999_999)}",
        "invoice": f"INV-{dice.randrange(10_000, 99_999)}",
        "date": f"2026-{dice.randrange(1, 13):02d}-{dice.randrange(1, 29):02d}",
        "number": str(dice.randrange(2, 40)),
        "city": dice.choice(CITIES),
        "product": dice.choice(PRODUCTS),
        "name": dice.choice(NAMES),
        "language": dice.choice(LANGUAGES),
        "email": f"user{dice.randrange(1000, 9999)}@example.org",
        "prose": " ".join(dice.choice(WORDS) for _ in range(dice.randrange(12, 40))),
    }
    return template.format(**values)
