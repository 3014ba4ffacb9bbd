"""The words that the fillings of one gap have in common, in order.

For words that occur once in each text, the longest common subsequence of all texts is the longest
ascending one by their places (Schensted 1961), so a few short texts need no alignment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import TypeAlias

from patterns.engine.templates.gap_words import Span, Wording, tokenize_filling
from patterns.engine.text.tokens import Token

TEXTS = 40  # of a group looked at
DISTINCT = 8  # different fillings a gap needs: fewer have words in common by chance
SHARED = 0.95  # of the fillings must have the words, each once and in this order
MIDDLING = 12  # tokens of the median filling: a longer one is free text
LONGEST = 6  # tokens of a value between two static words
UNEVEN = 4  # tokens between the shortest and the longest such value
_PLAIN = frozenset({"word", "mark", "break"})

_Row: TypeAlias = list[Span]


def find_wording(place: int, fillings: Iterable[str]) -> Wording | None:
    """The static words of a gap with these fillings; None where it is one value, or free text."""
    rows = [tokenize_filling(one) for one in dict.fromkeys(fillings)][:TEXTS]
    if len(rows) < DISTINCT or median(map(len, rows)) > MIDDLING:
        return None
    words = _common_sequence(rows, _words_once(rows))
    if not words:
        return None
    fitting = [row for row in rows if _has_in_order(row, words)]
    keys = [[token.key for token in row] for row in fitting]
    grown = _grow_spans(fitting, [[(k.index(w), k.index(w) + 1) for w in words] for k in keys])
    runs = [keys[0][begin:end] for begin, end in grown[0]]
    found = Wording(
        place,
        runs,
        any(spans[0][0] > 0 for spans in grown),
        any(spans[-1][1] < len(row) for spans, row in zip(grown, keys, strict=True)),
    )
    return found if found.slots and _is_even(found, rows) else None


def _words_once(rows: Sequence[Sequence[Token]]) -> frozenset[str]:
    """The words that stand exactly once in nearly all rows."""
    found: Counter[str] = Counter()
    for row in rows:
        counts = Counter(token.key for token in row if token.kind == "word")
        found.update(word for word, n in counts.items() if n == 1)
    return frozenset(word for word, n in found.items() if n >= SHARED * len(rows))


def _common_sequence(rows: Sequence[Sequence[Token]], words: frozenset[str]) -> list[str]:
    """The longest sequence of these words that nearly all rows have in common."""
    orders = Counter(
        tuple(token.key for token in row if token.key in words)
        for row in rows
        if _has_all_once(row, words)
    )
    if not words or sum(orders.values()) < SHARED * len(rows):
        return []
    common = min(orders, key=lambda order: (-orders[order], order))
    for order in sorted(orders):
        if orders[order] > (1 - SHARED) * len(rows):
            common = _longest_subsequence(common, order)
    return list(common)


def _has_all_once(row: Sequence[Token], words: frozenset[str]) -> bool:
    return sorted(token.key for token in row if token.key in words) == sorted(words)


def _longest_subsequence(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    """The longest common one of two orders of the same words: the longest ascending by place."""
    place = {word: number for number, word in enumerate(right)}
    best: list[tuple[str, ...]] = []
    for number, word in enumerate(left):
        before = [b for b in best[:number] if b and b[-1] in place and place[b[-1]] < place[word]]
        best.append((*max(before, key=len, default=()), word) if word in place else ())
    return max(best, key=len, default=())


def _has_in_order(row: Sequence[Token], words: Sequence[str]) -> bool:
    return [token.key for token in row if token.key in words] == list(words)


def _grow_spans(rows: Sequence[Sequence[Token]], spans: list[_Row]) -> list[_Row]:
    """The spans with what stands next to them in every row; those that always touch are one."""
    number = 0
    while number < len(spans[0]):
        while _grow_by_one(rows, spans, number, -1) or _grow_by_one(rows, spans, number, 1):
            pass
        if number and all(row[number - 1][1] == row[number][0] for row in spans):
            for row in spans:
                row[number - 1 : number + 1] = [(row[number - 1][0], row[number][1])]
        else:
            number += 1
    return spans


def _grow_by_one(
    rows: Sequence[Sequence[Token]], spans: Sequence[_Row], number: int, way: int
) -> bool:
    """Takes the token before (-1) or after (1) a span, if it is static and the same in all rows."""
    nexts: set[str] = set()
    for row, own in zip(rows, spans, strict=True):
        least = own[number - 1][1] if number else 0
        most = own[number + 1][0] if number + 1 < len(own) else len(row)
        place = own[number][0] - 1 if way < 0 else own[number][1]
        if not least <= place < most or row[place].kind not in _PLAIN:
            return False
        nexts.add(row[place].key)
        if len(nexts) > 1:
            return False
    for own in spans:
        begin, end = own[number]
        own[number] = (begin - 1, end) if way < 0 else (begin, end + 1)
    return True


def _is_even(wording: Wording, rows: Sequence[Sequence[Token]]) -> bool:
    """Whether the runs part nearly all rows into values of about the same, small size."""
    sizes = [found for row in rows if (found := _count_between(wording, row)) is not None]
    if len(sizes) < SHARED * len(rows):
        return False
    rare = int((1 - SHARED) * len(rows))  # so many values may be out of the ordinary
    columns = [sorted(column)[: len(column) - rare] for column in zip(*sizes, strict=True)]
    return all(col[-1] <= LONGEST and col[-1] - col[0] <= UNEVEN for col in columns)


def _count_between(wording: Wording, row: Sequence[Token]) -> list[int] | None:
    """Tokens of the values between the runs, ends included."""
    spans = wording.spans([token.key for token in row])
    if spans is None:
        return None
    ends, begins = [0, *(end for _, end in spans)], [*(begin for begin, _ in spans), len(row)]
    return [begin - end for end, begin in zip(ends, begins, strict=True)]
