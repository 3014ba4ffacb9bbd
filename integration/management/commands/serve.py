"""`manage.py serve`: web and background work in one process (web only when Redis is named)."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from featurememory.checks import data_is_private
from featurememory.http.connections.worker_slots import THREADS
from integration import startup


class Command(BaseCommand):
    help = "Start Feature Memory: web and background work in one process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="default 8000")
        parser.add_argument("--data-dir", help="where the data lies; default FM_DATA_DIR or var")
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo project")

    def handle(self, *args: Any, host: str, port: int, no_demo: bool, **options: Any) -> None:
        if not 1 <= port <= 65535:
            raise CommandError(f"--port {port}: a port lies between 1 and 65535")
        url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}{settings.BASE_PATH}"
        for warning in data_is_private():
            self.stderr.write(f"Warning: {warning.msg} Close it: {warning.hint}")
        os.environ["FM_SERVING"] = "embedded" if settings.EMBEDDED else "web"
        collect_static()
        if settings.STORAGE == "memory":  # the database is inside the server's own process
            os.environ["FM_SERVING_AT"] = url
            first = True
        else:
            ready = startup.prepare_start(terminal=sys.stdout.isatty())
            self.stdout.write(startup.format_announcement(ready, url))
            self.stdout.flush()
            first = ready.key is not None
        if first and settings.EMBEDDED and not no_demo:
            os.environ["FM_LOAD_DEMO"] = "1"
        replace_by_server(host, port)


def collect_static() -> None:
    """Collect hashed and compressed static files, only when a source is newer."""
    made = Path(settings.STATIC_ROOT) / "staticfiles.json"
    sources = [path for folder in settings.STATICFILES_DIRS for path in Path(folder).rglob("*")]
    newest = max((path.stat().st_mtime for path in sources), default=0)
    if not made.exists() or made.stat().st_mtime < newest:
        # Swagger is what /api/v1/docs/ shows; the sidecar's other viewer and DRF's own are not used.
        unused = ["redoc", "rest_framework"]
        call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=unused)


def replace_by_server(host: str, port: int) -> None:
    """Replace this process by the server, which frees its memory and lets signals reach granian."""
    arguments = [
        *("--interface", "wsgi", "--host", host, "--port", str(port)),
        *("--workers", "1", "--blocking-threads", str(THREADS), "--backlog", "1024"),
        *("--log-level", "warning", "--no-ws", "--http", "1"),
        *("--workers-kill-timeout", "15s", "--http1-header-read-timeout", "30000"),
    ]
    # The server would warn of its threads: most of them wait for clients, behind a number of slots.
    arguments += [
        "--log-config",
        str(settings.BASE_DIR / "featurememory/http/connections/log.json"),
    ]
    if settings.STORAGE == "persistent":
        # In memory a new worker would be an empty server with other keys: it ends instead.
        arguments.append("--respawn-failed-workers")
    os.chdir(settings.BASE_DIR)
    # glibc gives each thread an arena of its own; two keep bursts from staying resident.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    # The server keeps request bodies in jemalloc: one arena, and what is free for half a second
    # goes back (50 MB less after batches of 2.7 MB; else four arenas a core, and ten seconds).
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1,dirty_decay_ms:500,muzzy_decay_ms:0")
    target = "featurememory.wsgi:application"
    os.execv(sys.executable, [sys.executable, "-m", "granian", *arguments, target])
