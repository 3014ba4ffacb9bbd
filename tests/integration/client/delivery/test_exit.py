"""The end of a process: on time, with nothing lost that could be sent, and without a word."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import featurememory_client as fm
import pytest
from featurememory_client import runtime
from featurememory_client.client import KNOWN_DEAD

from tests.integration.client.fake_server import FakeServer, Tarpit, dead_url, wait_for
from tests.integration.client.programs import BEGIN, IMPORT, Ended, finish, run, start

ONE_CALL = (
    IMPORT
    + """
fm.init(A["url"], "k", spool=A.get("spool"))
with fm.interaction(task_type="t", model_id="m", input="hello") as call: call.output = "done"
exec(A.get("tail", ""))
"""
)


def test_one_call_and_the_end(server: FakeServer) -> None:
    ended = run(ONE_CALL, url=server.url)

    assert (ended.code, ended.error) == (0, "")
    assert server.one("hello")


TIMED = ONE_CALL + "\nsay(end=time.time())"


def test_no_bad_server_holds_the_end_for_more_than_two_seconds(tmp_path: Path) -> None:
    traps = Tarpit(), Tarpit(drip=True)
    urls = {"dead": dead_url(), "tarpit": traps[0].url, "drip": traps[1].url}
    cases = [
        (url, tmp_path / name if spool else None) for name, url in urls.items() for spool in (0, 1)
    ]

    def end(url: str, spool: Path | None) -> tuple[float, Ended]:
        ended = run(TIMED, url=url, spool=str(spool) if spool else None)
        return time.time() - ended.said["end"], ended

    with ThreadPoolExecutor(len(cases)) as pool:
        found = list(pool.map(end, *zip(*cases, strict=True)))

    assert [took for took, _ in found if took > 2.5] == []  # two, and what a busy machine adds
    assert {(ended.code, ended.error) for _, ended in found} == {(0, "")}
    assert [len(list(spool.iterdir())) for _, spool in cases if spool] == [1, 1, 1]
    for trap in traps:
        trap.close()


def test_a_second_process_sends_what_the_first_could_not(
    server: FakeServer, tmp_path: Path
) -> None:
    run(ONE_CALL, url=dead_url(), spool=str(tmp_path))
    source = IMPORT + 'fm.init(A["url"], "k", spool=A["spool"])\nsay(flushed=fm.flush(10))\n'
    ended = run(source, url=server.url, spool=str(tmp_path))

    assert ended.said["flushed"] is True
    assert server.one("hello")


@pytest.mark.parametrize("tail", ["sys.exit(3)", "raise RuntimeError('as ever')"])
def test_status_and_traceback_are_as_without(server: FakeServer, tail: str) -> None:
    bare = run(BEGIN + 'exec(A["tail"])', tail=tail)
    ended = run(ONE_CALL, url=server.url, tail=tail)

    def last_line(error: str) -> str:
        return (error.strip().splitlines() or [""])[-1]

    assert (ended.code, last_line(ended.error)) == (bare.code, last_line(bare.error))
    assert server.one("hello")


LOOP = (
    IMPORT
    + """
fm.init(A["url"], "k")
job = fm.remember(task_type="t", model_id="m")(lambda q: time.sleep(.002))
print("SAY {}", flush=True)
while True:
    job("x")
    if A["prepare"]: fm.prepare({"model_id": "m", "input": "x"}, timeout=8)
"""
)


def interrupt(url: str, prepare: bool, times: int) -> tuple[float, Ended]:
    process = start(LOOP, url=url, prepare=prepare)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.3)
    began = time.monotonic()
    for _ in range(times):
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.4)
    ended = finish(process)
    return time.monotonic() - began, ended


def test_ctrl_c_ends_it_soon_and_as_ever_and_a_second_one_ends_the_drain(tarpit: Tarpit) -> None:
    cases = [(tarpit.url, False, 1), (tarpit.url, True, 1), (tarpit.url, False, 2)]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(interrupt, *zip(*cases, strict=True)))

    for (took, ended), limit in zip(found, (2.5, 2.5, 1.6), strict=True):
        assert took < limit
        assert ended.code == -signal.SIGINT
        assert ended.error.strip().splitlines()[-1] == "KeyboardInterrupt"
        assert ended.error.count("Traceback") == 1
        assert "Exception ignored" not in ended.error


SOURCES = {
    "a call made by another handler of the end": """
import atexit
fm.init(A["url"], "k")
job = fm.remember(task_type="t", model_id="m")(lambda q: q)
atexit.register(job, "late")
""",
    "a call made in a thread that is waited for": """
import threading
fm.init(A["url"], "k")
job = fm.remember(task_type="t", model_id="m")(lambda q: (time.sleep(.3), q))
threading.Thread(target=job, args=("late",)).start()
""",
    "a generator that is still open": """
fm.init(A["url"], "k")
@fm.remember(task_type="t", model_id="m")
def stream(q): yield q; yield q
open_one = stream("late")
next(open_one)
""",
    "a call within a loop that ended": """
import asyncio
fm.init(A["url"], "k")
@fm.remember(task_type="t", model_id="m")
async def job(q): return q
asyncio.run(job("late"))
""",
    "without init, by the environment": """
os.environ["FEATURE_MEMORY_URL"], os.environ["FEATURE_MEMORY_KEY"] = A["url"], "k"
fm.remember(task_type="t", model_id="m")(lambda q: q)("late")
""",
}


@pytest.mark.parametrize("name", SOURCES)
def test_what_is_made_last_arrives(server: FakeServer, name: str) -> None:
    ended = run(IMPORT + SOURCES[name], url=server.url)

    assert (ended.code, ended.error) == (0, "")
    assert server.one("late")


def test_a_server_known_to_be_dead_is_given_one_more_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("featurememory_client.delivery.courier.FIRST_PAUSE_S", 0.01)
    fm.init(dead_url(), "k")
    fm.remember(task_type="t", model_id="m")(lambda q: q)("hello")
    client = runtime.get_client()
    assert client is not None
    wait_for(lambda: client._sender.courier.failures >= KNOWN_DEAD)
    began = time.monotonic()
    client.close(began + 5)

    assert time.monotonic() - began < 1
    assert fm.stats()["dropped"] == 1


def test_calls_of_other_threads_do_not_prolong_the_end(server: FakeServer) -> None:
    source = (
        IMPORT
        + """
import threading
fm.init(A["url"], "k")
job = fm.remember(task_type="t", model_id="m")(lambda q: q)
def hum():
    while True: job("hum"); time.sleep(.001)
for _ in range(4): threading.Thread(target=hum, daemon=True).start()
time.sleep(.2)
say(end=time.time())
"""
    )
    ended = run(source, url=server.url)

    assert time.time() - ended.said["end"] < 1.5
    assert (ended.code, ended.error) == (0, "")


def test_one_client_that_fails_at_the_end_keeps_no_other_from_sending(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def close(self, *_: Any) -> None:
            raise RuntimeError("a bug")

        retire = close

    fm.init(server.url, "k")
    fm.remember(task_type="t", model_id="m")(lambda q: q)("hello")
    process = runtime.get_process()
    monkeypatch.setattr(process, "open_calls", [Broken()])
    monkeypatch.setattr(process, "retired", [process.client])
    monkeypatch.setattr(process, "client", Broken())
    runtime.close_all()
    monkeypatch.undo()

    assert server.one("hello")
