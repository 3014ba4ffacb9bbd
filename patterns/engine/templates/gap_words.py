"""Static words between short slots: what three tokens in a row are too coarse to show.

A gap is what stands between two anchored stretches of a prompt. Where the texts of a group have
words in common inside a gap, those belong to the template: "French: The lamp ships from Lyon" is
three slots. It changes what people read and the values noted, never what belongs to a pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from patterns.engine.text.tokens import Token, tokenize

MOST_CHARACTERS = 300  # of a filling that is looked at

Run: TypeAlias = list[str]
Span: TypeAlias = tuple[int, int]  # first token, one after the last


class Wording(msgspec.Struct, frozen=True, array_like=True):
    """The static words of the gap that is slot number `place` of the texts.

    `runs` are the keys of tokens that stand together, in order; `first` and `last` tell that a
    value stands before the first run and after the last one.
    """

    place: int
    runs: list[Run]
    first: bool = True
    last: bool = True

    @property
    def slots(self) -> int:
        """How many values the gap holds."""
        return len(self.runs) - 1 + self.first + self.last

    def parts(self, filling: str) -> list[tuple[str, bool]] | None:
        """The filling cut into (text, whether it is static); None when it has other words.

        There are `slots` values always; one may be empty.

        >>> Wording(0, [["ships", "from"]]).parts("lamp ships from Lyon")
        [('lamp', False), (' ships from ', True), ('Lyon', False)]
        """
        tokens = tokenize_filling(filling)
        spans = self.spans([token.key for token in tokens])
        return (
            None if spans is None else _cut_filling(filling, tokens, spans, self.first, self.last)
        )

    def spans(self, keys: Sequence[str]) -> list[Span] | None:
        """Where the runs stand, each as far left as it can."""
        spans: list[Span] = []
        position = 0
        for number, run in enumerate(self.runs):
            closing = number == len(self.runs) - 1 and not self.last
            begin = len(keys) - len(run) if closing else _find_run(keys, run, position)
            if begin < position or list(keys[begin : begin + len(run)]) != run:
                return None
            spans.append((begin, begin + len(run)))
            position = begin + len(run)
        return spans if self.first or spans[0][0] == 0 else None


def tokenize_filling(filling: str) -> list[Token]:
    """None of a filling too long to be one."""
    return tokenize(filling) if len(filling) <= MOST_CHARACTERS else []


def _find_run(keys: Sequence[str], run: Run, position: int) -> int:
    width = len(run)
    places = range(position, len(keys) - width + 1)
    return next((at for at in places if list(keys[at : at + width]) == run), -1)


def _cut_filling(
    filling: str, tokens: Sequence[Token], spans: Sequence[Span], first: bool, last: bool
) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    position = after = 0  # the character reached, the token after the last run
    for number, (begin, end) in enumerate([*spans, (len(tokens), len(tokens))]):
        if (number or first) and (number < len(spans) or last):
            start, stop = _find_ends(tokens, after, begin, position)
            parts += [(filling[position:start], True), (filling[start:stop], False)]
            position = stop
        if number < len(spans):
            parts.append((filling[position : tokens[end - 1].end], True))
            position, after = tokens[end - 1].end, end
    return _join_static([*parts, (filling[position:], True)])


def _find_ends(tokens: Sequence[Token], after: int, begin: int, position: int) -> Span:
    """The characters of the tokens `after:begin`; nothing at `position` when there are none."""
    return (tokens[after].start, tokens[begin - 1].end) if begin > after else (position, position)


def _join_static(parts: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """Neighbouring static texts as one, empty ones left out."""
    joined: list[tuple[str, bool]] = []
    for text, static in parts:
        if static and joined and joined[-1][1]:
            joined[-1] = (joined[-1][0] + text, True)
        elif text or not static:
            joined.append((text, static))
    return joined
