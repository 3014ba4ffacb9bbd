"""Words of a log line: what is a word of the message and not a value."""

from __future__ import annotations

import re
from collections.abc import Iterable

from patterns.engine.grouping.logs.line_piece import HOLE

PATH = re.compile(r".*\w[./\\$@~]\w|.*/.", re.DOTALL)


def is_word(key: str) -> bool:
    return key != HOLE and any(character.isalpha() for character in key)


def count_words(keys: Iterable[str]) -> int:
    return sum(map(is_word, keys))
