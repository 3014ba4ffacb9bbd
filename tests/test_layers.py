"""The engine and the client are plain Python, and every import points down (.importlinter)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PURE = ["patterns.engine", "optimizations.engine", "featurememory.errors"]
FRAMEWORKS = ["django", "rest_framework", "celery", "kombu", "redis", "psycopg", "plotly"]

IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(getattr(package, "__path__", []), f"{sys.argv[1]}."):
    importlib.import_module(module.name)
loaded = {name.partition(".")[0] for name in sys.modules}
print(*sorted(loaded & set(sys.argv[2:])))
"""


def exists(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


@pytest.mark.parametrize("package", [name for name in PURE if exists(name)])
def test_importing_it_loads_no_framework(package: str) -> None:
    command = [sys.executable, "-c", IMPORT_ALL, package, *FRAMEWORKS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_every_import_keeps_to_its_layer() -> None:
    # The command is a script beside the interpreter; -m knows no importlinter package.
    command: list[str | Path] = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stdout
