"""Runs the test suite: everything on SQLite, then what touches the database on PostgreSQL.

    python tests/suite.py [--database sqlite|postgresql|both] [--no-skips] [pytest arguments]

Ends with one line for all runs together; the exit code is 0 only if every run passed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests import servers  # noqa: E402  (this file is started as a script)

# Settings of the person who runs the suite must not reach it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("FM_")}
NO_TESTS = 5  # pytest's exit code for "nothing was collected"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--no-skips", action="store_true", help="a skipped test is a failure")
    options, arguments = parser.parse_known_args()
    counts: Counter[str] = Counter()
    codes = []
    if options.database != "postgresql":
        print("== The suite, on SQLite", flush=True)
        codes.append(run_pytest(arguments, {}, counts))
    if options.database != "sqlite":
        print("\n== Tests that use the database, on PostgreSQL", flush=True)
        with servers.postgresql() as url:
            extra = {"FM_DATABASE_URL": url, "FM_TEST_DATABASE": "postgresql"}
            codes.append(run_pytest(arguments, extra, counts))
    return verdict(codes, counts, no_skips=options.no_skips)


def run_pytest(arguments: list[str], extra: dict[str, str], counts: Counter[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="fm-suite-") as scratch:
        report = Path(scratch, "report.xml")
        places = {"FM_DATA_DIR": f"{scratch}/data", "FM_STATIC_ROOT": f"{scratch}/static"}
        Path(scratch, "static").mkdir()
        environment = {**ENVIRONMENT, **places, **extra}
        command = [sys.executable, "-m", "pytest", f"--junit-xml={report}", *arguments]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        if report.exists():
            counts.update(outcomes(report))
        return code


def outcomes(report: Path) -> Counter[str]:
    """How many tests passed, failed and were skipped; an expected failure counts as passed."""
    found: Counter[str] = Counter()
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag: child.get("type", "") for child in case}
        if kinds.keys() & {"failure", "error"}:
            found["failed"] += 1
        elif kinds.get("skipped") == "pytest.skip":
            found["skipped"] += 1
        else:
            found["passed"] += 1
    return found


def verdict(codes: list[int], counts: Counter[str], *, no_skips: bool) -> int:
    # A choice of tests (ARGS="-k slots") may hold none that use the database.
    broken = any(code not in (0, NO_TESTS) for code in codes) or not counts.total()
    if no_skips and counts["skipped"]:
        print("\nA test was skipped: something this run needs is not installed (reasons above).")
        broken = True
    print(
        f"\n{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped",
        flush=True,
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
