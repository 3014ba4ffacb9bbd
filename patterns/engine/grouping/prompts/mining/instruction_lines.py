"""Lines that instruct: the same first or last lines of texts whose other lines vary.

Lines are followed from the start, and from the end, for as long as what comes next is one of a few
lines: where texts go on in many ways, the instruction is over.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np

from patterns.engine.grouping.prompts.mining.corpus import Corpus, Ints
from patterns.engine.text.tokens import END, START, TURN

FEWEST = 6  # texts with an instruction
WORDS = 3  # of a line that may instruct
FIXED_WORDS = 6  # of a line that may differ from others by its values; it has more
VALUES = 3  # values at one place that make it a slot; two are two instructions
PHRASES = 4  # the same where some of them are several words
VALUE_TOKENS = (1, 1, 3, 3)  # of one value at most, for each slot that is looked for in turn
LONGEST_LINE = 32  # tokens of a line that is compared with others
MOST_LINES = 2_000  # different ones that are, the most frequent first
SLOT = -1  # in the place of such a word
COVERED = 0.8  # of the texts have one of the lines that come next: it still instructs

BREAKS = frozenset(["\n", TURN])
STOPS = frozenset(".!?:。！？：؟।")  # end a sentence, or announce what follows
COLONS = frozenset(":：")
_EDGES = frozenset([START, END])

Line: TypeAlias = tuple[int, ...]
Lines: TypeAlias = tuple[Line, ...]
Texts: TypeAlias = list[int]


def group_by_lines(corpus: Corpus) -> list[Ints]:
    """Texts of the same instructing lines, wherever they stand: before what varies, or after."""
    lines = [_split_text(corpus, text, BREAKS) for text in range(corpus.count)]
    heads = _find_instructions(corpus, lines)
    tails = _find_instructions(corpus, [one[::-1] for one in lines])
    chats = _find_chats(corpus)
    units: dict[frozenset[Line], Texts] = defaultdict(list)
    unclaimed = []
    for text, (head, tail) in enumerate(_choose_edges(heads, tails)):
        if head or (tail and text not in chats):
            said = (line for line in (*head, *tail) if _instructs(corpus, line))
            units[frozenset(said)].append(text)
        elif text not in chats:
            unclaimed.append(text)
    _claim_rare_places(units, lines, unclaimed)
    return _list_units(units.values())


def group_by_sentences(corpus: Corpus, texts: Sequence[int]) -> tuple[list[Ints], list[Ints]]:
    """Those of the texts that begin with the same instructing sentences.

    First the ones whose last sentence announces what follows on the same line by a colon.
    """
    sentences = {text: _split_text(corpus, text, BREAKS | STOPS) for text in texts}
    found = _find_instructions(corpus, [sentences.get(text, ()) for text in range(corpus.count)])
    units = {head: members for head, members in _invert(found).items() if head}
    announcing = {
        head
        for head, members in units.items()
        if _announces(corpus, head[-1]) and _are_one_line(corpus, members)
    }
    return (
        _list_units(units[head] for head in units if head in announcing),
        _list_units(units[head] for head in units if head not in announcing),
    )


def _are_one_line(corpus: Corpus, texts: Texts) -> bool:
    lines = [len(_split_text(corpus, text, BREAKS)) for text in texts]
    return sum(count == 1 for count in lines) >= COVERED * len(lines)


def _announces(corpus: Corpus, line: Line) -> bool:
    closing = corpus.words[line[-1]] if line[-1] != SLOT else ""
    return closing in COLONS and _count_words(corpus, line) >= FIXED_WORDS


def _list_units(units: Iterable[Texts]) -> list[Ints]:
    return [np.array(sorted(texts), dtype=np.int64) for texts in units if len(texts) >= FEWEST]


def _claim_rare_places(
    units: Mapping[frozenset[Line], Texts], lines: Sequence[Lines], unclaimed: Sequence[int]
) -> None:
    """Texts that have a known instruction at the other end of the text than most."""
    for text in unclaimed:
        for line in (*lines[text][:1], *lines[text][-1:]) if len(lines[text]) > 1 else ():
            if frozenset([line]) in units:
                units[frozenset([line])].append(text)
                break


def _find_chats(corpus: Corpus) -> set[int]:
    """Texts with a system prompt: what a user says last instructs nobody."""
    if TURN not in corpus.words:
        return set()
    return set(corpus.owner[corpus.token == corpus.words.index(TURN)].tolist())


def _choose_edges(heads: Sequence[Lines], tails: Sequence[Lines]) -> list[tuple[Lines, Lines]]:
    """For each text its first lines, its last lines, or both, when both instruct.

    Most texts of an instruction end in as many ways as there are closings and questions; where
    texts of either have the other, both are said on purpose.
    """
    tailed = _measure_companions(heads, tails)
    headed = _measure_companions(tails, heads)
    return [
        _choose_edge(head, tail, tailed[head] >= COVERED, headed[tail] >= COVERED)
        for head, tail in zip(heads, tails, strict=True)
    ]


def _choose_edge(head: Lines, tail: Lines, tailed: bool, headed: bool) -> tuple[Lines, Lines]:
    if not head or not tail or (tailed and headed):
        return head, tail
    if tailed == headed:
        return (), ()
    return ((), tail) if tailed else (head, ())


def _measure_companions(keys: Sequence[Lines], others: Sequence[Lines]) -> dict[Lines, float]:
    """For each key the share of its texts that have some other key as well."""
    return {
        key: sum(bool(others[text]) for text in texts) / len(texts)
        for key, texts in _invert(keys).items()
    }


def _invert(keys: Sequence[Lines]) -> dict[Lines, Texts]:
    found: dict[Lines, Texts] = defaultdict(list)
    for text, key in enumerate(keys):
        found[key].append(text)
    return found


def _split_text(corpus: Corpus, text: int, ends: frozenset[str]) -> Lines:
    first, last = corpus.start[text], corpus.start[text] + corpus.length[text]
    lines: list[Line] = []
    line: list[int] = []
    for token in corpus.token[first:last].tolist():
        word = corpus.words[token]
        if word not in BREAKS and word not in _EDGES:
            line.append(token)
        if word in ends and line:
            lines.append(tuple(line))
            line = []
    return (*lines, tuple(line)) if line else tuple(lines)


def _find_instructions(corpus: Corpus, lines: Sequence[Lines]) -> list[Lines]:
    """For each text the lines at its start that instruct; () when there are none."""
    found: list[Lines] = [()] * len(lines)
    waiting: list[tuple[Lines, Texts]] = [((), list(range(len(lines))))]
    while waiting:
        said, texts = waiting.pop()
        branches = _branch(corpus, lines, texts, len(said))
        if said and sum(map(len, branches.values())) < COVERED * len(texts):
            continue
        for line, members in branches.items():
            for text in members:
                found[text] = (*said, line)
            waiting.append(((*said, line), members))
    return found


def _branch(
    corpus: Corpus, lines: Sequence[Lines], texts: Sequence[int], depth: int
) -> dict[Line, Texts]:
    """Texts with the same instructing line at this depth, and something behind it."""
    found: dict[Line, Texts] = defaultdict(list)
    for text in texts:
        if len(lines[text]) > depth + 1:
            found[lines[text][depth]].append(text)
    opened = _open_lines(corpus, {line: len(members) for line, members in found.items()})
    joined: dict[Line, Texts] = defaultdict(list)
    for line, members in found.items():
        joined[opened[line]].extend(members)
    return {
        line: members
        for line, members in joined.items()
        if len(members) >= FEWEST and _instructs(corpus, line)
    }


def _open_lines(corpus: Corpus, times: Mapping[Line, int]) -> dict[Line, Line]:
    """Each line, with slots where three of them or more differ by a few words: they hold values."""
    found = {line: line for line in times}
    usual = sorted(times, key=lambda line: (-times[line], line))[:MOST_LINES]
    for size in VALUE_TOKENS:
        counts: Counter[Line] = Counter()
        for line in usual:
            counts[found[line]] += times[line]
        opened = _open_one_place(corpus, counts, size)
        found.update((line, opened.get(found[line], found[line])) for line in usual)
    return found


def _open_one_place(corpus: Corpus, times: Mapping[Line, int], size: int) -> dict[Line, Line]:
    """Lines that differ from others at one place, by values that recur there, with a slot."""
    alike: dict[Line, list[Line]] = defaultdict(list)
    for line in times:
        for open_line in _list_openings(corpus, line, size):
            alike[open_line].append(line)
    best: dict[Line, tuple[int, Line]] = {}
    for open_line, members in alike.items():
        whole = sum(times[line] for line in members)
        again = [times[line] for line in members if times[line] > 1]
        # A slot stands for values already; three phrases may be three ways to say one thing.
        least = 2 if open_line in times else VALUES if size == 1 else PHRASES
        if len(again) >= least and whole >= FEWEST and sum(again) >= COVERED * whole:
            for line in members:
                best[line] = max(best.get(line, (0, ())), (whole, open_line))
    return {line: open_line for line, (_, open_line) in best.items()}


def _list_openings(corpus: Corpus, line: Line, size: int) -> Iterator[Line]:
    """The line with a slot in the place of up to `size` tokens, words at either end of them."""
    if len(line) > LONGEST_LINE or _count_words(corpus, line) + line.count(SLOT) <= FIXED_WORDS:
        return
    wordy = [token != SLOT and bool(corpus.wordy[token]) for token in line]
    for start in range(len(line)):
        if line[start] == SLOT:
            yield line
        for stop in range(start + 1, min(start + size, len(line)) + 1):
            if wordy[start] and wordy[stop - 1] and SLOT not in line[start:stop]:
                yield (*line[:start], SLOT, *line[stop:])


def _instructs(corpus: Corpus, line: Line) -> bool:
    return _count_words(corpus, line) >= WORDS


def _count_words(corpus: Corpus, line: Line) -> int:
    return int(np.count_nonzero(corpus.wordy[[token for token in line if token != SLOT]]))
