"""How heavy a full page of every list is on the wire: fifty rows that have nothing in common."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from uuid_utils.compat import uuid7

from featurememory.models import Activity, Project
from integration.models import Job
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.models import ModelPrice, RegisteredModel
from optimizations.storage import OptimizationStorage
from patterns.models import ModelInteraction, Pattern, PatternHour, Payload
from patterns.storage.payloads import pack_payload
from tests.builders import project
from tests.web import browser, ids_in, person

pytestmark = pytest.mark.django_db
ROWS = 50
MOST_BYTES = 11_000  # with headers; the budget of a page is 12 kB
MOST_GZIPPED = 12_500
SYLLABLES = (
    "or",
    "der",
    "in",
    "voice",
    "ti",
    "cket",
    "sum",
    "ma",
    "re",
    "con",
    "tract",
    "ven",
    "dor",
)
chance = random.Random(7)


def word() -> str:
    return "".join(chance.choices(SYLLABLES, k=chance.randint(1, 4)))


def words(count: int) -> str:
    return " ".join(word() for _ in range(count))


def moment() -> Any:
    return timezone.now() - timedelta(seconds=chance.randrange(20 * 86_400))


def share() -> float:
    return chance.random()


def fill_patterns(owner: Project) -> None:
    Pattern.objects.bulk_create(
        Pattern(
            project=owner,
            model_id=word(),
            task_type=f"{word()}.{word()}",
            template=(text := words(60)),
            parts=[[text, ""], ["", word()], [words(40), ""]],
            status=chance.choice(["validated", "candidate", "drifting"]),
            confidence=share(),
            effectiveness=share(),
            duration_p95=9_000 * share(),
            tokens_mean=9_000 * share(),
            use_count=chance.randrange(90_000),
            last_used=moment(),
        )
        for _ in range(ROWS + 1)
    )
    today = int(timezone.now().timestamp()) // 3600
    PatternHour.objects.bulk_create(
        PatternHour(
            project=owner,
            hour=today - 24 * day,
            pattern_id=name,
            model_id="m",
            count=chance.randrange(500),
        )
        for name in Pattern.objects.values_list("pk", flat=True)
        for day in range(14)
    )


def fill_interactions(owner: Project) -> None:
    fill_patterns(owner)
    names = list(Pattern.objects.values_list("pk", flat=True))
    rows = [
        ModelInteraction(
            project=owner,
            id=str(uuid7()),
            model_id=f"{word()}-{number % 7}",
            task_type=f"{word()}.{word()}",
            pattern_id=chance.choice(names),
            timestamp=int(moment().timestamp() * 1000),
            received_at=int(moment().timestamp() * 1000),
            duration=9_000 * share(),
            state=1,
            success=share() > 0.3,
        )
        for number in range(ROWS + 1)
    ]
    ModelInteraction.objects.bulk_create(rows)
    Payload.objects.bulk_create(
        Payload(number=number, data=pack_payload({"input": words(60), "output": words(20)}))
        for number in ModelInteraction.objects.values_list("number", flat=True)
    )


def fill_optimizations(owner: Project) -> None:
    fill_patterns(owner)
    names = [str(name) for name in Pattern.objects.values_list("pk", flat=True)]
    kinds = ("route_model", "cache_response", "tune_parameter", "limit_tokens")
    states = []
    for _ in range(ROWS + 1):
        low, middle, high = sorted(share() - 0.5 for _ in range(3))
        states.append(
            OptimizationState(
                str(uuid7()),
                chance.choice(kinds),
                f"{word()}.{word()}",
                word(),
                {"model_id": word()},
                pattern_id=chance.choice(names),
                status=chance.choice(["trial", "active", "suspended", "candidate"]),
                lift=(middle, low, high),
                quality_effect=(middle, low, high),
                effectiveness=share(),
                n_treated=chance.randrange(1, 9_000),
                n_control=chance.randrange(1, 9_000),
                summary=words(12),
                guards={"p95_ms": [9_000 * share(), 9_000 * share()]},
            )
        )
    OptimizationStorage(owner.pk).store(states)


def fill_models(owner: Project) -> None:
    made = [f"{word()}/{word()}-{number}" for number in range(ROWS)]
    RegisteredModel.objects.bulk_create(
        RegisteredModel(project=owner, model_id=name, task_types=[f"{word()}.{word()}"] * 3)
        for name in made
    )
    ModelPrice.objects.bulk_create(
        ModelPrice(
            project=owner,
            model_id=name,
            input_per_1m=chance.randrange(1, 999) / 100,
            output_per_1m=chance.randrange(1, 999) / 100,
            effective_from=int(moment().timestamp() * 1000),
        )
        for name in made
    )


def fill_jobs(owner: Project) -> None:
    Job.objects.bulk_create(
        Job(
            project=owner,
            kind="import",
            params={"name": words(6)},
            state="done",
            done=(done := chance.randrange(90_000)),
            total=done,
            unit="lines",
            actor=word(),
            created_at=(start := moment()),
            started_at=start,
            ended_at=start + timedelta(seconds=chance.randrange(9_000)),
        )
        for _ in range(ROWS + 1)
    )


def fill_activity(owner: Project) -> None:
    Activity.objects.bulk_create(
        Activity(
            project=owner,
            actor=word(),
            verb="edit",
            summary=words(16),
            link=f"/patterns/{uuid7()}/",
            at=moment(),
        )
        for _ in range(ROWS + 1)
    )


FILL: dict[str, Callable[[Project], None]] = {
    "patterns": fill_patterns,
    "interactions": fill_interactions,
    "optimizations": fill_optimizations,
    "models": fill_models,
    "jobs": fill_jobs,
    "activity": fill_activity,
}


@pytest.fixture
def editor() -> Client:
    return browser(person("eva", may_change=True, superuser=True))


def weigh(editor: Client, path: str, accepted: str) -> int:
    response = editor.get(path, headers={"Accept-Encoding": accepted})
    head = sum(len(name) + len(value) + 4 for name, value in response.headers.items())
    return head + len(response.content)


@pytest.mark.parametrize("name", FILL)
def test_a_full_page_of_long_rows_is_light(editor: Client, name: str) -> None:
    FILL[name](project("shop"))
    assert len(set(ids_in(editor.get(f"/{name}/")))) >= ROWS

    assert weigh(editor, f"/{name}/", "gzip, deflate, br") <= MOST_BYTES
    assert weigh(editor, f"/{name}/", "gzip") <= MOST_GZIPPED
