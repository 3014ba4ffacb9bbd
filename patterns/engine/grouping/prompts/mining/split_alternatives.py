"""Texts that fill a gap with one of two phrases follow two templates ("Yes or no?", "True?").

The choice among candidates pays for every static token of a template, so a template that differs
from a larger one by a few words stays inside it. Here a frame is parted where the text beside a
static stretch is one of two in all of its texts, when saying so once is cheaper than in each text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from patterns.engine.grouping.prompts.mining.common_ngrams import (
    Flags,
    Frame,
    build_frame,
    mark_covered,
)
from patterns.engine.grouping.prompts.mining.corpus import Corpus, Ints
from patterns.engine.grouping.prompts.mining.description_length import Bits

FEWEST = 2  # texts on either side of a choice
PHRASE = 3  # words beside an open slot that may be text of a template
CHOICE_TOKENS = 6  # of a phrase that takes another one's place
CHOSEN_TEXTS, CHOSEN_SHARE = 6, 0.15  # that have either phrase
EDGE = -1  # in the place of a run before the first and after the last
TOKEN, PIECE = 8.0, 10.0  # bits for a static token and for a stretch of them


def split_frame(corpus: Corpus, bits: Bits, frame: Frame) -> list[Frame]:
    """The frame, or its parts when that takes fewer bits; `bits` are the cost of slot tokens."""
    waiting, done = [frame], []
    while waiting:
        one = waiting.pop()
        parts = _find_best_parts(corpus, bits, one)
        waiting += reversed(parts)
        done += [] if parts else [one]
    return done


def split_by_phrase(corpus: Corpus, frame: Frame) -> list[Frame]:
    """The frame, or its parts where one of two phrases fills a gap in all of its texts."""
    waiting, done = [frame], []
    while waiting:
        one = waiting.pop()
        side = next(_find_worded_choices(corpus, one), None)
        if side is None:
            done.append(one)
        else:
            waiting += [build_frame(corpus, one.texts[~side]), build_frame(corpus, one.texts[side])]
    return done


def _find_best_parts(corpus: Corpus, bits: Bits, frame: Frame) -> list[Frame]:
    """Two frames in the place of one, or none."""
    if len(frame.texts) < 2 * FEWEST:
        return []
    for side in _find_worded_choices(corpus, frame):
        return [build_frame(corpus, frame.texts[side]), build_frame(corpus, frame.texts[~side])]
    gained = 0.0
    best: list[Frame] = []
    seen: set[bytes] = set()
    for side, least in _find_choices(corpus, frame):
        if side.tobytes() in seen or (~side).tobytes() in seen:
            continue
        seen.add(side.tobytes())
        parts = [build_frame(corpus, frame.texts[side]), build_frame(corpus, frame.texts[~side])]
        gain = _measure_gain(corpus, bits, frame, parts, least)
        if gain > gained:
            gained, best = gain, parts
    return best


def _find_worded_choices(corpus: Corpus, frame: Frame) -> Iterator[Flags]:
    """The texts that have one of two phrases between two static stretches, for each such place.

    Two phrases that fill a gap in all texts ("one sentence", "three bullet points") are two
    instructions, however few bits tell them apart; three are values of a slot.
    """
    gaps: dict[int, dict[int, tuple[int, ...]]] = {}
    for number, text in enumerate(frame.texts.tolist()):
        for border, phrase in _list_phrases(corpus, frame, text):
            gaps.setdefault(border, {}).setdefault(number, phrase)
    least = max(CHOSEN_TEXTS, CHOSEN_SHARE * len(frame.texts))
    for border in sorted(gaps):
        found = gaps[border]
        times = Counter(found.values())
        if len(found) == len(frame.texts) and len(times) == 2 and min(times.values()) >= least:
            first = min(times)
            yield np.array([found[number] == first for number in range(len(frame.texts))])


def _list_phrases(corpus: Corpus, frame: Frame, text: int) -> Iterator[tuple[int, tuple[int, ...]]]:
    """(run before it, words) of each short gap between static stretches that holds only words."""
    row, start = corpus.runs_of(text), int(corpus.start[text])
    static = mark_covered(np.isin(row, frame.runs))
    tokens = corpus.token[start : start + len(static)]
    edges = np.nonzero(np.diff(np.concatenate([[True], static, [True]]).astype(np.int8)))[0]
    for first, last in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        phrase = tokens[first:last]
        wordy = corpus.wordy[phrase]
        inside = first >= 3 and last < len(static) and last - first <= CHOICE_TOKENS
        if inside and wordy.any() and not np.isin(phrase, corpus.typed).any():
            yield int(row[first - 3]), tuple(phrase.tolist())


def _find_choices(corpus: Corpus, frame: Frame) -> Iterator[tuple[Flags, int]]:
    """The texts that have one of two values beside a static run, for each such run.

    With the words that must set them apart: more where the others have any text there.
    """
    keys, values, owners = _find_borders(corpus, frame)
    if not len(keys):
        return
    order = np.lexsort((owners, keys))
    keys, values, owners = keys[order], values[order], owners[order]
    edges = np.nonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))[0]
    for first, last in zip(edges, [*edges[1:], len(keys)], strict=True):
        if last - first != len(frame.texts):
            continue
        found, times = np.unique(values[first:last], return_counts=True)
        if len(found) == 2 and times.min() >= FEWEST:
            yield values[first:last] == found[0], 0
        elif len(found) > 2:
            second, most = np.sort(times)[-2:]
            if most >= 3 * second:
                yield values[first:last] == found[times.argmax()], PHRASE


def _find_borders(corpus: Corpus, frame: Frame) -> tuple[Ints, Ints, Ints]:
    """(which border, the run beyond it, text) where static runs begin and end."""
    keys, values, owners = [], [], []
    for number, text in enumerate(frame.texts.tolist()):
        row = np.concatenate([[EDGE], corpus.runs_of(text), [EDGE]])
        hit = np.isin(row, frame.runs) | (row == EDGE)
        for shift in (0, 1):
            inner, outer = (row[:-1], row[1:]) if shift == 0 else (row[1:], row[:-1])
            border = (hit[:-1] & ~hit[1:]) if shift == 0 else (hit[1:] & ~hit[:-1])
            names = inner[border] * 2 + shift
            keys.append(_number_repeats(names, 2 * corpus.runs + 2))
            values.append(outer[border])
            owners.append(np.full(len(names), number))
    return np.concatenate(keys), np.concatenate(values), np.concatenate(owners)


def _number_repeats(names: Ints, most: int) -> Ints:
    """Equal names told apart by how often they came before."""
    order = np.argsort(names, kind="stable")
    ranked = names[order]
    first = np.searchsorted(ranked, ranked)
    result = np.empty_like(names)
    result[order] = ranked + most * (np.arange(len(names)) - first)
    return result


def _measure_gain(
    corpus: Corpus, bits: Bits, frame: Frame, parts: list[Frame], least: int
) -> float:
    """Bits saved by parting: what the parts explain more, less their text and their names."""
    gain, words = 0.0, 0
    for part in parts:
        gain -= len(part.texts) * float(np.log2(len(frame.texts) / len(part.texts)))
        for text in part.texts.tolist():
            row = corpus.runs_of(text)
            known = mark_covered(np.isin(row, frame.runs))
            more = mark_covered(np.isin(row, part.runs)) & ~known
            places = np.nonzero(more)[0] + corpus.start[text]
            gain += float(bits[places].sum())
            if text == part.example:
                gain -= TOKEN * len(places)
                gain -= PIECE * (1 + np.count_nonzero(np.diff(places) > 1)) if len(places) else 0
                words = max(words, int(np.count_nonzero(corpus.wordy[corpus.token[places]])))
    return gain if words > least else -np.inf
