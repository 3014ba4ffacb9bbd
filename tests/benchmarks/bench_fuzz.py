"""Fuzzes the recogniser, the rows and the ingest decoders: `bench_fuzz.py [--count N] [--seed S]`.

Prints every place that failed or was slow with its shortest input, and ends with 1 when any failed.
Slow answers are only printed: this machine may be busy.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from unittest import mock


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000, help="inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--length", type=int, default=60, help="inputs of one stream")
    asked = parser.parse_args()
    prepare_django()
    return fuzz(asked.count, asked.seed, asked.length)


def prepare_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "featurememory.settings")
    os.environ.setdefault("FM_DATA_DIR", tempfile.mkdtemp(prefix="fm-fuzz-"))
    import django

    django.setup()


def fuzz(count: int, seed: int, length: int) -> int:
    from patterns.storage.payloads import newest_dictionary
    from tests.benchmarks.fuzzing.checks import Fuzzed, fuzz_ingest, fuzz_recognizer

    found, began, shown = Fuzzed(), time.monotonic(), time.monotonic()
    with mock.patch.object(newest_dictionary, "get", return_value=0):  # needs no database
        while found.count < count:
            fuzz_recognizer(found, seed, length)
            for number in range(length // 2):
                fuzz_ingest(found, seed * 1000 + number)
            seed += 1
            if time.monotonic() - shown > 10:
                shown = time.monotonic()
                print(f"{found.count:,} inputs, {len(found.failures)} places failed", flush=True)
    print(f"{found.count:,} inputs in {time.monotonic() - began:.0f} s, next seed {seed}")
    for place, (times, size, given) in sorted(found.failures.items()):
        print(f"FAILED {times}x {place}\n    {size:,} long: {given!r:.600}")
    for step, (times, most, given) in sorted(found.slow.items()):
        print(f"slow {times}x {step}: at most {most:,.0f} ms\n    {given!r:.200}")
    return 1 if found.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
