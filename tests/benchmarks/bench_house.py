"""Storing, learning and reading in one process: ratios to the raw limit, latencies, bytes.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_house.py [--interactions 100000]

Generated interactions of about 2 kB; SQLite in a temporary directory unless FM_DATABASE_URL is
set. The raw limit is sqlite3 executemany of the same rows and payloads into one table. Pages are
asked for through Django's test client, signed in; times are the server's own.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

BATCH = 100
DAYS_MS = 30 * 86_400_000
PAGES = ["/", "/patterns/", "/interactions/", "/activity/", "/health/"]
API = ["/api/v1/patterns/", "/api/v1/interactions/", "/api/v1/performance/?bucket=day"]
SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ka",
    "le",
    "mi",
    "no",
    "pu",
    "ra",
    "se",
    "ti",
    "vo",
    "zu",
]
WORDS = [a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES[:3]]


def item(dice: random.Random, number: int, at_ms: int) -> bytes:
    """One of 40 kinds of request with varying values, 30 days long."""
    kind = int(dice.expovariate(0.12)) % 40
    frame = f"Task {WORDS[kind]} {WORDS[kind * 5 + 1]} for customer {dice.randrange(10**6)}"
    prose = " ".join(dice.choice(WORDS) for _ in range(180))
    return msgspec.json.encode(
        {
            "id": f"b-{number}",
            "model_id": f"model-{dice.randrange(3)}",
            "task_type": f"kind.{kind}",
            "input": {"messages": [{"role": "user", "content": f"{frame}: {prose}"}]},
            "output": {"content": " ".join(dice.choice(WORDS) for _ in range(90))},
            "parameters": {"temperature": 0.2},
            "metadata": {
                "timestamp": at_ms,
                "duration": round(dice.lognormvariate(6.5, 0.6), 2),
                "resource_usage": {"token_count": dice.randrange(200, 800)},
            },
            "success": dice.random() < 0.93,
            "score": round(dice.betavariate(5, 2), 3),
        }
    )


def raw_limit(rows: list[tuple[bytes, ...]], folder: Path) -> float:
    """Rows a second of sqlite3 executemany in transactions of the same size."""
    database = sqlite3.connect(folder / "limit.db", isolation_level=None)
    for pragma in ("page_size=8192", "journal_mode=WAL", "synchronous=NORMAL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE t (number INTEGER PRIMARY KEY, id, body, UNIQUE (id))")
    began = time.perf_counter()
    for start in range(0, len(rows), BATCH):
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO t (id, body) VALUES (?, ?)", rows[start : start + BATCH])
        database.execute("COMMIT")
    rate = len(rows) / (time.perf_counter() - began)
    database.close()
    return rate


def p95(run: Callable[[], object], times: int = 12) -> tuple[float, float]:
    """Median and 95th percentile in ms, after one call to warm up."""
    run()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), sorted(taken)[int(0.95 * times)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--interactions", type=int, default=20_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fm-bench-") as name:
        os.environ["FM_DATA_DIR"] = name
        os.environ["FM_STATIC_ROOT"] = f"{name}/static"
        os.environ["DJANGO_SETTINGS_MODULE"] = "featurememory.settings"
        os.environ["FM_LOG_LEVEL"] = "ERROR"
        measure(options.interactions, Path(name))


def measure(count: int, folder: Path) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from featurememory.management.commands.serve import collect_static

    call_command("migrate", verbosity=0)
    collect_static()
    from featurememory.models import FeatureMemoryConfig, Project

    project = Project.objects.create(name="bench")
    FeatureMemoryConfig.objects.create(project=project, max_size=1 << 40)
    store_and_learn(project, count, folder)
    read(project)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak resident memory':34} {peak:10,.0f} MB")


def store_and_learn(project: object, count: int, folder: Path) -> None:
    from integration.learning import learn
    from patterns import payloads
    from patterns.contract import arrival, parse
    from patterns.ingest import store
    from patterns.space import bytes_used

    dice, first_ms = random.Random(1), time.time_ns() // 1_000_000 - DAYS_MS
    stored_s = learned_s = 0.0
    sample: list[tuple[bytes, ...]] = []
    for start in range(0, count, 10 * BATCH):
        numbers = range(start, start + 10 * BATCH)
        items = [item(dice, number, first_ms + number * DAYS_MS // count) for number in numbers]
        sample = sample or [(raw[:24], raw) for raw in items]
        began = time.perf_counter()
        for first in range(0, len(items), BATCH):
            store(project.pk, [arrival(parse(raw)) for raw in items[first : first + BATCH]])  # type: ignore[attr-defined]
        stored_s += time.perf_counter() - began
        if payloads.training_is_due():
            payloads.train()
        began = time.perf_counter()
        while learn(project.pk).more:  # type: ignore[attr-defined]
            pass
        learned_s += time.perf_counter() - began
    limit = raw_limit([(b"%d" % n, sample[n % len(sample)][1]) for n in range(10_000)], folder)
    print(f"{'interactions':34} {count:10,}")
    print(f"{'stored/s, batches of 100':34} {count / stored_s:10,.0f}")
    print(f"{'raw executemany rows/s':34} {limit:10,.0f}   ratio {count / stored_s / limit:.2f}")
    print(f"{'recognised, rolled up/s':34} {count / learned_s:10,.0f}")
    print(f"{'bytes used per 100k interactions':34} {bytes_used() / count / 10:10,.0f} MB")


def read(project: object) -> None:
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from integration.models import ApiKey

    user = get_user_model().objects.create_superuser("bench", password=None)
    pages, api = Client(), Client()
    pages.force_login(user)
    key = ApiKey.create(project, "ad")[1]  # type: ignore[arg-type]
    headers = {"Authorization": f"Bearer {key}"}
    print(f"\n{'page or endpoint':34} {'p50 ms':>10} {'p95 ms':>10} {'queries':>8}")
    for path in [*PAGES, *API]:
        client = api if path.startswith("/api") else pages
        given = headers if client is api else {}
        half, most = p95(lambda c=client, p=path, h=given: c.get(p, headers=h))  # type: ignore[misc]
        with CaptureQueriesContext(connection) as queries:
            status = client.get(path, headers=given).status_code
        print(f"{path:34} {half:10.1f} {most:10.1f} {len(queries):8} {status}")


if __name__ == "__main__":
    main()
