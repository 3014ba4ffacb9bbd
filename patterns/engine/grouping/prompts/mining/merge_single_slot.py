"""Templates alike but for one short run of words: the values of a slot with few of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import msgspec
import numpy as np

from patterns.engine.grouping.prompts.mining.common_ngrams import Frame, mark_static
from patterns.engine.grouping.prompts.mining.corpus import Corpus
from patterns.engine.grouping.prompts.mining.instruction_lines import BREAKS
from patterns.engine.text.tokens import END

ALTERNATIVES = 3
NAMES = 2  # words that stand alone or before more, beside a slot: first names, say
FEWEST = 4  # static tokens around those
LONGEST = 3  # tokens of a value
LONGER, SURER = 6, 10  # the same where so many static tokens stand around it
COMMON = 6  # static tokens besides, with the two that stand for the start
MOST = 300  # tokens of an outline looked at
LONGEST_FILLING = 12  # tokens of a text in the place of a slot
FILLED = 8  # static tokens of a frame with that slot
SLOT = -1
CLOSING = -2  # in the place of what comes after the last words
_FACTOR, _MODULUS = 1_000_003, (1 << 61) - 1

Value: TypeAlias = tuple[int, ...]


class Place(msgspec.Struct):
    """Where frames differ: their values there by frame, and how many static tokens they share."""

    common: int
    values: dict[int, Value] = {}
    names: set[int] = set()  # frames whose value is a word that also stands there alone


Key: TypeAlias = tuple[int, int]  # of the tokens before a place, and of those after it


def find_single_slots(corpus: Corpus, frames: Sequence[Frame]) -> list[list[int]]:
    """Numbers of frames that are one: three values at one place, or a slot and values of it.

    Two values are two templates: "one" or "three" is more likely an instruction. What may follow
    the last static word ("Mention: <text>") makes no difference.
    """
    found: dict[Key, Place] = {}
    outlines = [_draw_outline(corpus, frame)[:MOST] for frame in frames]
    for number, outline in enumerate(outlines):
        for whole in {outline, _drop_open_end(corpus, outline)}:
            for key, value, common in _list_values(corpus, whole):
                place = found.setdefault(key, Place(common))
                place.values[number] = value
                if value[1:2] == (SLOT,) and _stands_alone(corpus, frames[number], outline):
                    place.names.add(number)
    groups = [joined for place in found.values() if len(joined := _join_values(place)) > 1]
    return [sorted(group) for group in [*groups, *_find_fillings(corpus, outlines)]]


def _list_values(corpus: Corpus, outline: Value) -> Iterator[tuple[Key, Value, int]]:
    """What surrounds each run that can be a value, the run, and the static tokens around it."""
    before, after = _digest_ends(outline)
    static = _count_static(outline)
    for start in range(len(outline)):
        for stop in range(start + 1, min(start + LONGER, len(outline)) + 1):
            value = outline[start:stop]
            common = static - _count_static(value)
            longer = len(value) > LONGEST
            if longer and not (start and _is_word(corpus, outline[start - 1])):
                continue
            least = SURER if longer else FEWEST
            if common >= least and _is_value(corpus, value):
                yield (before[start], after[stop]), value, common
    stop = len(outline) - 2 if static and corpus.words[outline[-1]] == END else len(outline)
    for start in range(max(1, stop - LONGEST - 1), stop + 1):
        value = outline[start:stop]
        common = static - len(value)
        if outline[start - 1] == SLOT and SLOT not in value and common >= COMMON:
            yield (before[start], CLOSING), value, common


def _join_values(place: Place) -> set[int]:
    """The frames that are one by what they have at this place."""
    plain = {number: value for number, value in place.values.items() if value[1:2] != (SLOT,)}
    has_slot = (SLOT,) in plain.values()
    joined = set[int]()
    if place.common >= COMMON and (
        len(set(plain.values())) >= ALTERNATIVES or (len(plain) > 1 and has_slot)
    ):
        joined |= plain.keys()
    if has_slot and len({place.values[number] for number in place.names}) >= NAMES:
        joined |= place.names | {number for number, value in plain.items() if value == (SLOT,)}
    return joined


def _find_fillings(corpus: Corpus, outlines: Sequence[Value]) -> list[set[int]]:
    """Frames with a slot, and those that say the same but for a longer text in its place."""
    slots: dict[Key, set[int]] = defaultdict(set)
    digests = [_digest_ends(outline) for outline in outlines]
    for number, (outline, (before, after)) in enumerate(zip(outlines, digests, strict=True)):
        if _count_static(outline) >= FILLED:
            for place in (place for place, token in enumerate(outline) if token == SLOT):
                slots[before[place], after[place + 1]].add(number)
    begins, found = {key[0] for key in slots}, {key: set(own) for key, own in slots.items()}
    for number, (outline, (before, after)) in enumerate(zip(outlines, digests, strict=True)):
        for start in (start for start in range(len(outline)) if before[start] in begins):
            for stop in range(start + 1, min(start + LONGEST_FILLING, len(outline)) + 1):
                key = before[start], after[stop]
                if key in slots and _fills(corpus, outline[start:stop]):
                    found[key].add(number)
    return [numbers for numbers in found.values() if len(numbers) > 1]


def _fills(corpus: Corpus, value: Value) -> bool:
    """One text within a line that begins with a word, or values alone ("<number> <text>")."""
    words = [corpus.words[token] for token in value if token != SLOT]
    if len(words) < len(value):
        return all(token in corpus.typed for token in value if token != SLOT)
    return words[0][:1].isalpha() and not BREAKS & {*words}


def _stands_alone(corpus: Corpus, frame: Frame, outline: Value) -> bool:
    """Whether some text of the frame has nothing in its slots: its word is a whole value."""
    return int(corpus.length[frame.texts].min()) <= _count_static(outline) + 2


def _drop_open_end(corpus: Corpus, outline: Value) -> Value:
    """The outline up to its last word."""
    stop = len(outline)
    while stop and (outline[stop - 1] == SLOT or corpus.words[outline[stop - 1]] == END):
        stop -= 1
    return outline[:stop]


def _is_value(corpus: Corpus, value: Value) -> bool:
    """A slot as it is, or nothing but words and marks, a word at either end, or a word and a slot."""
    if value == (SLOT,):
        return True
    if len(value) == 2 and value[1] == SLOT:
        return bool(corpus.wordy[value[0]])
    return SLOT not in value and all(
        corpus.wordy[token] or token in corpus.typed for token in (value[0], value[-1])
    )


def _is_word(corpus: Corpus, token: int) -> bool:
    return token != SLOT and bool(corpus.wordy[token])


def _count_static(outline: Value) -> int:
    return sum(token >= 0 for token in outline)


def _digest_ends(outline: Value) -> tuple[list[int], list[int]]:
    """Number `i` of the first tells the tokens before place `i`, of the second those from there on."""
    return _digest_prefixes(outline), _digest_prefixes(outline[::-1])[::-1]


def _digest_prefixes(outline: Sequence[int]) -> list[int]:
    """Number `i` tells the first `i` tokens of equal outlines."""
    digests = [0]
    for token in outline:
        digests.append((digests[-1] * _FACTOR + token + 2) % _MODULUS)
    return digests


def _draw_outline(corpus: Corpus, frame: Frame) -> Value:
    """The static tokens, with `SLOT` between them."""
    static = mark_static(corpus, frame.example, frame.runs)
    first = corpus.start[frame.example]
    tokens = np.where(static, corpus.token[first : first + len(static)], SLOT)
    repeated = np.concatenate([[False], (tokens[1:] == SLOT) & (tokens[:-1] == SLOT)])
    return tuple(tokens[~repeated].tolist())
