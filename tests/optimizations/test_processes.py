"""Several web processes decide and learn at once on one database."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
import psycopg
import pytest
import zstandard

from optimizations.decision_log.log import DecisionRecord
from optimizations.engine.domain.assignment import assign_position
from optimizations.engine.domain.optimization import OptimizationState
from optimizations.engine.domain.task import CONTROL, Draw
from tests import servers

ROOT = Path(__file__).resolve().parents[2]
KEY = "fm_ad_ProcessTest1_0123456789abcdefghijklmnop"
TASKS = 500
NOON = 1_795_348_800_000


class Several:
    """Server processes on one database, and a look into its tables."""

    def __init__(self, home: Path, database: str, opened: ExitStack) -> None:
        self.home, self.database, self.opened = home, database, opened
        given = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
        ours = {"FM_SECRET_KEY": "process-test" * 5, "FM_INIT_PROJECT": "several"}
        ours |= {"FM_INIT_API_KEY": KEY, "FM_STATIC_ROOT": str(home / "static")}
        ours |= {"FM_DATABASE_URL": database} if database else {}
        self.environment = {**given, **ours}
        self.clients = [self.start(number) for number in range(2)]

    def start(self, number: int) -> httpx.Client:
        port = servers.free_port()
        log = self.opened.enter_context((self.home / f"server-{number}.log").open("wb"))
        command = [sys.executable, "manage.py", "serve", "--no-demo", "--port", str(port)]
        process = subprocess.Popen(
            [*command, "--data-dir", str(self.home / "data")],
            cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self.opened.callback(process.wait)
        self.opened.callback(os.killpg, process.pid, signal.SIGTERM)
        client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}/api/v1/",
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=60,
        )
        self.opened.callback(client.close)
        servers.wait_until(lambda: is_ready(client), f"server {number}", 90)
        return client

    def rows(self, query: str) -> list[Any]:
        if self.database:
            with psycopg.connect(self.database) as connection:
                return connection.execute(query).fetchall()
        with sqlite3.connect(self.home / "data" / "featurememory.sqlite3") as file:
            return file.execute(query).fetchall()

    def call(self, number: int, path: str, body: Any) -> dict[str, Any]:
        answer = self.clients[number % 2].post(path, json=body)
        assert answer.status_code < 300, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def prepare(self, number: int, session: str, **more: Any) -> dict[str, Any]:
        task = {"model_id": "large", "task_type": "chat", "session_id": session}
        task["input"] = f"Where is my order {session}?"
        return self.call(number, "tasks/prepare/", {"task": task, **more})

    def run(self, number: int) -> dict[str, Any]:
        """One task through one process, its outcome through the other, a word through the first."""
        prepared = self.prepare(number, f"s-{number}")
        model = prepared["task"]["model_id"]
        self.call(
            number + 1,
            "interactions/",
            {
                "id": f"i-{number}", "model_id": model, "task_type": "chat",
                "session_id": f"s-{number}", "input": prepared["task"]["input"],
                "output": f"It is in truck {number}.", "decision_id": prepared["decision_id"],
                "metadata": {"timestamp": NOON + number * 1000, "duration": 100},
                "usage": {"cost": 0.1 if model == "small" else 1.0},
                "success": None if number % 3 == 0 else True,
            },
        )  # fmt: skip
        if number % 3 == 0:
            word = {"metric_name": "success", "value": True}
            self.call(number, "feedback/", {"decision_id": prepared["decision_id"], **word})
        return prepared

    def is_counted(self) -> bool:
        (pending,) = self.rows("SELECT count(*) FROM patterns_modelinteraction WHERE state = 0")
        (waiting,) = self.rows("SELECT count(*) FROM optimizations_waitingoutcome")
        return bool(pending[0] + waiting[0] == 0)

    def logged(self) -> list[tuple[DecisionRecord, int | None]]:
        found = self.rows("SELECT data, interaction FROM optimizations_decision ORDER BY number")
        decode = msgspec.msgpack.Decoder(DecisionRecord).decode
        return [(decode(zstandard.decompress(bytes(data))), number) for data, number in found]


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("models/").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(params=["sqlite", "postgresql"])
def several(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Several]:
    database = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        database = servers.create_database(server, f"several_{os.getpid()}")
    with ExitStack() as opened:
        yield Several(tmp_path, database, opened)
    for log in sorted(tmp_path.glob("*.log")):  # shown when the test failed
        print(f"== {log.name}\n{log.read_text()[-4000:]}")


def test_two_processes_decide_and_learn_as_one(several: Several) -> None:
    several.clients[0].patch("config/", json={"optimizations": {"exploration_budget": 0.5}})
    for name, price in (("large", 10.0), ("small", 1.0)):
        several.call(0, "models/", {"model_id": name, "prices": {"per_call": price}})
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(several.run, range(TASKS)))
    servers.wait_until(several.is_counted, "every outcome to be counted", 120)

    check_decisions(several, answers)
    check_counts(several)
    check_activations(several)
    check_arms(several)
    check_a_persons_word(several)


def check_decisions(several: Several, answers: list[dict[str, Any]]) -> None:
    """Each is stored once, as answered; what was drawn follows from the digest alone."""
    log = several.logged()
    found = {entry.decision.id: entry.decision for entry, _ in log}
    ((salt,),) = several.rows("SELECT salt FROM optimizations_policystate")

    assert Counter(entry.decision.id for entry, _ in log) == Counter(
        answer["decision_id"] for answer in answers
    )
    for answer in answers:
        decision = found[answer["decision_id"]]
        assert (decision.propensity, decision.reason) == (answer["propensity"], answer["reason"])
        for draw in decision.draws:
            unit = (bytes(salt), draw.kind, "chat", draw.base, decision.task.session_id or "")
            assert draw.chosen == drawn(draw, assign_position(unit[0], *unit[1:]))


def drawn(draw: Draw, place: float) -> str:
    """Control lies at the upper end of the line, the others before it in their order."""
    reached = 0.0
    for arm, share in zip(draw.arms[1:], draw.probabilities[1:], strict=True):
        reached += share
        if place < reached:
            return arm
    return CONTROL


def states_of(several: Several) -> list[OptimizationState]:
    rows = several.rows("SELECT state FROM optimizations_optimization WHERE state <> ''")
    return [OptimizationState.from_bytes(bytes(state)) for (state,) in rows]


def check_counts(several: Several) -> None:
    """Every outcome has been counted once: the sums of the arms are those of the log."""
    log = several.logged()
    assert len({number for _, number in log}) == TASKS
    state = next(one for one in states_of(several) if one.kind == "route_model")
    treated = control = 0
    for entry, _ in log:
        draw = next((d for d in entry.decision.draws if d.kind == "route_model"), None)
        treated += draw is not None and draw.chosen == state.id
        control += draw is not None and state.id in draw.arms and not draw.chosen
    assert (state.treated.n, state.control.n) == (treated, control)
    assert (state.treated.quality, state.control.quality) == (treated, control)
    assert state.treated.cost == pytest.approx(0.1 * treated)
    assert treated > 100


def check_activations(several: Several) -> None:
    """What was proven has been activated, and once."""
    steps = several.rows(
        "SELECT optimization_id, after FROM optimizations_optimizationevent WHERE before <> after"
    )
    active = Counter(name for name, after in steps if after == "active")
    assert active
    assert set(active.values()) == {1}


def check_arms(several: Several) -> None:
    """A session falls to the same arm in every process."""

    def arms(number: int) -> list[Any]:
        asked = (several.prepare(number, f"new-{k}", dry_run=True) for k in range(40))
        return [(answer["changed"], answer["propensity"]) for answer in asked]

    servers.wait_until(lambda: arms(0) == arms(1), "both processes to answer alike", 30)


def check_a_persons_word(several: Several) -> None:
    """What is blocked or pinned in one process is so in the other, two seconds later."""
    route = next(one for one in states_of(several) if one.kind == "route_model").id

    def served(number: int) -> set[str]:
        asked = (several.prepare(number, f"word-{k}", dry_run=True) for k in range(20))
        return {answer["reason"] for answer in asked}

    several.call(0, f"optimizations/{route}/block/", {})
    servers.wait_until(lambda: served(1) == {"none"}, "the block in the other process", 30)
    several.call(1, f"optimizations/{route}/pin/", {})
    servers.wait_until(lambda: "pinned" in served(0), "the pin in the other process", 30)
    assert UUID(route)
