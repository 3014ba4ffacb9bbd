"""Types are ready for threads before there are any: msgspec is not while it builds their tables."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import msgspec

from featurememory.process import struct_tables

ROOT = Path(__file__).resolve().parents[3]
FRESH = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "featurememory.settings"
import django
django.setup()
from featurememory.process import struct_tables
from integration.startup import build_struct_tables
import msgspec
build_struct_tables()
print(*sorted(f"{one.__module__}.{one.__qualname__}" for one in struct_tables.find_structs(msgspec.Struct)))
"""
RACE = """
import sys, threading
sys.setswitchinterval(1e-6)
import msgspec
from featurememory.process import struct_tables
from optimizations.engine.domain.task import Task, TaskDecision
struct_tables.build_tables(())
raw = msgspec.msgpack.encode(TaskDecision("d", Task("m")))
ready = threading.Barrier(8)
def decode():
    ready.wait()
    for _ in range(20):
        msgspec.msgpack.decode(raw, type=TaskDecision)
threads = [threading.Thread(target=decode) for _ in range(8)]
for one in threads: one.start()
for one in threads: one.join()
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return done.stdout


def test_every_type_there_is_is_built_before_the_first_thread() -> None:
    for package in struct_tables.OURS:
        for found in walk_packages(import_module(package).__path__, f"{package}."):
            if not {"migrations", "wsgi", "celery"} & set(found.name.split(".")):
                import_module(found.name)
    everything = {
        f"{one.__module__}.{one.__qualname__}" for one in struct_tables.find_structs(msgspec.Struct)
    }

    assert everything - set(run(FRESH).split()) == set()


def test_threads_that_decode_a_type_for_the_first_time_at_once_live() -> None:
    for _ in range(5):
        run(RACE)
