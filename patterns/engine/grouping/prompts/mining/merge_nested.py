"""Frames that say more than another one only inside its slots: slot text that recurs, no template.

Customers close with "Regards," or ask the same question twice; texts that share such a passage
look like a template of their own beside the one they follow. A frame is taken for part of a wider
one when it has all static text of that one, and what it has besides floats in a slot: it is parted
from the instruction by text that varies, it stands elsewhere in the other texts too, or it is all
that a user asked under a system prompt. What is joined to the instruction without a gap is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from patterns.engine.grouping.prompts.mining.common_ngrams import (
    Flags,
    Frame,
    join_frames,
    mark_static,
)
from patterns.engine.grouping.prompts.mining.corpus import Corpus, Ints
from patterns.engine.text.payloads.marks import KINDS
from patterns.engine.text.tokens import END, START, TURN

EDGE_WORDS = 2  # words of the wider frame at one edge of its texts
ITS_OWN = 0.25  # texts of the wider frame, as a share of the narrower one's
FEW_SHARE = 0.2  # of the texts of both that a repeated value stands in
SYSTEM_TOKENS = 8  # of a system prompt that says by itself which agent it is
QUESTION = 4.0  # tokens a slot of a question has on average, at most
MOST_COMPARED = 200


def merge_nested(corpus: Corpus, frames: Sequence[Frame]) -> list[Frame]:
    """The frames, those that only narrow a slot of another one joined to it."""
    cores = [_select_worded_runs(corpus, frame) for frame in frames]
    order = sorted(range(len(frames)), key=lambda n: (-len(cores[n]), len(frames[n].texts), n))
    host: dict[int, int] = {}
    for place, number in enumerate(order):
        found = [
            other
            for other in order[place + 1 :]
            if np.isin(cores[other], cores[number], assume_unique=True).all()
            and _is_nested(corpus, frames, cores, other, number)
        ]
        if found:
            host[number] = max(found, key=lambda n: (len(cores[n]), len(frames[n].texts), -n))
    for first, second in _pair_siblings(corpus, frames, cores):
        left, right = _find_host(first, host), _find_host(second, host)
        if left != right:
            host[max(left, right)] = min(left, right)
    groups: dict[int, list[Frame]] = {}
    for number, frame in enumerate(frames):
        groups.setdefault(_find_host(number, host), []).append(frame)
    return [join_frames(corpus, group) for group in groups.values()]


def _pair_siblings(
    corpus: Corpus, frames: Sequence[Frame], cores: Sequence[Ints]
) -> Iterator[tuple[int, int]]:
    """Pairs that share a whole system prompt and differ by what users asked."""
    heads: dict[bytes, list[int]] = {}
    for number, frame in enumerate(frames):
        for edge in _list_edges(corpus, frame, cores[number]):
            heads.setdefault(edge, []).append(number)
    for holders in heads.values():
        for place, first in enumerate(holders[:MOST_COMPARED]):
            for second in holders[place + 1 : MOST_COMPARED]:
                if _are_pair_siblings(corpus, frames, cores, first, second):
                    yield first, second


def _list_edges(corpus: Corpus, frame: Frame, core: Ints) -> list[bytes]:
    """The first and the last three tokens, where they are static."""
    row = corpus.runs_of(frame.example)
    ends = [row[2:3], row[-3:-2]] if len(row) > 4 else []
    return [end.tobytes() for end in ends if np.isin(end, core).all()]


def _are_pair_siblings(
    corpus: Corpus, frames: Sequence[Frame], cores: Sequence[Ints], first: int, second: int
) -> bool:
    common = np.intersect1d(cores[first], cores[second], assume_unique=True)
    for one, other in ((first, second), (second, first)):
        frame, text = frames[one], frames[one].example
        base = mark_static(corpus, text, common)
        own = mark_static(corpus, text, cores[one])
        extra = own & ~base
        if not _says_system(corpus, text, base):
            return False
        if extra.any() and not _is_question(corpus, frame, cores[one], base):
            return False
        for begin, end in _list_stretches(extra):
            if not _floats(corpus, frames[other], frame, base, begin, min(end, len(base) - 3)):
                return False
    return True


def _says_system(corpus: Corpus, text: int, static: Flags) -> bool:
    """Whether static text runs from the start to the user's turn: a whole system prompt."""
    start = corpus.start[text]
    tokens = corpus.token[start : start + len(static)]
    gaps = np.nonzero(~static)[0]
    return any(corpus.words[token] == TURN for token in tokens[: gaps[0] if len(gaps) else None])


