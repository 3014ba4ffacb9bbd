"""A server of our own for the benchmarks: started as people start it, watched from outside."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import answers, free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
JSON = "application/json"


class Client:
    """One keep-alive connection; not to be shared by threads."""

    def __init__(self, port: int, key: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": JSON}

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body; status 0 when there was no answer."""
        try:
            self.connection.request(method, path, body, self.headers)
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.connection.close()
            return 0, repr(error).encode()


@dataclass(frozen=True)
class Use:
    """Of all processes of a server: CPU seconds so far, resident and proportional MB."""

    cpu_s: float
    rss: float
    pss: float


@dataclass
class Served:
    process: subprocess.Popen[bytes]
    port: int
    key: str
    folder: Path
    database_url: str = ""

    def client(self) -> Client:
        return Client(self.port, self.key)

    def processes(self) -> list[int]:
        """The server and its descendants; its session is its own."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            fields = stat(entry)
            if fields and int(fields[3]) == self.process.pid and fields[0] != "Z":
                found.append(int(entry.name))
        return found

    def use(self) -> Use:
        pids = self.processes()
        cpu = sum(cpu_seconds(pid) for pid in pids)
        return Use(cpu, total(pids, "Rss:"), total(pids, "Pss:"))

    def bytes_on_disk(self) -> int:
        """The database with its log: what `storage.max_size` bounds."""
        if self.database_url:
            return postgresql_bytes(self.database_url)
        return sum(size_of(path) for path in self.folder.glob("featurememory.sqlite3*"))

    def bytes_of_log(self) -> int:
        """SQLite's write-ahead log; PostgreSQL's belongs to the cluster."""
        return 0 if self.database_url else size_of(self.folder / "featurememory.sqlite3-wal")


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # the log may go at any moment
        return 0


def postgresql_bytes(url: str) -> int:
    import psycopg

    with psycopg.connect(url) as database:
        row = database.execute("SELECT pg_database_size(current_database())").fetchone()
    return int(row[0]) if row else 0


def stat(entry: Path) -> list[str]:
    try:
        return (entry / "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and of its children that have ended."""
    fields = stat(Path(f"/proc/{pid}"))
    return sum(int(value) for value in fields[11:15]) / TICKS if fields else 0.0


def total(pids: list[int], name: str) -> float:
    found = 0.0
    for pid in pids:
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(name):
                    found += int(line.split()[1]) / 1024
        except OSError:
            continue
    return found


@contextmanager
def served(database_url: str = "", learning: bool = True, **thresholds: int) -> Iterator[Served]:
    """A server on a free port with an empty database; gone afterwards with all its data.

    Without `learning` no background work runs: it stores only. `thresholds` are set through the
    API, as `max_size=2**30`.
    """
    folder = Path(tempfile.mkdtemp(prefix="fm-bench-"))
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    key = "fm_ad_" + "_".join("".join(secrets.choice(letters) for _ in range(n)) for n in (12, 40))
    port = free_port()
    environment = environment_of(folder, key, database_url, learning)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port), "--no-demo"],
            cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until(lambda: answers(port) or process.poll() is not None, "the server")
        found = Served(process, port, key, folder, database_url)
        set_thresholds(found, thresholds)
        yield found
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def environment_of(folder: Path, key: str, database_url: str, learning: bool) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
    own |= {"FM_DATA_DIR": str(folder), "FM_STATIC_ROOT": str(folder / "static")}
    own |= {"FM_INIT_PROJECT": "bench", "FM_INIT_API_KEY": key}
    own |= {"FM_DATABASE_URL": database_url} if database_url else {}
    return own | ({} if learning else {"FM_EMBEDDED": "no"})


def set_thresholds(found: Served, thresholds: Mapping[str, int]) -> None:
    body = json.dumps({"storage": thresholds}).encode()
    deadline = time.monotonic() + 60
    while found.client().send("PATCH", "/api/v1/config/", body)[0] != 200:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the server does not answer:\n{(found.folder / 'log').read_text()}")
        time.sleep(0.1)
