"""The server's process: what it loads, because what it loads stays in memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ASK = """
import gc, sys
import featurememory.wsgi
from django.urls import get_resolver
get_resolver().reverse_dict
others = ("psycopg", "plotly", "httpx", "pyarrow", "requests", "authlib", "segno")
print(*(name for name in others if sys.modules.get(name)))
import requests, rest_framework.compat
print(rest_framework.compat.requests)
print(gc.get_freeze_count() > 10_000)
"""


def test_an_idle_server_on_sqlite_holds_no_driver_of_another_database_and_no_charts(
    tmp_path: Path,
) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
    own |= {"FM_DATA_DIR": str(tmp_path), "FM_SERVING": "web"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=own, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == ["", "None", "True"]
