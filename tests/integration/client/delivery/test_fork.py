"""Processes made of this one: no child hangs, loses its calls, or sends its parent's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.integration.client.fake_server import FakeServer
from tests.integration.client.programs import IMPORT, run

BEGIN = (
    IMPORT
    + """
import threading
fm.init(A["url"], "k")
job = fm.remember(task_type="t", model_id="m")(lambda q: q)
def hum(stop, made):
    while not stop.is_set(): job(f"hum.{made[0]}."); made[0] += 1; time.sleep(.001)
"""
)

FORKS = (
    BEGIN
    + """
stop, made, pids = threading.Event(), [0], []
threading.Thread(target=hum, args=(stop, made), daemon=True).start()
for n in range(10):
    pid = os.fork()
    if pid == 0:
        job(f"child.{n}.")
        if n % 2: fm.flush(8); os._exit(0)
        sys.exit(0)
    pids.append(pid)
    time.sleep(.02)
codes = [os.waitpid(pid, 0)[1] for pid in pids]
stop.set()
time.sleep(.05)
say(codes=codes, made=made[0], flushed=fm.flush(10), stats=fm.stats())
"""
)


def test_forked_children_send_their_own_and_nothing_else(server: FakeServer) -> None:
    said = run(FORKS, url=server.url).said
    times = Counter(entry["input"] for entry in server.acknowledged)

    assert said["codes"] == [0] * 10
    assert [n for n in range(10) if times[f"child.{n}."] != 1] == []
    assert [n for n in range(said["made"]) if times[f"hum.{n}."] != 1] == []
    assert said["stats"]["sent"] == said["made"]


WORKERS = """
import multiprocessing, os, sys, json, time
A = json.loads(os.environ["ARGUMENTS"])
import featurememory_client as fm
fm.init(A["url"], "k")
@fm.remember(task_type="t", model_id="m")
def job(q): return q
def leaf(name, flush):
    job(name)
    if flush: fm.flush(8)
if __name__ == "__main__":
    make = multiprocessing.get_context(A["method"]).Process
    children = [make(target=leaf, args=(f"worker.{n}.", n % 2)) for n in range(4)]
    for child in children: child.start()
    for child in children: child.join()
    print("SAY " + json.dumps({"codes": [child.exitcode for child in children]}))
"""


POOL = (
    WORKERS.partition("if __name__")[0]
    + """
from concurrent.futures import ProcessPoolExecutor
if __name__ == "__main__":
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        list(pool.map(job, [f"worker.{n}." for n in range(4)]))
    print("SAY " + json.dumps({"codes": [0] * 4}))
"""
)


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver", "pool"])
def test_workers_of_multiprocessing_drain_too(
    server: FakeServer, method: str, tmp_path: Path
) -> None:
    program = tmp_path / "main.py"  # spawned workers import the main module: it has to be a file
    program.write_text(POOL if method == "pool" else WORKERS)
    launch = f"import os, sys; os.execv(sys.executable, [sys.executable, {str(program)!r}])"
    ended = run(launch, url=server.url, method=method)

    assert (ended.code, ended.said["codes"]) == (0, [0] * 4)
    assert [n for n in range(4) if len(server.found(f"worker.{n}.")) != 1] == []


def test_a_call_begun_before_the_fork_is_the_parents(server: FakeServer) -> None:
    source = (
        BEGIN
        + """
with fm.interaction(task_type="t", model_id="m", input="shared") as call:
    pid = os.fork()
    if pid == 0: sys.exit(0)
    os.waitpid(pid, 0)
    call.output = "the parent's"
"""
    )
    run(source, url=server.url)

    assert len(server.acknowledged) == 1
    assert server.one("shared")["output"] == "the parent's"


def test_a_child_asks_on_a_connection_of_its_own(server: FakeServer) -> None:
    source = (
        BEGIN
        + """
task = {"model_id": "m", "input": "x"}
first = fm.prepare(task, timeout=5).decision_id
pid = os.fork()
if pid == 0:
    os._exit(0 if fm.prepare(task, timeout=5).decision_id else 1)
say(first=first, code=os.waitpid(pid, 0)[1], again=fm.prepare(task, timeout=5).decision_id)
"""
    )
    said = run(source, url=server.url).said

    assert said == {"first": "decision-1", "code": 0, "again": "decision-1"}
    assert server.connections == 2
