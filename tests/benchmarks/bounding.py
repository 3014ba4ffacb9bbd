"""Millions of interactions against a limit: the database stays below it and the server answers."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field

from tests.benchmarks.loading import BATCH, waiting
from tests.benchmarks.printing import percentile, table
from tests.benchmarks.served import Client, Served, served
from tests.benchmarks.traffic import Bodies

MiB = 1 << 20
SIZE, LOOK_S, ASK_EVERY = 500, 0.2, 5  # a look at the files; every fifth asks the server, too
PROMISED = {200, 201, 207, 429, 503, 507}  # stored, or refused with Retry-After
AGAIN_S = 0.5  # after a refusal


@dataclass
class Seen:
    """Sizes in bytes (all, and of the log), answers by status, times of the readiness check in ms."""

    sizes: list[int] = field(default_factory=list)
    logs: list[int] = field(default_factory=list)
    answers: dict[int, int] = field(default_factory=dict)
    ready: dict[int, int] = field(default_factory=dict)
    ready_ms: list[float] = field(default_factory=list)
    rss: float = 0.0
    accepted: int = 0


def watch(server: Served, seen: Seen, ended: threading.Event) -> None:
    """How large the database is with its log, and once a second whether the server answers."""
    client = server.client()
    while not ended.wait(LOOK_S):
        seen.sizes.append(server.bytes_on_disk())
        seen.logs.append(server.bytes_of_log())
        if len(seen.sizes) % ASK_EVERY == 0:
            ask(client, seen)
            seen.rss = max(seen.rss, server.use().rss)


def ask(client: Client, seen: Seen) -> None:
    began = time.perf_counter()
    status, _ = client.send("GET", "/health/ready")
    seen.ready_ms.append((time.perf_counter() - began) * 1000)
    seen.ready[status] = seen.ready.get(status, 0) + 1


def pour(server: Served, seen: Seen, rows: int, patience_s: float) -> None:
    """Batches over one connection, again after every refusal, until `rows` are acknowledged."""
    client, bodies, began, told = server.client(), Bodies(), time.perf_counter(), 0
    while seen.accepted < rows and time.perf_counter() - began < patience_s:
        body = b"[" + b",".join(bodies.take(SIZE)) + b"]"
        while (status := post(client, body, seen)) >= 400 or status == 0:
            time.sleep(AGAIN_S)
            if time.perf_counter() - began > patience_s:
                return
        seen.accepted += SIZE
        if seen.accepted >= told:
            told += rows // 20
            note(server, seen, began)


def post(client: Client, body: bytes, seen: Seen) -> int:
    status, answer = client.send("POST", BATCH, body)
    seen.answers[status] = seen.answers.get(status, 0) + 1
    if status not in PROMISED:
        print(f"unexpected answer {status}: {answer[:200]!r}", flush=True)
    return status


def note(server: Served, seen: Seen, began: float) -> None:
    took = time.perf_counter() - began
    now, most = (seen.sizes or [0])[-1] / MiB, largest(seen.sizes) / MiB
    print(f"{seen.accepted:>10,} in {took:6.0f} s, {now:6.0f} MiB, {most:6.0f} at most, "
          f"log {largest(seen.logs) / MiB:.0f} at most, "
          f"{waiting(server):,} wait, {seen.rss:.0f} MB resident", flush=True)  # fmt: skip


def largest(sizes: list[int]) -> int:
    return max(sizes, default=0)


def bounded(rows: int, limit_mib: int, patience_s: float, database_url: str = "") -> bool:
    """Whether the database never exceeded its limit and every answer was one that is promised."""
    seen, ended = Seen(), threading.Event()
    with served(database_url, max_size=limit_mib * MiB) as server:
        watcher = threading.Thread(target=watch, args=(server, seen, ended))
        watcher.start()
        began = time.perf_counter()
        try:
            pour(server, seen, rows, patience_s)
        finally:
            took = time.perf_counter() - began
            ended.set()
            watcher.join()
        stored = json.loads(server.client().send("GET", "/api/v1/interactions/?limit=1")[1])
    return told(seen, rows, limit_mib, took, bool(stored.get("data")))


def told(seen: Seen, rows: int, limit_mib: int, took: float, answers: bool) -> bool:
    most, up = largest(seen.sizes), set(seen.ready) <= {200} and answers
    promised = set(seen.answers) <= PROMISED
    table(
        ["figure", "value"],
        [
            ("interactions acknowledged", seen.accepted),
            ("acknowledged/s", seen.accepted / took),
            ("limit, MiB", limit_mib),
            ("largest size of database and log, MiB", most / MiB),
            ("largest size of the log, MiB", largest(seen.logs) / MiB),
            ("share of looks above the limit, %",
             100 * sum(size > limit_mib * MiB for size in seen.sizes) / max(1, len(seen.sizes))),
            ("answers to batches by status", json.dumps(seen.answers)),
            ("readiness by status", json.dumps(seen.ready)),
            ("readiness p99, ms", percentile(seen.ready_ms, 0.99)),
            ("resident at most, MB", seen.rss),
        ],
    )  # fmt: skip
    kept = most <= limit_mib * MiB and up and promised and seen.accepted >= rows
    print("kept: never above the limit, never down" if kept else "NOT KEPT")
    return kept
