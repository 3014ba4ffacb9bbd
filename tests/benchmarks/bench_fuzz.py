"""Fuzzes recogniser, rows and ingest decoders, then by HTTP bodies, filters and pages:
`bench_fuzz.py [--count N] [--seed S]`. Two of five inputs are requests.

Prints every place that failed or was slow with its shortest input, and ends with 1 when any failed.
Slow answers are only printed: this machine may be busy.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from unittest import mock

if TYPE_CHECKING:
    from tests.benchmarks.fuzzing.checks import Fuzzed

REQUESTS = 0.4  # of all inputs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--length", type=int, default=60, help="inputs of one stream")
    asked = parser.parse_args()
    prepare_django()
    from tests.benchmarks.fuzzing.checks import Fuzzed

    found = Fuzzed()
    fuzz_engine(found, round(asked.count * (1 - REQUESTS)), asked.seed, asked.length)
    fuzz_http(found, asked.count, asked.seed, asked.length)
    return report(found)


def prepare_django() -> None:
    """Always on a database of its own, with room for whatever is stored."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "featurememory.settings"
    os.environ["FM_DATA_DIR"] = tempfile.mkdtemp(prefix="fm-fuzz-")
    os.environ |= {"FM_DATABASE_URL": "", "FM_REDIS_URL": "", "FM_MEMORY_LIMIT": str(1 << 40)}
    os.environ |= {"FM_STORAGE_MAX_SIZE": str(1 << 40), "FM_LOG_LEVEL": "ERROR"}
    import django

    django.setup()


def fuzz_engine(found: Fuzzed, count: int, seed: int, length: int) -> None:
    from patterns.storage.payloads import newest_dictionary
    from tests.benchmarks.fuzzing.checks import fuzz_ingest, fuzz_recognizer

    def stream(seed: int) -> None:
        fuzz_recognizer(found, seed, length)
        for number in range(length // 2):
            fuzz_ingest(found, seed * 1000 + number)

    with mock.patch.object(newest_dictionary, "get", return_value=0):  # needs no database
        repeat(found, count, seed, stream)


def fuzz_http(found: Fuzzed, count: int, seed: int, length: int) -> None:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from featurememory.models import FeatureMemoryConfig
    from tests.benchmarks.fuzzing.request_checks import fuzz_requests
    from tests.benchmarks.fuzzing.requests import Requester
    from tests.builders import project

    call_command("migrate", verbosity=0)
    owner = project("fuzzed")
    FeatureMemoryConfig.objects.create(project=owner, max_size=1 << 40)
    requester = Requester(owner, User.objects.create_superuser("fuzzer"))
    repeat(found, count, seed, lambda seed: fuzz_requests(found, requester, seed, length))


def repeat(found: Fuzzed, count: int, seed: int, stream: Callable[[int], None]) -> None:
    began = shown = time.monotonic()
    while found.count < count:
        stream(seed)
        seed += 1
        if time.monotonic() - shown > 10:
            shown = time.monotonic()
            print(f"{found.count:,} inputs, {len(found.failures)} places failed", flush=True)
    print(
        f"{found.count:,} inputs in {time.monotonic() - began:.0f} s, next seed {seed}", flush=True
    )


def report(found: Fuzzed) -> int:
    for place, (times, size, given) in sorted(found.failures.items()):
        print(f"FAILED {times}x {place}\n    {size:,} long: {given!r:.600}")
    for step, (times, most, given) in sorted(found.slow.items()):
        print(f"slow {times}x {step}: at most {most:,.0f} ms\n    {given!r:.200}")
    return 1 if found.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
