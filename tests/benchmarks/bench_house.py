"""Storing, learning and reading: ratios to the raw limit, latencies, bytes, memory.

    PYTHONPATH=. .venv/bin/python -m tests.benchmarks.bench_house [PART …] [--rows N …]

    ingest    stored/s and CPU over HTTP, storing only and with recognition, against executemany
              (COPY with --postgresql) of the same rows; memory idle and under load
    lag       from arrival to recognised at 200 interactions a second
    disk      bytes of 100,000 interactions (--rows)
    pages     every page, list and chart at 100,000 and a million interactions (--rows), 1,000 patterns
    bounded   --rows interactions against --limit MiB: never above it, never down

Without a part: ingest, lag and pages, about five minutes. It prints and asserts nothing, except that
`bounded` ends with 1 when it was not kept. Everything lies in temporary directories.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

PARTS = ("ingest", "lag", "disk", "pages", "bounded")
USUAL = ("ingest", "lag", "pages")
SIZES = (100_000, 1_000_000)
ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--rows", type=int, action="append", help="interactions; again for more")
    parser.add_argument("--patterns", type=int, default=1000, help="of pages")
    parser.add_argument("--seconds", type=float, default=5.0, help="a mode of ingest; lag twice")
    parser.add_argument("--limit", type=int, default=1024, help="of bounded, MiB")
    parser.add_argument("--patience", type=float, default=7200, help="of bounded, seconds")
    parser.add_argument(
        "--postgresql", action="store_true", help="ingest, bounded: a temporary one"
    )
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the servers are stopped, too
    for part in options.parts or USUAL:
        run(part, options)


def run(part: str, options: argparse.Namespace) -> None:
    from tests.benchmarks.printing import machine

    if part == "pages" and not options.alone:
        for rows in options.rows or SIZES:
            alone(rows, options.patterns)
        return
    print(f"\n== {part}: {machine()}", flush=True)
    began = time.perf_counter()
    measure(part, options)
    print(f"({time.perf_counter() - began:.0f} s)", flush=True)


def alone(rows: int, patterns: int) -> None:
    """A size a process: its memory and its settings are its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_house", "pages", "--alone"]
    command += ["--rows", str(rows), "--patterns", str(patterns)]
    subprocess.run(command, cwd=ROOT, check=True)


def measure(part: str, options: argparse.Namespace) -> None:
    from tests.benchmarks import bounding, loading

    if part == "ingest":
        with database(options) as url:
            loading.ingest(options.seconds, url)
    elif part == "lag":
        loading.lag(2 * options.seconds)
    elif part == "disk":
        loading.disk((options.rows or [100_000])[0])
    elif part == "pages":
        pages(options.rows[0], options.patterns)
    else:
        rows = (options.rows or [2_000_000])[0]
        with database(options) as url:
            if not bounding.bounded(rows, options.limit, options.patience, url):
                raise SystemExit(1)


@contextmanager
def database(options: argparse.Namespace) -> Iterator[str]:
    """The URL of an empty database on a temporary PostgreSQL; "" for SQLite."""
    from tests.servers import create_database, postgresql

    with postgresql() if options.postgresql else nullcontext("") as url:
        yield create_database(url, "bench") if url else ""


def pages(rows: int, patterns: int) -> None:
    with tempfile.TemporaryDirectory(prefix="fm-bench-") as name:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "featurememory.settings",
            "FM_DATA_DIR": name,
            "FM_STATIC_ROOT": f"{name}/static",
            "FM_LOG_LEVEL": "ERROR",
        }
        fill_and_read(rows, patterns)


def fill_and_read(rows: int, patterns: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from featurememory.models import FeatureMemoryConfig, Project
    from integration.management.commands.serve import collect_static
    from integration.resources import measure_disk_bytes
    from patterns.ingest.backpressure import read_resident_bytes
    from tests.benchmarks import filling, reading

    call_command("migrate", verbosity=0)
    collect_static()
    project = Project.objects.create(name="bench")
    FeatureMemoryConfig.objects.create(project=project, max_size=1 << 40, max_patterns=patterns)
    began = time.perf_counter()
    ids = filling.fill(project, rows, patterns)
    print(f"{rows:,} interactions and {len(ids):,} patterns written in "
          f"{time.perf_counter() - began:.0f} s, {measure_disk_bytes() / 1e6:,.0f} MB on disk")  # fmt: skip
    reading.show(project, ids)
    print(f"{read_resident_bytes() / 1e6:,.0f} MB resident")


if __name__ == "__main__":
    main()
