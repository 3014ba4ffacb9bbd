"""Sizes and spans of time as people write them: "100 MiB", "24 h", and back to bytes and seconds."""

from __future__ import annotations

import re

WRITTEN = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
WRITTEN |= {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50}
SIZES = {name.upper(): size for name, size in WRITTEN.items()}
SPANS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
WORDS = {
    "sec": "s",
    "second": "s",
    "minute": "min",
    "m": "min",
    "hour": "h",
    "day": "d",
    "week": "w",
}
AMOUNT = re.compile(r"([\d.,_ ]{1,30}?) ?([A-Za-z]{0,8})")


def parse_size(text: str) -> int:
    """ "100 MiB" or "104857600" -> bytes; ValueError with what to write instead."""
    amount, unit = split_amount(text)
    name = unit.upper() or "B"
    if name not in SIZES:
        raise ValueError("Write a size such as 100 MiB, 2 GB, or a number of bytes.")
    return round(amount * SIZES[name])


def format_size(value: int) -> str:
    """104857600 -> "100 MiB"; what fits no unit exactly stays in bytes, so that nothing is rounded."""
    if not value:
        return "0"
    exact = [(value // size, name) for name, size in WRITTEN.items() if value % size == 0]
    amount, name = min(exact)
    return f"{amount:,} {name}"


def parse_span(text: str) -> int:
    """ "24 h", "90 min" or "86400" -> seconds; ValueError with what to write instead."""
    amount, unit = split_amount(text)
    name = unit.lower() or "s"
    name = WORDS.get(name, WORDS.get(name.removesuffix("s"), name))
    if name not in SPANS:
        raise ValueError("Write a time such as 24 h, 90 min, 7 d, or a number of seconds.")
    return round(amount * SPANS[name])


def format_span(seconds: int) -> str:
    """86400 -> "1 d", 5400 -> "90 min": in the largest unit that holds it exactly."""
    for name in ("w", "d", "h", "min"):
        if seconds and seconds % SPANS[name] == 0:
            return f"{seconds // SPANS[name]:,} {name}"
    return f"{seconds:,} s" if seconds else "0"


def parse_days(text: str) -> int:
    """ "90 d", "13 w" or "90" -> days; ValueError with what to write instead."""
    amount, unit = split_amount(text)
    days = amount if not unit else parse_span(text) / SPANS["d"]
    if days != round(days):
        raise ValueError("Write whole days, such as 90 d or 13 w.")
    return round(days)


def format_days(days: int) -> str:
    """90 -> "90 d"; 0 stays 0, which means no limit."""
    return f"{days:,} d" if days else "0"


def split_amount(text: str) -> tuple[float, str]:
    found = AMOUNT.fullmatch(text.strip())
    digits = re.sub("[,_ ]", "", found[1]) if found else ""
    try:
        amount = float(digits)
    except ValueError:
        raise ValueError(
            f"{text.strip()[:40]!r} is no amount: write a number and a unit."
        ) from None
    return amount, found[2] if found else ""
