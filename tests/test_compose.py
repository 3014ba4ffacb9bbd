"""The commands of docker-compose.yml as processes, against a real PostgreSQL and Redis.

No container engine is needed: what is tested is that several processes share the work and that
nothing is lost when one of them dies.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests import servers

ROOT = Path(__file__).resolve().parent.parent
KEY = "fm_ad_ComposeTest1_0123456789abcdefghijklmnop"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.mark.parametrize("service", COMPOSE["services"])
def test_containers_have_no_rights_they_do_not_need(service: str) -> None:
    told = COMPOSE["services"][service]

    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert told["mem_limit"]
    assert told.get("read_only") or service == "postgres"  # its volume is not all it writes to
    assert not told.get("privileged")


def test_only_the_web_server_is_published_and_on_this_machine_only() -> None:
    published = {name: told.get("ports", []) for name, told in COMPOSE["services"].items()}

    assert published.pop("web") == ["${FM_PUBLISH:-127.0.0.1:8000}:8000"]
    assert not any(published.values())


def test_an_empty_variable_is_the_default_so_the_example_starts_as_it_is(tmp_path: Path) -> None:
    given = {name: text for name, text in os.environ.items() if not name.startswith("FM_")}
    empty = dict.fromkeys(COMPOSE["x-app"]["environment"], "")
    code = "from featurememory import settings as s; print(s.PASSWORD_SIGN_IN, s.HTTPS, s.OIDC)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=given | empty | {"FM_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert done.stdout.split() == ["True", "False", "None"], done.stderr


class Stack:
    """The services of the compose file, started one by one on 127.0.0.1."""

    def __init__(self, home: Path, database: str, redis: str, stack: ExitStack) -> None:
        self.home, self.stack, self.port = home, stack, servers.free_port()
        given = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
        ours = dict.fromkeys(COMPOSE["x-app"]["environment"], "")
        ours |= {"FM_DATABASE_URL": database, "FM_REDIS_URL": redis, "FM_LOG_LEVEL": "INFO"}
        ours |= {"FM_SECRET_KEY": "compose-test" * 5, "FM_ALLOWED_HOSTS": "127.0.0.1"}
        ours |= {"FM_INIT_PROJECT": "compose", "FM_INIT_API_KEY": KEY}
        ours |= {"FM_DATA_DIR": str(home / "data"), "FM_STATIC_ROOT": str(home / "static")}
        self.environment = {**given, **ours}
        self.client = stack.enter_context(
            httpx.Client(
                base_url=f"http://127.0.0.1:{self.port}",
                headers={"Authorization": f"Bearer {KEY}"},
                timeout=30,
            )
        )

    def command(self, service: str) -> list[str]:
        """The service's command, with this machine's programs, address and port."""
        here = {
            "python": sys.executable,
            "celery": str(Path(sys.executable).parent / "celery"),
            "0.0.0.0": "127.0.0.1",
            "8000": str(self.port),
        }
        return [here.get(word, word) for word in COMPOSE["services"][service]["command"]]

    def start(self, service: str) -> subprocess.Popen[bytes]:
        return self.stack.enter_context(self.running(service))

    @contextmanager
    def running(self, service: str) -> Iterator[subprocess.Popen[bytes]]:
        with (self.home / f"{service}.log").open("ab") as log:
            process = subprocess.Popen(
                self.command(service),
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a container dies as a whole; so does this group
            )
        try:
            yield process
        finally:
            kill(process)

    def is_ready(self) -> bool:
        try:
            return self.client.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def post(self, first: int, count: int) -> None:
        items = [interaction(number) for number in range(first, first + count)]
        answer = self.client.post("/api/v1/interactions/batch/", json=items)
        assert (answer.status_code, answer.json()["accepted"]) == (207, count), answer.text

    def interactions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        query: dict[str, str] = {"limit": "200"}
        while True:
            page = self.client.get("/api/v1/interactions/", params=query).json()
            found += page["data"]
            if not page["meta"]["next_cursor"]:
                return found
            query["cursor"] = page["meta"]["next_cursor"]

    def all_recognized(self, count: int) -> bool:
        rows = self.interactions()
        return len(rows) == count and all(row["recognized_at"] for row in rows)

    def uses(self) -> int:
        patterns = self.client.get("/api/v1/patterns/", params={"limit": "200"}).json()["data"]
        return sum(pattern["metadata"]["use_count"] for pattern in patterns)


def interaction(number: int) -> dict[str, Any]:
    return {
        "id": f"compose-{number}",
        "model_id": "model-a",
        "input": f"Where is my order A-{number:05}?",
        "output": f"Your order A-{number:05} is on its way.",
        "metadata": {"timestamp": 1_790_000_000_000 + number * 1000, "duration": 100 + number},
        "success": True,
    }


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 for the process and its children, as a container's death is."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def stack(tmp_path: Path, postgresql_server: str, redis_server: str) -> Iterator[Stack]:
    database = servers.create_database(postgresql_server, f"compose_{os.getpid()}")
    with ExitStack() as opened:
        running = Stack(tmp_path, database, redis_server, opened)
        yield running
    for log in sorted(tmp_path.glob("*.log")):  # shown when the test failed
        print(f"== {log.name}\n{log.read_text()[-4000:]}")


def test_a_killed_worker_loses_nothing_and_learns_nothing_twice(stack: Stack) -> None:
    stack.start("web")
    servers.wait_until(stack.is_ready, "the web server")
    worker = stack.start("worker")
    stack.start("beat")
    stack.post(0, 50)
    servers.wait_until(lambda: stack.all_recognized(50), "50 recognised interactions")
    assert "broker" not in (stack.home / "web.log").read_text()

    for first in range(50, 1050, 250):
        stack.post(first, 250)
    kill(worker)
    stack.start("worker")

    # A dead worker's lease ends after 30 s.
    servers.wait_until(lambda: stack.all_recognized(1050), "1,050 recognised interactions", 120)
    assert stack.uses() == 1050


def test_without_redis_interactions_are_stored_and_refusals_are_explained(
    tmp_path: Path, postgresql_server: str
) -> None:
    database = servers.create_database(postgresql_server, f"alone_{os.getpid()}")
    nowhere = f"redis://127.0.0.1:{servers.free_port()}/0"
    with ExitStack() as opened:
        stack = Stack(tmp_path, database, nowhere, opened)
        stack.start("web")
        servers.wait_until(stack.is_ready, "the web server")

        stack.post(0, 20)
        refused = stack.client.post("/api/v1/interactions/", json={"model_id": "m"})
        assert (refused.status_code, refused.json()["code"]) == (422, "VALIDATION_FAILED")


@pytest.mark.parametrize("service", ["web", "worker", "beat"])
def test_every_process_waits_for_a_healthy_database_and_broker(service: str) -> None:
    needs = COMPOSE["services"][service]["depends_on"]

    healthy = {name for name, need in needs.items() if need["condition"] == "service_healthy"}
    assert {"postgres", "redis"} <= healthy
    assert all("healthcheck" in COMPOSE["services"][name] for name in ("postgres", "redis"))


def test_the_image_contains_every_package_of_the_project() -> None:
    taken = {line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines()}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert packages | {"manage.py", "requirements.txt", "templates", "static"} <= taken


@pytest.mark.parametrize("name", ["web", "worker", "beat", "redis"])
def test_a_container_can_do_no_more_than_it_needs(name: str) -> None:
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["mem_limit"]


def test_redis_asks_for_a_password() -> None:
    assert "--requirepass" in COMPOSE["services"]["redis"]["command"]
    assert ":${REDIS_PASSWORD" in COMPOSE["x-app"]["environment"]["FM_REDIS_URL"]
