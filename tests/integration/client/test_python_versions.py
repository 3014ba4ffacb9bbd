"""The client as it is installed, run by every Python of this machine that it is made for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.client.fake_server import FakeServer
from tests.integration.client.programs import FOLDER

MADE_FOR = range(9, 14)  # of 3.x
PROGRAM = """
import asyncio, sys
import featurememory_client as fm

fm.init(sys.argv[1], "k")

@fm.remember(task_type="t", model_id="m")
def plain(question): return "answer"

@fm.remember(task_type="t", model_id="m")
async def coroutine(question): return "answer"

@fm.remember(task_type="t", model_id="m")
def pieces(question): yield from ("an", "swer")

@fm.remember(task_type="t", model_id="m")
async def async_pieces(question):
    for piece in ("an", "swer"):
        yield piece

async def main():
    await coroutine("coroutine.")
    async for _ in async_pieces("async pieces."):
        pass
    async with fm.interaction(task_type="t", model_id="m", input="async block.") as call:
        call.output = "answer"

plain("plain.")
list(pieces("pieces."))
with fm.interaction(task_type="t", model_id="m", input="block.", session_id="s") as call:
    call.output, call.usage = "answer", {"input_tokens": 7}
asyncio.run(main())
decision = fm.prepare({"task_type": "t", "model_id": "m", "input": "prepared."}, timeout=5)
assert decision.decision_id == "decision-1", decision
"""


def find_pythons() -> list[str]:
    """This one, and those by their usual names or kept by pyenv. `.` is the minor version."""
    found = {sys.version_info.minor: sys.executable}
    for minor in MADE_FOR:
        kept = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        for candidate in [*map(str, kept), shutil.which(f"python3.{minor}")]:
            if candidate and runs(candidate, minor):
                found.setdefault(minor, candidate)
    return [found[minor] for minor in sorted(found)]


def runs(python: str, minor: int) -> bool:
    """A shim of pyenv is there for versions that are not."""
    look = [python, "-c", "import sys; print(sys.version_info.minor)"]
    return subprocess.run(look, capture_output=True, text=True).stdout.strip() == str(minor)


@pytest.mark.parametrize("python", find_pythons())
def test_every_kind_of_call_is_recorded_once(python: str, server: FakeServer) -> None:
    clean = {n: v for n, v in os.environ.items() if not n.startswith(("FEATURE_", "PYTHON"))}
    done = subprocess.run(
        [python, "-W", "error", "-c", PROGRAM, server.url],
        capture_output=True,
        text=True,
        timeout=60,
        env={**clean, "PYTHONPATH": str(FOLDER), "PYTHONDONTWRITEBYTECODE": "1"},
    )

    assert (done.returncode, done.stderr) == (0, "")
    inputs = sorted(json.dumps(entry["input"]) for entry in server.acknowledged)
    names = ["async block.", "async pieces.", "block.", "coroutine.", "pieces.", "plain."]
    assert inputs == [f'"{name}"' for name in names]
    assert {entry["output"] for entry in server.acknowledged} == {"answer"}
