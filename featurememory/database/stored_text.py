"""Text as every database stores it."""

from __future__ import annotations


def remove_nul(text: str) -> str:
    """Replace NUL and lone surrogates, which PostgreSQL does not store."""
    return text.replace("\x00", "␀").encode("utf-8", "replace").decode()
