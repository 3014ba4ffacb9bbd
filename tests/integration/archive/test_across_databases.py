"""The commands, from one kind of database to the other and back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import servers

ROOT = Path(__file__).resolve().parents[3]
LIVED = """
from django.core.management import call_command
from featurememory.models import Project
from integration.startup import migrate_database
from tests.builders import item, keep, learn_all
migrate_database()
project = Project.named("shop")
odd = {"z": 1e22, "a": [1.0, 1e16, -0.0, 0.1 + 0.2, 5e-324], "\\u00e9": "\\U0001f600 \\u2028"}
tags = {"env": "prod", "more": odd}
keep(project, [item(n, tags=tags, input={"order": n, "kind": "é"}) for n in range(12)])
keep(project, [item(n, input=f"Where is parcel {n}?") for n in range(50, 62)])
learn_all(project)
from patterns.models import Feedback
Feedback.objects.create(project=project, target="session", target_id="s", metric_name="n", value=odd)
call_command("export", "--project", "shop", "--output", "{output}")
"""


def manage(*words: Any, **environment: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
    done = subprocess.run(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_project_goes_to_postgresql_and_back(postgresql_server: str, tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{n}.tar.zst" for n in (1, 2, 3))
    there = {
        "FM_DATABASE_URL": servers.create_database(postgresql_server, "archive"),
        "FM_DATA_DIR": str(tmp_path / "postgresql"),
    }
    back = {"FM_DATA_DIR": str(tmp_path / "back")}

    made = LIVED.replace("{output}", str(first))
    manage("shell", "-c", made, FM_DATA_DIR=str(tmp_path / "sqlite"))
    told = manage("restore", first, "--project", "shop", **there)
    manage("export", "--project", "shop", "--output", second, **there)
    manage("restore", second, "--project", "shop", **back)
    manage("export", "--project", "shop", "--output", third, **back)

    assert "24 interactions" in told
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()
