"""What every part prints: the machine and its load, and tables of figures."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path


def machine() -> str:
    """Processor, cores, memory, Python, and the load of the last minute."""
    model = next(
        (line.split(":", 1)[1].strip() for line in lines("/proc/cpuinfo") if "model name" in line),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, load {load()}"
    )


def lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def load() -> str:
    """The load of the last minute: above the number of cores, times are upper bounds."""
    return f"{os.getloadavg()[0]:.1f}"


def text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    cells = [list(heads), *([text(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(heads))]
    for row in cells:
        first, *rest = row
        numbers = (cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))
        print("  ".join([first.ljust(widths[0]), *numbers]), flush=True)


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which that share lies; the highest one for few values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")
