"""What stands for a payload in a text."""

from __future__ import annotations

OPEN, CLOSE = "\ue000", "\ue001"  # private use (Unicode): in no text that means something
KINDS = ("json", "table", "rows", "document", "passages", "examples", "quote", "trace")


def mark(kind: str) -> str:
    """What stands for a payload of this kind; the tokenizer reads it as one token."""
    return f"{OPEN}{kind}{CLOSE}"