def _asks(corpus: Corpus, text: int, begin: int) -> bool:
    """Whether a stretch begins what the user says under a system prompt."""
    start = corpus.start[text]
    before = corpus.token[start + max(0, begin - 2) : start + begin]
    return TURN in [corpus.words[token] for token in before]


def _is_question(corpus: Corpus, frame: Frame, core: Ints, base: Flags) -> bool:
    """A question brings a few words of its own; an instruction brings something to work on.

    Under a system prompt that says little ("You are a helpful assistant.") either decides.
    """
    text = frame.example
    turn = int(np.nonzero(~base)[0][0])
    if turn - 2 < SYSTEM_TOKENS:
        return False
    own = mark_static(corpus, text, core)[turn:-2]
    start = corpus.start[text]
    tokens = corpus.token[start + turn : start + turn + len(own)]
    payload = any(corpus.words[token][1:-1] in KINDS for token in tokens)
    slots = list(_list_stretches(~own))
    longest = sum(last - first for first, last in slots) / max(1, len(slots))
    return not payload and longest <= QUESTION


def _find_host(number: int, host: dict[int, int]) -> int:
    while number in host:
        number = host[number]
    return number


def _select_worded_runs(corpus: Corpus, frame: Frame) -> Ints:
    """The runs of the frame that hold a word: that texts end with a full stop says nothing."""
    text = frame.example
    row, first = corpus.runs_of(text), corpus.start[text]
    words = corpus.wordy[corpus.token[first : first + len(row) + 2]]
    return np.intersect1d(row[words[:-2] | words[1:-1] | words[2:]], frame.runs)


def _is_nested(
    corpus: Corpus, frames: Sequence[Frame], cores: Sequence[Ints], other: int, number: int
) -> bool:
    wide, narrow = frames[other], frames[number]
    few = len(narrow.texts) <= FEW_SHARE * (len(narrow.texts) + len(wide.texts))
    if len(wide.texts) < max(2, ITS_OWN * len(narrow.texts)):
        return False
    if count_edge_words(corpus, wide) < EDGE_WORDS:
        return False
    if few or len(cores[other]) == len(cores[number]) or _are_one_text(corpus, narrow):
        return True
    text = narrow.example
    base = mark_static(corpus, text, cores[other])
    own = mark_static(corpus, text, cores[number])
    return all(
        _floats(corpus, wide, narrow, base, first, last)
        for first, last in _list_stretches(own & ~base)
    )


def count_edge_words(corpus: Corpus, frame: Frame) -> int:
    """Words of static text that reach to the start or to the end of the texts, whichever has more."""
    static = mark_static(corpus, frame.example, frame.runs)
    first = corpus.start[frame.example]
    words = corpus.wordy[corpus.token[first : first + len(static)]]
    gaps = np.nonzero(~static)[0]
    if not len(gaps):
        return int(words.sum())
    return max(int(words[: gaps[0]].sum()), int(words[gaps[-1] :].sum()))


def _are_one_text(corpus: Corpus, frame: Frame) -> bool:
    rows = {corpus.runs_of(int(text)).tobytes() for text in frame.texts}
    return len(rows) == 1


def _list_stretches(flags: Flags) -> Iterator[tuple[int, int]]:
    edges = np.nonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))[0]
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _floats(corpus: Corpus, wide: Frame, narrow: Frame, base: Flags, first: int, last: int) -> bool:
    """Whether tokens `[first, last)` of the narrow frame's example are slot text of the wide one.

    What touches static text may instruct: it has to stand elsewhere in other texts, too. So do
    words that all of its texts end with.
    """
    text = narrow.example
    start, size = corpus.start[text], len(base)
    words = [corpus.words[token] for token in corpus.token[start : start + size]]
    left = first > 0 and base[first - 1] and words[first - 1] != START
    right = last < size and base[last] and words[last] != END
    closing = corpus.token[start + size - 4 : start + size - 2]
    if last >= size - 2 and corpus.wordy[closing].any():
        right = bool(np.isin(corpus.runs_of(text)[-2], narrow.runs))  # all of its texts end so
    if _asks(corpus, text, first):
        left = right = False
    if not left and not right:
        return True
    inner = corpus.runs_of(text)[first : max(first, last - 2)]
    return bool(len(inner)) and _stand_in(corpus, wide.texts, inner)


def _stand_in(corpus: Corpus, texts: Ints, runs: Ints) -> bool:
    """Whether half of the runs stand in some of the texts as well."""
    found = sum(bool(np.isin(corpus.texts_with(int(run)), texts).any()) for run in runs)
    return found * 2 >= len(runs)
