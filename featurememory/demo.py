"""The demo project: a month of generated traffic of a small help desk, learned like any other.

Everything is generated here from a seed; nothing of it is measured, and the badge "Demo" says so.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import msgspec

from featurememory.config import config_of
from featurememory.models import Activity, Project
from featurememory.writes import write_turn
from integration.consolidation import consolidate
from integration.learning import learn
from patterns import rollups
from patterns.contract import arrival, parse
from patterns.ingest import store
from patterns.models import (
    Feedback,
    Learner,
    ModelInteraction,
    Operation,
    Pattern,
    PatternEvent,
    PatternHour,
    Payload,
    ProjectHour,
)

DAYS, DAY_MS = 30, 86_400_000
TOTAL = 3000
CITIES = ["Lyon", "Porto", "Graz", "Utrecht", "Malmö", "Kraków", "Leeds", "Turin", "Ghent"]
PRODUCTS = ["coffee grinder", "desk lamp", "rain jacket", "keyboard", "garden hose", "road bike"]
NAMES = ["Ana Silva", "Jan Novak", "Eva Lind", "Tom Baker", "Mara Weiss", "Luc Petit"]
LANGUAGES = ["French", "Polish", "Dutch", "Swedish", "Portuguese"]
WORDS = [
    "the",
    "part",
    "arrived",
    "late",
    "and",
    "does",
    "not",
    "fit",
    "so",
    "I",
    "would",
    "like",
    "to",
    "know",
    "what",
    "can",
    "be",
    "done",
]


@dataclass(frozen=True)
class Task:
    """One kind of request: its text, usual duration in ms, tokens out, and share of successes."""

    task_type: str
    text: str
    duration: float
    tokens: int
    success: float
    weight: float


TASKS = [
    Task(
        "support.order_status",
        "Where is my order {order}? It was due on {date}.",
        *(620, 60, 0.96, 9),
    ),
    Task(
        "support.refund",
        "I want a refund for the {product} I bought on {date}.",
        *(900, 90, 0.91, 6),
    ),
    Task(
        "support.address",
        "Please send order {order} to {number} Mill Lane, {city}.",
        *(480, 40, 0.97, 4),
    ),
    Task(
        "billing.invoice",
        "Send invoice {invoice} to {email}.",
        *(350, 30, 0.98, 4),
    ),
    Task(
        "translate.product",
        "Translate into {language}: The {product} ships from {city}.",
        *(1100, 80, 0.95, 4),
    ),
    Task(
        "rag.summarise",
        "Summarise this message in {number} bullet points:\n{prose}",
        *(2900, 210, 0.93, 5),
    ),
    Task(
        "classify.ticket",
        "Classify this ticket as billing, delivery or other:\n{prose}",
        *(420, 5, 0.94, 6),
    ),
    Task(
        "sql.generate",
        "Write a SQL query for the {number} best customers of {city}.",
        *(2100, 160, 0.88, 3),
    ),
    Task(
        "extract.contact",
        "Extract name and e-mail from: {name} <{email}> wrote on {date}.",
        *(700, 50, 0.97, 3),
    ),
    Task(
        "agent.plan",
        "Plan the visit of {name} in {city} on {date}.",
        *(5600, 420, 0.8, 2),
    ),
]
MODELS = [("gpt-5-mini", 1.0, 0.0), ("claude-haiku-4-5", 0.7, 0.01), ("llama-3.3-70b", 1.3, -0.04)]


def load(name: str = "demo") -> Project:
    """Make the demo project when it is missing; takes a few seconds."""
    project, made = Project.objects.get_or_create(name=name, defaults={"is_demo": True})
    if made:
        for batch in batches(generate(seed=7, now_ms=time.time_ns() // 1_000_000)):
            store(project.pk, [arrival(parse(item)) for item in batch])
        while learn(project.pk).more:
            pass
        consolidate(project.pk)
        backfill(project)
    return project


def remove() -> None:
    """Take away every demo project with all that it holds."""
    for project in Project.objects.filter(is_demo=True):
        empty(project.pk)
        project.delete()


def empty(project_id: UUID) -> None:
    with write_turn():
        rows = ModelInteraction.objects.filter(project_id=project_id)
        Payload.objects.filter(pk__in=rows.values("number")).delete()
        for model in (
            ModelInteraction,
            Pattern,
            PatternEvent,
            PatternHour,
            ProjectHour,
            Operation,
            Feedback,
            Learner,
            Activity,
        ):
            model.objects.filter(project_id=project_id).delete()


def batches(items: Iterator[bytes], size: int = 500) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    yield batch


def generate(seed: int, now_ms: int, total: int = TOTAL) -> Iterator[bytes]:
    """Interactions as JSON, oldest first, over the last 30 days; busier by day than by night."""
    dice = random.Random(seed)
    start = now_ms - DAYS * DAY_MS
    moments = sorted(start + int(moment(dice) * DAY_MS) for _ in range(total))
    weights = [task.weight for task in TASKS]
    for number, timestamp in enumerate(moments):
        task = dice.choices(TASKS, weights)[0]
        yield msgspec.json.encode(interaction(dice, task, number, timestamp))


def moment(dice: random.Random) -> float:
    """Days from the start: growing traffic, and three in four requests in working hours."""
    day = int(DAYS * dice.random() ** 0.7)
    hour = dice.gauss(14, 3) if dice.random() < 0.75 else dice.uniform(0, 24)
    return min(DAYS - 0.01, day + min(23.9, max(0.0, hour)) / 24)


def interaction(dice: random.Random, task: Task, number: int, timestamp: int) -> dict[str, object]:
    model, pace, edge = dice.choices(MODELS, [6, 3, 1])[0]
    duration = round(task.duration * pace * dice.lognormvariate(0, 0.35), 1)
    text = fill(dice, task.text)
    tokens_in, tokens_out = (
        40 + len(text) // 4,
        max(1, int(dice.gauss(task.tokens, task.tokens / 6))),
    )
    success = dice.random() < task.success + edge
    return {
        "id": f"demo-{number}",
        "model_id": model,
        "task_type": task.task_type,
        "input": {"messages": [{"role": "user", "content": text}]},
        "output": {"role": "assistant", "content": fill(dice, "Done for {order} in {city}.")},
        "parameters": {"temperature": 0.2, "max_tokens": 512},
        "metadata": {
            "timestamp": timestamp,
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
            "cost": round((tokens_in + 4 * tokens_out) * 1e-6, 8),
        },
        "success": success,
        "score": round(min(1.0, max(0.0, dice.gauss(0.85 if success else 0.3, 0.08))), 3),
        "tags": {"env": "demo"},
    }


def fill(dice: random.Random, template: str) -> str:
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


def backfill(project: Project) -> None:
    """Hourly state counts as they would have been, read off the patterns' creation times."""
    threshold = config_of(project.pk).confidence_threshold
    made = list(
        Pattern.objects.stored().filter(project=project).values_list("created_at", "confidence")
    )
    hours = PatternHour.objects.filter(project=project, hour__gt=rollups.ALL_TIME)
    rows = []
    for hour in sorted(set(hours.values_list("hour", flat=True))):
        known = [confidence for at, confidence in made if at.timestamp() < (hour + 1) * 3600]
        passed = sum(confidence >= threshold for confidence in known)
        rows.append(
            ProjectHour(
                project=project, hour=hour, validated=passed, candidates=len(known) - passed
            )
        )
    with write_turn():
        ProjectHour.objects.bulk_create(rows, ignore_conflicts=True)
