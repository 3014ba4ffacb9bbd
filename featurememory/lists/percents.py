"""Shares of a filter as pages write them: "70%" in the field and the chip, 0.7 in the address."""

from __future__ import annotations

import re

PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,6})?) ?(%?)")


def read_share(text: str) -> str:
    """ "70%" or "70" -> "0.7". "0.7" is a share already, and what is no percentage stays as it is, for
    the list to refuse."""
    found = PERCENT.fullmatch(text.strip())
    if found is None:
        return text
    value = float(found[1].replace(",", "."))
    return f"{value / 100:g}" if found[2] or value > 1 else found[1].replace(",", ".")


def write_percent(text: str) -> str:
    """ "0.7" -> "70%"."""
    try:
        return f"{float(text) * 100:g}%"
    except ValueError:
        return text
