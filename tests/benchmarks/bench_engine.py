"""The engine alone: memory of the import, of 1,000 and of many patterns, time to match and learn.

    PYTHONPATH=. .venv/bin/python -m tests.benchmarks.bench_engine [--patterns N]

Each part runs in a process of its own. Memory is the peak the kernel saw, times are
the processor's for the engine's call alone. It prints and asserts nothing.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.printing import machine

ROOT = Path(__file__).resolve().parent.parent.parent
WORDS = [f"{a}{b}{c}" for a in ("ka", "lo", "mi") for b in ("ran", "tel", "vos") for c in "aeiou"]
MANY = 20_000
MODULE = "tests.benchmarks.bench_engine"  # also when it was started as a file
KINDS = ("prompts", "objects", "calls")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patterns", type=int, default=MANY, help="of the large recogniser")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        return measure(options.part, options.patterns)
    print(machine(), flush=True)
    bare = float(alone("bare"))
    print(f"{'import of the engine':32} {float(alone('import')) - bare:8.1f} MiB above Python")
    for kind in KINDS:
        print(f"{'1,000 patterns, ' + kind:32} {alone(kind, 1000)}")
    for kind in ("prompts", "calls"):
        print(f"{f'{options.patterns:,} patterns, {kind}':32} {alone(kind, options.patterns)}")
    return None


def alone(part: str, patterns: int = 0) -> str:
    command = [sys.executable, "-m", MODULE, "--part", part, "--patterns", str(patterns)]
    if part in ("bare", "import"):
        what = "import patterns.engine.recognizer; " if part == "import" else ""
        peak = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
        command = [sys.executable, "-c", what + peak]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def inputs(kind: str, patterns: int) -> Iterator[object]:
    """Three uses of each pattern, one pattern after another in a shuffled order."""
    dice = random.Random(7)
    numbers = [n for n in range(patterns) for _ in range(3)]
    dice.shuffle(numbers)
    for number in numbers:
        own = random.Random(number)
        if kind == "prompts":
            yield f"{' '.join(own.choices(WORDS, k=14))}: {dice.randrange(10**6)}"
        elif kind == "calls":
            yield {"name": f"call_{number}", "arguments": {own.choice(WORDS): dice.random()}}
        else:
            keys = own.sample(WORDS, 5)
            yield {f"{key}_{number % 97 % 10}": dice.random() for key in keys[: dice.randint(4, 5)]}


def measure(kind: str, patterns: int) -> None:
    from patterns.engine.domain.observation import Observation
    from patterns.engine.recognizer import DefaultPatternRecognizer
    from patterns.engine.settings import RecognizerSettings

    settings = RecognizerSettings(max_patterns=patterns, max_bytes=1 << 40)
    recognizer = DefaultPatternRecognizer(settings)
    learned, matched = [], []
    for number, value in enumerate(inputs(kind, patterns)):
        one = Observation(id=str(number), input=value, timestamp=float(number))  # type: ignore[arg-type]
        learned.append(clocked(recognizer.learn_one, one))
        if number % 20 == 0:
            matched.append(clocked(recognizer.match_one, one))
    late = matched[len(matched) // 2 :]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    each = recognizer.memory.patterns.bytes / max(1, len(recognizer))
    print(
        f"{peak:8.1f} MiB, {len(recognizer):,} patterns of {each:,.0f} bytes, "
        f"match p50 {quantile(late, 50):.3f} p99 {quantile(late, 99):.3f} ms, "
        f"learn p50 {quantile(learned, 50):.3f} p99 {quantile(learned, 99):.3f} ms"
    )


def clocked(call: object, argument: object) -> float:
    """Milliseconds of processor time: what else the machine does is not counted."""
    began = time.thread_time()
    call(argument)
    return 1000 * (time.thread_time() - began)


def quantile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    main()
