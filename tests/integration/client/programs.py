"""Small programs run as processes: what happens at their end can be seen only from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[3] / "integration" / "client"
BEGIN = """
import json, os, sys, time
A = json.loads(os.environ["ARGUMENTS"])
def say(**values): print("SAY " + json.dumps(values, default=repr), flush=True)
"""
IMPORT = BEGIN + "import featurememory_client as fm\n"


@dataclass
class Ended:
    code: int
    error: str
    said: dict[str, Any] = field(default_factory=dict)


def start(source: str, **arguments: Any) -> subprocess.Popen[str]:
    environment = {n: v for n, v in os.environ.items() if not n.startswith("FEATURE_MEMORY_")}
    environment |= {"PYTHONPATH": str(FOLDER), "ARGUMENTS": json.dumps(arguments)}
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", source]
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


def finish(process: subprocess.Popen[str], seconds: float = 30) -> Ended:
    try:
        out, error = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        out, error = process.communicate()
        raise AssertionError(f"it did not end within {seconds} s: {error}") from None
    ended = Ended(process.returncode, error)
    for line in out.splitlines():
        if line.startswith("SAY "):
            ended.said |= json.loads(line[4:])
    return ended


def run(source: str, **arguments: Any) -> Ended:
    return finish(start(source, **arguments))
