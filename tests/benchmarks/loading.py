"""Interactions over HTTP: how fast they are stored and learned, what that costs, and the lag."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.benchmarks import raw_limit
from tests.benchmarks.printing import percentile, table
from tests.benchmarks.served import Served, Use, served
from tests.benchmarks.traffic import Bodies

# What Phoenix, a tracing server people choose instead, stores on a machine of this class (2 cores,
# SQLite): interactions a second, one a request, and in batches until they are on disk.
PHOENIX_SINGLE, PHOENIX_BATCH = 57, 39
SINGLE, BATCH = "/api/v1/interactions/", "/api/v1/interactions/batch/"
DRAIN_S = 60.0
LEARNED = 8_000  # interactions a mode with recognition: about as many seconds of one core


Mode: TypeAlias = tuple[str, int, int]  # name, connections, interactions a request
MODES: tuple[Mode, ...] = (
    ("single, 1 connection", 1, 1),
    ("single, 8 connections", 8, 1),
    ("batches of 100, 4 connections", 4, 100),
    ("batches of 1,000, 4 connections", 4, 1000),
)


@dataclass
class Load:
    """What one run of load saw: interactions acknowledged, ms a request, answers other than 2xx."""

    accepted: int = 0
    seconds: float = 0.0
    times_ms: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return self.accepted / self.seconds


def send(server: Served, bodies: Bodies, mode: Mode, seconds: float, most: int) -> Load:
    """Every connection sends its next request when the last is answered, until the time or `most`
    interactions are used up."""
    _, connections, size = mode
    found, lock, began = Load(), threading.Lock(), time.perf_counter()
    last = bodies.used + most

    def work() -> None:
        client = server.client()
        while time.perf_counter() - began < seconds and bodies.used < last:
            with lock:
                parts = bodies.take(size)
            body = parts[0] if size == 1 else b"[" + b",".join(parts) + b"]"
            sent = time.perf_counter()
            status, _ = client.send("POST", SINGLE if size == 1 else BATCH, body)
            took = (time.perf_counter() - sent) * 1000
            with lock:
                found.times_ms.append(took)
                if 200 <= status < 300:
                    found.accepted += size
                else:
                    found.refused[status] = found.refused.get(status, 0) + 1

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - began
    return found


@contextmanager
def database(server: Served) -> Iterator[sqlite3.Connection]:
    """The server's rows, read past it: what waits and how long it took (SQLite)."""
    path = server.folder / "featurememory.sqlite3"
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def waiting(server: Served) -> int:
    sql = "SELECT count(*) FROM patterns_modelinteraction WHERE state = 0"
    if server.database_url:
        import psycopg

        with psycopg.connect(server.database_url) as found:
            return int((found.execute(sql).fetchone() or (0,))[0])
    with database(server) as found_:
        return int(found_.execute(sql).fetchone()[0])


def drained(server: Served, limit_s: float = DRAIN_S) -> tuple[float, int]:
    """Seconds until nothing waits, and how much still waits after the limit."""
    began, left = time.perf_counter(), waiting(server)
    while left and time.perf_counter() - began < limit_s:
        time.sleep(0.05)
        left = waiting(server)
    return time.perf_counter() - began, left


def idle(server: Served, seconds: float = 4.0) -> tuple[Use, float]:
    """Memory, and the share of one core, of a server that nobody asks anything."""
    time.sleep(2)
    before, began = server.use(), time.perf_counter()
    time.sleep(seconds)
    after = server.use()
    return after, 100 * (after.cpu_s - before.cpu_s) / (time.perf_counter() - began)


class Watch:
    """The highest memory of a server while a block runs, looked at four times a second."""

    def __init__(self, server: Served) -> None:
        self.server, self.rss, self.pss = server, 0.0, 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._ended.wait(0.25):
            use = self.server.use()
            self.rss, self.pss = max(self.rss, use.rss), max(self.pss, use.pss)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._ended.set()
        self._thread.join()


