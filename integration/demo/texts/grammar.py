"""Templates with `<slots>`, filled from lists that may hold slots themselves; all from one seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

Draw: TypeAlias = Callable[[random.Random], str]
Values: TypeAlias = Mapping[str, Sequence[str] | Draw]
SLOT = re.compile(r"<([a-z_0-9]+)>")
DEEPEST = 6  # slots within slots


class TextWriter:
    """Fills templates; a slot keeps its value, so that an answer names the order that was asked for."""

    def __init__(self, dice: random.Random, values: Values) -> None:
        self.dice, self.values = dice, values
        self.kept: dict[str, str] = {}

    def write(self, template: str) -> str:
        return SLOT.sub(lambda slot: self.value(slot[1], 0), template)

    def value(self, name: str, depth: int) -> str:
        """`order_2` is a second order: a value of its own from the same list."""
        if name not in self.kept:
            self.kept[name] = self._draw(name.rstrip("_0123456789"), depth)
        return self.kept[name]

    def _draw(self, kind: str, depth: int) -> str:
        source = self.values[kind]
        text = source(self.dice) if callable(source) else self.dice.choice(source)
        if depth >= DEEPEST:
            return text
        return SLOT.sub(lambda slot: self.value(slot[1], depth + 1), text)

    def write_value(self, value: Any) -> Any:
        """The same for every text of a JSON value."""
        if isinstance(value, str):
            return self.write(value)
        if isinstance(value, list):
            return [self.write_value(one) for one in value]
        if isinstance(value, dict):
            return {name: self.write_value(one) for name, one in value.items()}
        return value


def some_of(sentences: Sequence[str], least: int, most: int) -> Callable[[random.Random], str]:
    """A paragraph of different sentences in any order."""

    def draw(dice: random.Random) -> str:
        return " ".join(dice.sample(sentences, dice.randint(least, min(most, len(sentences)))))

    return draw
