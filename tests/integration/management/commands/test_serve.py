"""The real server as a process, on SQLite in a directory of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests import servers
from tests.builders import item

ROOT = Path(__file__).resolve().parents[4]
# After 15 s granian kills a worker that does not stop by itself, and says so.
WITH_THE_KILL = 90.0
KILLED = "Killing"


class Server:
    def __init__(self, home: Path, static: Path, **more: str) -> None:
        self.home, self.port = home, servers.free_port()
        given = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
        self.environment = {**given, "FM_STATIC_ROOT": str(static), **more}
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "manage.py", "serve", "--no-demo", "--port", str(self.port)]
        command += ["--data-dir", str(self.home / "data")]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        servers.wait_until(self.is_ready, "the server")
        return self.process

    def is_ready(self) -> bool:
        try:
            address = f"http://127.0.0.1:{self.port}/health/ready"
            return httpx.get(address, timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def output(self) -> str:
        return (self.home / "log").read_text()


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collected by the first start, for all: compressing takes longer than everything else."""
    return tmp_path_factory.mktemp("static")


@pytest.fixture
def server(tmp_path: Path, static: Path) -> Iterator[Server]:
    running = Server(tmp_path, static)
    yield running
    if running.process.poll() is None:
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_its_processes_ends_it_cleanly(
    server: Server, sign: signal.Signals
) -> None:
    os.killpg(server.process.pid, sign)  # Ctrl-C in a terminal, or a service manager

    assert server.process.wait(WITH_THE_KILL) == 0
    assert KILLED not in server.output()
    with pytest.raises(ProcessLookupError):
        os.killpg(server.process.pid, 0)


def test_told_again_and_again_its_worker_still_stops_by_itself(server: Server) -> None:
    """As when a service manager signals every process, and the server its worker on top of that."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    (worker,) = map(int, children.read_text().split())
    os.kill(server.process.pid, signal.SIGTERM)
    for _ in range(20):
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGTERM)
        time.sleep(0.003)

    assert server.process.wait(WITH_THE_KILL) == 0
    assert KILLED not in server.output()


def test_the_printed_curl_line_works_when_pasted(server: Server) -> None:
    line = server.output().partition("Send a first interaction:\n")[2].split("\n\n")[0]
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False
    )

    assert '"status":"stored"' in done.stdout, done.stderr


def test_a_login_link_comes_by_command_and_never_into_the_log(server: Server) -> None:
    command = [
        sys.executable,
        "manage.py",
        "login_link",
        "--url",
        f"http://127.0.0.1:{server.port}",
    ]
    given = server.environment | {"FM_DATA_DIR": str(server.home / "data")}
    link = subprocess.check_output(command, cwd=ROOT, env=given, text=True).strip()
    assert "/login/once/" not in server.output()

    with httpx.Client(follow_redirects=True) as browser:
        assert "Sign in as admin?" in browser.get(link).text
        form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert "/login/" not in str(browser.post(link, data=form).url)
    with httpx.Client(follow_redirects=True) as another:
        assert "/login/" in str(another.get(link).url)


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory, static: Path) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("memory"), static, FM_STORAGE="memory")
    yield running
    if running.process.poll() is None:
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()


def api_of(server: Server) -> httpx.Client:
    key = server.output().rpartition("API key")[2].split()[0]
    address = f"http://127.0.0.1:{server.port}/api/v1/"
    return httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=30)


def written_to(process: int) -> list[str]:
    """The regular files outside the checkout that this process group has open for writing."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) != process:
                continue
            for entry in (folder / "fd").iterdir():
                flags = (folder / "fdinfo" / entry.name).read_text().split("flags:")[1].split()[0]
                target = str(entry.readlink())
                if int(flags, 8) & 3 and target.startswith("/") and Path(target).is_file():
                    found.append(target)
        except OSError:
            continue
    return [name for name in found if Path(name).name != "log"]


def test_in_memory_it_behaves_alike_and_writes_nothing_to_disk(in_memory: Server) -> None:
    assert "LOST when this server stops" in in_memory.output()
    with api_of(in_memory) as api:
        sent = [item(number) for number in range(300)]
        assert api.post("interactions/batch/", json=sent).json()["accepted"] == 300
        assert api.post("interactions/batch/", json=sent).json()["duplicates"] == 300
        servers.wait_until(
            lambda: api.get("interactions/i-299/").json()["pattern_id"] is not None, "recognition"
        )
        task = {"task": {"task_type": "t", "model_id": "m", "input": "Where is my order 7?"}}
        assert api.post("tasks/prepare/", json=task).status_code == 200
        assert api.get("config/").json()["storage"]["type"] == "memory"
        assert api.get("patterns/").json()["data"]

    assert written_to(in_memory.process.pid) == []
    assert not (in_memory.home / "data").exists()


def test_in_memory_many_readers_and_writers_at_once_are_all_answered(in_memory: Server) -> None:
    def write(number: int) -> int:
        sent = [item(number * 50 + offset) for offset in range(50)]
        with api_of(in_memory) as api:
            return api.post("interactions/batch/", json=sent).status_code

    def read(_: int) -> int:
        with api_of(in_memory) as api:
            return api.get("interactions/").status_code

    with ThreadPoolExecutor(8) as pool:
        written, seen = pool.map(write, range(30)), pool.map(read, range(60))
        assert (set(written), set(seen)) == ({207}, {200})


def test_in_memory_a_stop_forgets_everything(in_memory: Server) -> None:
    with api_of(in_memory) as api:
        assert api.post("interactions/", json=item(1, id="kept")).status_code == 201
    os.killpg(in_memory.process.pid, signal.SIGTERM)
    assert in_memory.process.wait(WITH_THE_KILL) == 0
    assert KILLED not in in_memory.output()
    in_memory.start()

    with api_of(in_memory) as api:
        assert api.get("interactions/kept/").status_code == 404


def test_in_memory_a_command_says_that_it_cannot_reach_the_server(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "create_api_key", "--project", "p", "--kind", "ro"]
    usual = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=usual | {"FM_STORAGE": "memory", "FM_DATA_DIR": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "out of reach" in done.stderr
    assert not (tmp_path / "data").exists()