def ingest(seconds: float, database_url: str = "") -> None:
    """Storing only, then with recognition; ratios to the raw limit measured between the two."""
    for learning in (False, True):
        with served(database_url, learning, max_size=1 << 40) as server:
            before, share = idle(server)
            print(
                f"\n{'with recognition' if learning else 'storing only'}: idle "
                f"{before.rss:.0f} MB resident ({before.pss:.0f} MB proportional), "
                f"{share:.1f} % of a core"
            )
            with Watch(server) as seen:
                rows, bodies = [], Bodies()
                for mode in MODES:
                    rows.append(one_mode(server, bodies, mode, seconds, learning))
            limits = raw_limits(server)
        heads = [
            "",
            "stored/s",
            "of raw",
            "x Phoenix",
            "p50 ms",
            "p99 ms",
            "CPU ms each",
            "refused",
        ]
        if learning:
            heads += ["learned/s"]
        table(heads, [compared(row, limits) for row in rows])
        print(f"raw limit {limits[100]:,.0f} rows/s a batch, {limits[1]:,.0f} one by one; "
              f"under load {seen.rss:.0f} MB resident ({seen.pss:.0f} MB proportional)")  # fmt: skip


def raw_limits(server: Served) -> dict[int, float]:
    if server.database_url:
        return {size: raw_limit.copy_rate(server.database_url, many)
                for size, many in ((1, 1), (100, 1000))}  # fmt: skip
    return {size: raw_limit.sqlite_rate(server.folder, size) for size in (1, 100)}


def one_mode(
    server: Served, bodies: Bodies, mode: Mode, seconds: float, learning: bool
) -> list[object]:
    """A row of figures; with `learning` it ends when all is recognised, and so does its CPU."""
    name, _, size = mode
    before, began = server.use(), time.perf_counter()
    load = send(server, bodies, mode, seconds, LEARNED if learning else 1 << 40)
    left = drained(server)[1] if learning else 0
    took, after = time.perf_counter() - began, server.use()
    phoenix = PHOENIX_SINGLE if size == 1 else PHOENIX_BATCH
    row: list[object] = [name, load.rate, size, load.rate / phoenix]
    row += [percentile(load.times_ms, 0.5), percentile(load.times_ms, 0.99)]
    row += [1000 * (after.cpu_s - before.cpu_s) / max(1, load.accepted - left)]
    row += [sum(load.refused.values())]
    if learning:
        row.append((load.accepted - left) / took)
    return row


def compared(row: list[object], limits: dict[int, float]) -> list[object]:
    """The row with the size of its batches replaced by the ratio to the raw limit."""
    rate, size = row[1], row[2]
    return [*row[:2], float(rate) / limits[1 if size == 1 else 100], *row[3:]]  # type: ignore[arg-type]


LAG = (
    "SELECT recognized_at - received_at FROM patterns_modelinteraction "
    "WHERE recognized_at IS NOT NULL"
)


def lag(seconds: float, rate: int = 200) -> None:
    """Milliseconds from arrival to recognition of every interaction, at a steady rate (SQLite)."""
    with served(max_size=1 << 40) as server:
        client, bodies, times = server.client(), Bodies(), []
        began = time.perf_counter()
        for number, body in enumerate(bodies.take(int(rate * seconds))):
            time.sleep(max(0.0, began + number / rate - time.perf_counter()))
            sent = time.perf_counter()
            client.send("POST", SINGLE, body)
            times.append((time.perf_counter() - sent) * 1000)
        took = time.perf_counter() - began
        _, left = drained(server)
        with database(server) as found:
            lags = [row[0] for row in found.execute(LAG)]
    print(f"asked for {rate}/s, sent {len(times) / took:.0f}/s, not recognised: {left}")
    table(
        ["ms", "p50", "p99", "most"],
        [
            ("arrival to recognised", *(percentile(lags, q) for q in (0.5, 0.99, 1.0))),
            ("POST answered", *(percentile(times, q) for q in (0.5, 0.99, 1.0))),
        ],
    )


def disk(rows: int) -> None:
    """Bytes of the database after so many interactions of 2.7 kB, all recognised."""
    with served(max_size=1 << 40) as server:
        bodies, client, sent = Bodies(), server.client(), 0
        while sent < rows:
            status, _ = client.send("POST", BATCH, b"[" + b",".join(bodies.take(500)) + b"]")
            if status < 300:
                sent += 500
            if sent % 10_000 == 0:
                drained(server, 30)
        _, left = drained(server, 120)
        size = server.bytes_on_disk()
        use = server.use()
    print(f"{sent:,} interactions ({left} not recognised): {size / 1e6:.0f} MB on disk, "
          f"{size / sent / 10:.0f} MB per 100,000; {use.rss:.0f} MB resident")  # fmt: skip
