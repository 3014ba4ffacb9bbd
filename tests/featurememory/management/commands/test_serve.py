"""The real server as a process, on SQLite in a directory of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import servers

ROOT = Path(__file__).resolve().parents[4]
# granian kills a worker that does not stop by itself after 15 s.
BEFORE_THE_KILL = 12.0


class Server:
    def __init__(self, home: Path, static: Path) -> None:
        self.home, self.port = home, servers.free_port()
        given = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
        self.environment = {**given, "FM_STATIC_ROOT": str(static)}
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

    assert server.process.wait(BEFORE_THE_KILL) == 0
    with pytest.raises(ProcessLookupError):
        os.killpg(server.process.pid, 0)


def test_the_printed_curl_line_works_when_pasted(server: Server) -> None:
    line = server.output().partition("Send a first interaction:\n")[2].split("\n\n")[0]
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, text=True, timeout=60, check=False
    )

    assert '"status":"stored"' in done.stdout, done.stderr


def test_a_second_start_prints_a_login_link_that_signs_in_once(server: Server) -> None:
    os.killpg(server.process.pid, signal.SIGTERM)
    server.process.wait(BEFORE_THE_KILL)
    server.start()
    link = server.output().rpartition("Sign in once")[2].split()[0]

    with httpx.Client(follow_redirects=True) as browser:
        assert "/login/" not in str(browser.get(link).url)
    with httpx.Client(follow_redirects=True) as another:
        assert "/login/" in str(another.get(link).url)
