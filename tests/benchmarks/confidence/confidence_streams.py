"""Labelled streams of invented prompts and objects: what the confidence is fitted and tested on.

Words are made of syllables and follow Zipf's law, so nothing depends on a language or on a data
set. Templates come in families that share openings, closings and middles, as people write them;
slots hold sentences, names, choices, numbers and rows; some passages return in other templates.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from patterns.engine.domain.observation import Json, Observation

LETTERS = "babebodadedikakekolalelilomamemimunanenopapererirosasetatetovu"
SYLLABLES = [LETTERS[place : place + 2] for place in range(0, len(LETTERS), 2)]
MARKS = (".", ":", "?", ",", "\n\n", ":\n", "\n")
TERSE = 0.2  # share of templates with hardly any text of their own
Labelled = tuple[Observation, str]
Slot = Callable[[], str]


class Prompts:
    """A world of templates; `stream` draws labelled prompts from it."""

    def __init__(self, seed: int, templates: int, kinship: float = 0.5) -> None:
        self.rng = random.Random(seed)
        self.kinship = kinship
        self.words = sorted({self._word() for _ in range(1500)})
        self.rng.shuffle(self.words)
        self.everyday = [1 / (rank + 3) for rank in range(len(self.words))]
        self.openings = [self._phrase(self.rng.choice((1, 1, 2, 3))) for _ in range(8)]
        self.passages = [self._question() for _ in range(250)]
        self.names = [self._phrase(self.rng.randint(1, 2)).title() for _ in range(120)]
        self.templates: list[list[str | Slot]] = []
        while len(self.templates) < templates:
            self.templates += self._family()
        self.templates = self.templates[:templates]

    def stream(self, lines: int, skew: float = 0.8) -> list[Labelled]:
        weights = [(rank + 1) ** -skew for rank in range(len(self.templates))]
        self.rng.shuffle(weights)
        picks = self.rng.choices(range(len(self.templates)), weights, k=lines)
        return [(_observed(self._filled(pick), n), f"t{pick}") for n, pick in enumerate(picks)]

    def _filled(self, template: int) -> str:
        parts = self.templates[template]
        return "".join(part if isinstance(part, str) else part() for part in parts)

    def _word(self) -> str:
        return "".join(self.rng.choices(SYLLABLES, k=self.rng.choice((1, 2, 2, 3, 3, 4))))

    def _phrase(self, length: int) -> str:
        return " ".join(self.rng.choices(self.words, self.everyday, k=length))

    def _sentence(self, length: int) -> str:
        return self._phrase(length).capitalize() + self.rng.choice((".", "?", "", "."))

    def _question(self) -> str:
        """A passage; most begin like many others and end with the same marks."""
        rest = self._sentence(self.rng.randint(4, 40))
        if self.rng.random() < 0.4:
            return rest
        return f"{self.rng.choice(self.openings).capitalize()} {rest.lower()}"

    def _family(self) -> list[list[str | Slot]]:
        """Templates that share all their text but a piece or two, or one template alone."""
        if self.rng.random() < TERSE:
            return [self._terse()]
        first = self._template()
        if self.rng.random() > self.kinship:
            return [first]
        family = [first]
        for _ in range(self.rng.choice((1, 1, 2, 3))):
            relative = self._relative(self.rng.choice(family))
            family.append(relative if self.rng.random() < 0.5 else self._relative(relative))
        return family

    def _terse(self) -> list[str | Slot]:
        """A word or two before or after a slot, and a mark that ends many texts."""
        words, end = self._phrase(self.rng.randint(1, 2)), self.rng.choice((".", "?", ""))
        slot = self._slot()
        return [f"{words} ", slot, end] if self.rng.random() < 0.5 else [slot, f" {words}{end}"]

    def _relative(self, parts: list[str | Slot]) -> list[str | Slot]:
        """The same with one piece written anew, left out or added, or another slot put in."""
        changed = list(parts)
        place = self.rng.choice([i for i, part in enumerate(parts) if isinstance(part, str)])
        change = self.rng.random()
        if change < 0.5 or len(parts) < 3:
            changed[place] = self._piece()
        elif change < 0.65:
            words = str(parts[place]).split(" ")
            words[self.rng.randrange(len(words))] = self._phrase(self.rng.randint(1, 3))
            changed[place] = " ".join(words)
        elif change < 0.85:
            changed[place : place + 1] = [parts[place], self._slot(), self._piece()]
        else:
            changed.insert(self.rng.randrange(len(parts) + 1), self._piece())
        return changed

    def _template(self) -> list[str | Slot]:
        parts: list[str | Slot] = [] if self.rng.random() < 0.3 else [self._piece()]
        for _ in range(self.rng.choice((1, 1, 2, 2, 3))):
            parts += [self._slot(), self._piece()]
        return parts if self.rng.random() < 0.6 else [*parts, self._slot()]

    def _piece(self) -> str:
        length = self.rng.choice((1, 2, 3, 5, 8, 12, 20))
        opening = self.rng.choice(("", " ", "\n", " "))
        return f"{opening}{self._phrase(length)}{self.rng.choice(MARKS)} "

    def _slot(self) -> Slot:
        kind = self.rng.random()
        if kind < 0.4:
            return self._passage
        if kind < 0.52:
            return lambda: self._sentence(self.rng.randint(2, 15))
        if kind < 0.65:
            return lambda: self.rng.choice(self.names)
        if kind < 0.75:
            return self._choice()
        if kind < 0.84:
            return lambda: str(self.rng.randint(1, 9999))
        return self._optional() if kind < 0.94 else self._rows

    def _optional(self) -> Slot:
        """A section that some texts have and others have not."""
        piece, value, odds = self._piece(), self._slot(), self.rng.uniform(0.2, 0.8)
        return lambda: piece + value() + "\n" if self.rng.random() < odds else ""

    def _rows(self) -> str:
        return "".join(f"- {self._passage()}\n" for _ in range(self.rng.randint(1, 5)))

    def _passage(self) -> str:
        """A passage others may hold as well, whole or cut anywhere."""
        words = self.rng.choice(self.passages).split(" ")
        if self.rng.random() < 0.5:
            return " ".join(words)
        start = self.rng.randrange(len(words))
        return " ".join([*words[start:], *self.rng.choice(self.passages).split(" ")[:12]])

    def _choice(self) -> Slot:
        values = [self._phrase(self.rng.choice((1, 1, 2))) for _ in range(self.rng.randint(2, 9))]
        return lambda: self.rng.choice(values)


class Objects:
    """Kinds of objects with keys of their own and keys that every other kind has too."""

    def __init__(self, seed: int, kinds: int) -> None:
        self.rng = random.Random(seed)
        pool = ["".join(self.rng.choices(SYLLABLES, k=3)) for _ in range(6 * kinds)]
        weights = [1 / (rank + 20) for rank in range(len(pool))]
        self.kinds: list[tuple[list[str], dict[str, float]]] = []
        for _ in range(kinds):
            keys = list(dict.fromkeys(self.rng.choices(pool, weights, k=self.rng.randint(1, 7))))
            needed = keys[: self.rng.randint(1, len(keys))]
            odds = {key: self.rng.uniform(0.1, 0.9) for key in keys[len(needed) :]}
            self.kinds.append((needed, odds))

    def stream(self, lines: int, skew: float = 0.8) -> list[Labelled]:
        weights = [(rank + 1) ** -skew for rank in range(len(self.kinds))]
        picks = self.rng.choices(range(len(self.kinds)), weights, k=lines)
        return [(_observed(self._filled(pick), n), f"k{pick}") for n, pick in enumerate(picks)]

    def _filled(self, kind: int) -> Json:
        needed, odds = self.kinds[kind]
        keys = [*needed, *(key for key, chance in odds.items() if self.rng.random() < chance)]
        return {key: self.rng.randint(1, 999) for key in keys}


def _observed(value: Json, number: int) -> Observation:
    return Observation(id=f"s-{number}", input=value, timestamp=1_790_000_000.0 + number)


def worlds(seeds: Sequence[int]) -> Iterator[tuple[str, list[Labelled]]]:
    """One stream after the other: few and many templates, akin and not."""
    for seed in seeds:
        rng = random.Random(1000 + seed)
        templates = rng.choice((15, 30, 80, 150, 250))
        lines = min(2000, templates * rng.choice((8, 12, 20, 60)))
        yield (
            f"prompts {seed}",
            Prompts(seed, templates, rng.uniform(0.0, 0.4)).stream(
                lines, rng.choice((0.6, 0.8, 1.1))
            ),
        )
        yield f"objects {seed}", Objects(seed, rng.choice((60, 100, 200))).stream(1200)
