"""Spans a second against interactions a second: the same calls of models through both doors.

    PYTHONPATH=. .venv/bin/python -m tests.benchmarks.bench_otlp [--rounds N] [--learning]

One connection, 200 items a request, each round one request through each door in turn, so that
whatever else the machine does burdens all alike; the faster quarter of the rounds counts. Prints
interactions a second of the batch endpoint and, per dialect and encoding, spans a second and their
ratio. It asserts nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.otlp_bodies import DIALECTS, SIZE, batch_body, json_spans, protobuf_spans
from tests.benchmarks.printing import machine, percentile, table
from tests.benchmarks.served import JSON, Client, Served, served

PROTOBUF = "application/x-protobuf"
PLAIN = ("batch endpoint", "")
Door = tuple[str, str, Callable[[int], bytes]]  # path, content type, the body of a round


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20, help="requests through each door")
    parser.add_argument("--learning", action="store_true", help="with recognition beside it")
    options = parser.parse_args()
    print(f"{machine()}; {SIZE} items a request, {options.rounds} rounds")
    with served(learning=options.learning, max_size=1 << 40) as server:
        found = measure(server, options.rounds)
    rates = {door: SIZE / percentile(one.times, 0.25) for door, one in found.items()}
    costs = {door: percentile(one.cpu, 0.25) / SIZE * 1e6 for door, one in found.items()}
    rows = [
        [*door, rates[door], rates[door] / rates[PLAIN], costs[door], costs[PLAIN] / costs[door]]
        for door in found
    ]
    table(["", "encoding", "items/s", "of batch", "CPU µs each", "of batch"], rows)


@dataclass
class Passage:
    """Seconds and CPU seconds of the server, of each request through one door."""

    times: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def doors() -> dict[tuple[str, str], Door]:
    found: dict[tuple[str, str], Door] = {
        PLAIN: ("/api/v1/interactions/batch/", JSON, batch_body),
    }
    for name, attributes_of in DIALECTS.items():
        found[name, "protobuf"] = ("/v1/traces", PROTOBUF, protobuf_spans(attributes_of))
        found[name, "JSON"] = ("/v1/traces", JSON, json_spans(attributes_of))
    return found


def measure(server: Served, rounds: int) -> dict[tuple[str, str], Passage]:
    """The first request of each door only warms up."""
    client, found = server.client(), {name: Passage() for name in doors()}
    for number in range(rounds + 1):
        for name, (path, content_type, body_of) in doors().items():
            body, before = body_of(number), cpu_seconds(server)
            took = post(client, path, content_type, body)
            if number:
                found[name].times.append(took)
                found[name].cpu.append(cpu_seconds(server) - before)
    return found


def cpu_seconds(server: Served) -> float:
    """Of all threads so far, to the nanosecond; `Served.use` counts hundredths of a second."""
    tasks = (Path(f"/proc/{pid}/task") for pid in server.processes())
    return (
        sum(
            int((thread / "schedstat").read_text().split()[0])
            for task in tasks
            for thread in task.iterdir()
        )
        / 1e9
    )


def post(client: Client, path: str, content_type: str, body: bytes) -> float:
    client.headers["Content-Type"] = content_type
    began = time.perf_counter()
    status, answer = client.send("POST", path, body)
    took = time.perf_counter() - began
    if not 200 <= status < 300 or b"rejected" in answer.replace(b'"rejected":[]', b""):
        raise SystemExit(f"{path} answered {status}: {answer[:500]!r}")
    return took


if __name__ == "__main__":
    main()
