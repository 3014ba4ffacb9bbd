"""What chosen texts have in common that the other texts of their pattern lack, and who else has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from patterns.engine.text.ngrams import hash_runs, tokenize_normal
from patterns.engine.text.payloads.marks import CLOSE, OPEN
from patterns.engine.text.tokens import TURN, Token

Runs = frozenset[int]
SHARED_BY_ALL = (
    "What these examples share, most other known texts have as well. Numbers, dates and ids set "
    "nothing apart: choose examples that have words of their own in common."
)
SHOWN, AHEAD = 400, 120  # characters of a reading, and of them before the words that set it apart


@dataclass(frozen=True)
class SharedPart:
    """A stretch of a text: `apart` when only the chosen have it, `same` when all of the chosen have it,
    `gap` where they differ."""

    kind: str
    text: str


@dataclass(frozen=True)
class Likeness:
    """The texts that belong together, and how one of them reads beside the others."""

    ids: list[str]
    reading: list[SharedPart]


def find_alike(texts: Mapping[str, str], chosen: Collection[str]) -> Likeness:
    """The chosen texts (by id), and the fewest others that share a run of words with all of them.

    Few people tick each of a hundred texts alike, so the rest of them comes along. ValueError when
    the chosen have nothing in common, or nothing that sets them apart.
    """
    runs = {name: frozenset(hash_runs(text)) for name, text in texts.items()}
    common = frozenset.intersection(*(runs[name] for name in chosen))
    if not common:
        raise ValueError("These examples have no words in common: choose ones that read alike.")
    having = Counter(run for own in runs.values() for run in own & common)
    fewest, run = min((count, run) for run, count in having.items())
    if fewest == len(texts) or fewest > max(len(texts) / 2, 2 * len(chosen)):
        raise ValueError(SHARED_BY_ALL)
    ids = [name for name, own in runs.items() if run in own]
    shared = frozenset.intersection(*(runs[name] for name in ids))
    others = frozenset().union(*(own for own in runs.values() if run not in own))
    return Likeness(ids, read_beside(texts[min(chosen)], shared - others, shared))


def read_beside(text: str, apart: Runs, shared: Runs) -> list[SharedPart]:
    """The text in stretches; a token is of those runs that it is part of."""
    plain, tokens = tokenize_normal(text)
    runs = hash_runs(text)
    around = [frozenset(runs[at : at + 3]) for at in range(len(tokens))]
    whole = any(one <= apart for one in around)
    kinds = [
        "apart" if (one <= apart if whole else one & apart) else "same" if one & shared else "gap"
        for one in around
    ]
    parts, begin = list[SharedPart](), 0
    for kind, group in groupby(zip(kinds, tokens, strict=True), key=lambda pair: pair[0]):
        stretch = [token for _, token in group]
        if plain[begin : stretch[0].start]:
            parts.append(SharedPart("same", " "))
        parts.append(SharedPart(kind, "…" if kind == "gap" else show_tokens(plain, stretch)))
        begin = stretch[-1].end
    return cut_around(parts)


def show_tokens(plain: str, tokens: Sequence[Token]) -> str:
    """Tokens with what stands between them. Values are compared by their type only, and data in an
    instruction is a sign of private use, which nobody can read: both are shown as {type}."""
    made, begin = list[str](), tokens[0].start
    for token in tokens:
        name = token.key.strip(f"<>{OPEN}{CLOSE}")
        made.append(plain[begin : token.start])
        made.append(f"{{{name}}}" if name != token.key and name else plain[token.start : token.end])
        begin = token.end
    return "".join(made).replace(TURN, "")


def cut_around(parts: Sequence[SharedPart]) -> list[SharedPart]:
    """The stretches around the first one that sets the text apart, at most SHOWN characters."""
    first = next((at for at, part in enumerate(parts) if part.kind == "apart"), 0)
    ahead = "".join(part.text for part in parts[:first])
    kept = (
        [*parts]
        if len(ahead) <= AHEAD
        else [SharedPart("same", f"…{ahead[-AHEAD:]}"), *parts[first:]]
    )
    made, left = list[SharedPart](), SHOWN
    for part in kept:
        if left > 0:
            made.append(SharedPart(part.kind, part.text[:left]))
        left -= len(part.text)
    return made if left >= 0 else [*made, SharedPart("gap", "…")]


def name_likeness(reading: Sequence[SharedPart]) -> str:
    """A name for the new pattern: the first words that set it apart."""
    words = next((part.text for part in reading if part.kind == "apart"), "")
    return " ".join(words.split())[:60].strip(" .,;:!?-–—\"'")
