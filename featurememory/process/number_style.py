"""How the reader of the moment writes numbers: the signs between thousands and before decimals."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# By name: (thousands, decimals). The first is what everything is written in.
STYLES = {
    "": (",", "."),
    "point": (".", ","),
    "space": ("\u202f", ","),
    "apostrophe": ("\u2019", "."),
}
_style: ContextVar[tuple[str, str]] = ContextVar("number_style", default=STYLES[""])


@contextmanager
def numbers_written_as(name: str) -> Iterator[None]:
    token = _style.set(STYLES.get(name, STYLES[""]))
    try:
        yield
    finally:
        _style.reset(token)


def write_as_chosen(text: str) -> str:
    """ "1,284.5" with the signs of the reader."""
    thousands, decimals = _style.get()
    if thousands == ",":
        return text
    return text.replace(",", "\x00").replace(".", decimals).replace("\x00", thousands)
