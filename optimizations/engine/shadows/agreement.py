"""Whether two outputs say the same, and whether outputs are closed enough for that to mean much."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from optimizations.engine.domain.task import Json

LABEL = 60  # characters of one line that count as a label
CONTENT = ("content", "text", "output_text")


def outputs_agree(one: Json, other: Json) -> bool:
    """Equal JSON, numbers, or texts that differ in case and spaces alone; never without output.

    >>> outputs_agree("42", 42.0), outputs_agree({"a": 1}, '{"a": 1}'), outputs_agree("yes", "no")
    (True, True, False)
    """
    if one is None or other is None:
        return False
    return bool(normalize(one) == normalize(other))


def is_closed(output: Json) -> bool:
    """Whether there are few ways to say the same: a label, a number, true or false, JSON."""
    plain = normalize(output)
    if isinstance(plain, str):
        return 0 < len(plain) <= LABEL and "\n" not in str(read_text(output)).strip()
    return plain is not None


def normalize(output: Json) -> Any:
    """What the output says: JSON that is sent as a text is read."""
    text = read_text(output)
    if isinstance(text, str):
        return normalize_text(text)
    return text


def normalize_text(text: str) -> Any:
    try:
        found = msgspec.json.decode(text.encode())
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return " ".join(text.split()).casefold()
    if isinstance(found, float) and not math.isfinite(found):
        return text.casefold()
    return " ".join(found.split()).casefold() if isinstance(found, str) else found


def read_text(output: Json) -> Json:
    """The text of a message in the form of a chat API, else the output itself."""
    if isinstance(output, list) and len(output) == 1:
        return read_text(output[0])
    if isinstance(output, dict) and set(output) <= {"role", "type", *CONTENT}:
        for name in CONTENT:
            if isinstance(output.get(name), str | list):
                return read_text(output[name])
    return output
