"""Importing and `init`: quick, quiet, and never in anybody's way."""

from __future__ import annotations

import threading
from typing import Any

import featurememory_client as fm
import pytest

from tests.integration.client.fake_server import FakeServer, wait_for
from tests.integration.client.programs import BEGIN, run

QUIET = (
    BEGIN
    + """
import signal
opened = []
sys.addaudithook(lambda event, args: opened.append(event) if event.startswith("socket.") else None)
began = time.thread_time()  # of the processor: other programs may keep this one waiting
import featurememory_client as fm
fm.init(A["url"], "k", spool=A["spool"])
took = time.thread_time() - began
time.sleep(0.2)
import threading
handlers = [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGTERM)]
say(took=took, opened=opened, threads=threading.active_count(),
    handlers=handlers == [signal.default_int_handler, signal.SIG_DFL],
    loaded=sorted(set(sys.modules) & {"asyncio", "django", "http.client", "httpx", "logging", "ssl"}))
"""
)


def test_importing_and_init_open_nothing_and_start_nothing(
    server: FakeServer, tmp_path: Any
) -> None:
    runs = [run(QUIET, url=server.url, spool=str(tmp_path)).said for _ in range(3)]

    assert min(said["took"] for said in runs) < 0.1
    assert runs[0]["opened"] == []
    assert runs[0]["threads"] == 1
    assert runs[0]["handlers"] is True
    assert runs[0]["loaded"] == []


@pytest.mark.parametrize("environment", [{}, {"DISABLED": "1", "URL": "http://x", "KEY": "k"}])
def test_off_means_that_nothing_happens_and_everything_works(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"FEATURE_MEMORY_{name}", value)
    before = threading.active_count()
    fm.init()

    @fm.remember(task_type="t", model_id="m")
    def double(number: int) -> int:
        return 2 * number

    with fm.interaction(task_type="t", model_id="m", input="x") as call:
        call.output = "y"
    task = {"task_type": "t", "model_id": "m", "input": "x"}
    fm.feedback(session_id="s", score=1)

    assert double(2) == 4
    assert fm.prepare(task).task == task
    assert fm.prepare(task).decision_id is None
    assert fm.flush() is True
    assert fm.stats()["sent"] == 0
    assert threading.active_count() == before


def test_the_environment_is_enough(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATURE_MEMORY_URL", server.url)
    monkeypatch.setenv("FEATURE_MEMORY_KEY", "fm_in_key")

    fm.remember(task_type="t", model_id="m")(lambda q: q)("hello")

    assert fm.flush()
    assert server.one("hello")
    assert server.requests[0][2]["Authorization"] == "Bearer fm_in_key"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x", "key": "k"},
        {"url": "http://x"},
        {"key": "k"},
        {"url": "http://x", "key": "k\r\nX-Evil: 1"},
        {"url": "http://x", "key": "k", "capture": "shape"},
        {"url": "http://x", "key": "k", "max_queue": "many"},
    ],
)
def test_what_cannot_be_used_turns_it_off_and_says_so(wrong: dict[str, Any]) -> None:
    with pytest.warns(RuntimeWarning, match="Feature Memory is off"):
        fm.init(**wrong)

    assert fm.flush() is True
    assert fm.stats()["last_error"]


def test_init_again_with_the_same_settings_keeps_what_waits(server: FakeServer) -> None:
    fm.init(server.url, "k")
    fm.remember(task_type="t", model_id="m")(lambda q: q)("first")
    fm.init(server.url, "k")

    assert fm.flush()
    assert fm.stats()["sent"] == 1


def test_init_with_another_server_still_sends_what_waited_to_the_first(server: FakeServer) -> None:
    second = FakeServer()
    fm.init(server.url, "k")
    job = fm.remember(task_type="t", model_id="m")(lambda q: q)
    job("first")
    fm.init(second.url, "k")
    job("second")

    assert fm.flush()
    assert second.one()["input"] == "second"
    wait_for(lambda: server.found("first"))
    second.close()


def test_a_sub_path_of_the_server_is_kept(server: FakeServer) -> None:
    fm.init(f"{server.url}/memory/", "k")
    server.answer = lambda path, body: (207, {"accepted": 1, "duplicates": 0, "rejected": []}, {})
    fm.remember(task_type="t", model_id="m")(lambda q: q)("hello")

    assert fm.flush()
    assert server.requests[0][0] == "/memory/api/v1/interactions/batch/"
