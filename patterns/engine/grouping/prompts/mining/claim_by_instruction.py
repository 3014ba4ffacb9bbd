"""An instruction on lines of its own decides which task a text is.

The choice among candidates weighs an instruction against passages that recur in what it is about,
and where a few passages make up most texts, these win. Here the texts of one instruction become
one frame, in the place of the frames they lay in, unless it is no instruction: a closing that many
tasks end with, or a beginning after which texts say one of several further things.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import structs

from patterns.engine.grouping.prompts.mining.common_ngrams import Frame, build_frame, mark_static
from patterns.engine.grouping.prompts.mining.corpus import Corpus, Ints
from patterns.engine.grouping.prompts.mining.instruction_lines import (
    COVERED,
    WORDS,
    group_by_lines,
    group_by_sentences,
)
from patterns.engine.grouping.prompts.mining.merge_nested import count_edge_words

HOSTED = 0.3  # of the texts follow instructions of their own
VARIANT = 0.2  # of the texts end in the same words, and as many do not
SELDOM = 0.03  # of the texts end in other words that recur
# A first sentence is weaker evidence than a line: as many texts may say one of several things.
SENTENCE_COVERED = 0.4
ANNOUNCED = 2.0  # "… in this line:" announces data, whatever recurs in it


def claim_by_instruction(corpus: Corpus, frames: Sequence[Frame]) -> list[Frame]:
    """The frames, those of one instruction in the place of the frames its texts lay in."""
    claims = _find_claims(corpus, frames, group_by_lines(corpus), COVERED)
    frames = _replace_frames(corpus, frames, claims)
    claimed = np.concatenate([one.texts for one in claims]) if claims else np.array([], np.int64)
    others = np.setdiff1d(np.arange(corpus.count), claimed)
    announcing, plain = group_by_sentences(corpus, others.tolist())
    claims = _find_claims(corpus, frames, announcing, ANNOUNCED)
    claims += _find_claims(corpus, frames, plain, SENTENCE_COVERED)
    return _replace_frames(corpus, frames, claims)


def _find_claims(
    corpus: Corpus, frames: Sequence[Frame], units: Sequence[Ints], most: float
) -> list[Frame]:
    """Frames of the texts that are of one instruction; at most that share says different things."""
    owner = np.full(corpus.count, -1, dtype=np.int64)
    for number, frame in enumerate(frames):
        owner[frame.texts] = number
    found = []
    for texts in units:
        unit = build_frame(corpus, texts)
        inside = _list_inside(frames, owner, texts)
        if not len(unit.runs) or _is_passage(corpus, unit, inside):
            continue
        variants = _find_variants(corpus, unit, inside)
        if len(variants) > 1 and sum(map(len, variants)) >= most * len(texts):
            continue
        others = _leave_out_closing(corpus, unit.texts)
        found.append(unit if len(others) == len(texts) else build_frame(corpus, others))
    return found


def _leave_out_closing(corpus: Corpus, texts: Ints) -> Ints:
    """The texts without those that end in the only words that texts of theirs end in again.

    One closing is a further instruction ("Answer with true or false."), many are what people write.
    """
    endings = np.array([corpus.runs_of(int(text))[-3:][0] for text in texts])
    values, times = np.unique(endings, return_counts=True)
    usual = values[times >= max(2, SELDOM * len(texts))]
    said = endings == usual[0] if len(usual) == 1 else np.zeros(len(texts), dtype=bool)
    if not VARIANT <= said.mean() <= 1 - VARIANT or not _is_worded(corpus, texts[said][0]):
        return texts
    others: Ints = texts[~said]
    return others


def _is_worded(corpus: Corpus, text: int) -> bool:
    last = corpus.start[text] + corpus.length[text] - 2
    return int(np.count_nonzero(corpus.wordy[corpus.token[last - 3 : last]])) > 1


def _replace_frames(
    corpus: Corpus, frames: Sequence[Frame], claims: Sequence[Frame]
) -> list[Frame]:
    """The claims, and of the frames what is not claimed."""
    claim_of = np.full(corpus.count, -1, dtype=np.int64)
    for number, one in enumerate(claims):
        claim_of[one.texts] = number
    rest = []
    late: dict[int, list[int]] = {}
    for frame in frames:
        left = frame.texts[claim_of[frame.texts] < 0]
        if len(left) == len(frame.texts):
            rest.append(frame)
        elif len(left) > 1:
            rest.append(build_frame(corpus, left))
        elif len(left):
            owner = int(np.bincount(claim_of[np.setdiff1d(frame.texts, left)]).argmax())
            late.setdefault(owner, []).append(int(left[0]))
    return [*(_add_texts(corpus, one, late.get(n, [])) for n, one in enumerate(claims)), *rest]


def _add_texts(corpus: Corpus, claim: Frame, texts: Sequence[int]) -> Frame:
    """The claim with those of the texts that have all of its static text: nothing follows it there."""
    own = [text for text in texts if np.isin(claim.runs, corpus.runs_of(text)).all()]
    if not own:
        return claim
    return structs.replace(claim, texts=np.sort(np.concatenate([claim.texts, own])))


def _list_inside(frames: Sequence[Frame], owner: Ints, texts: Ints) -> list[tuple[Frame, Ints]]:
    """Frames with two of the texts or more, and those texts."""
    owners = owner[texts]
    numbers, times = np.unique(owners[owners >= 0], return_counts=True)
    return [(frames[n], texts[owners == n]) for n in numbers[times > 1].tolist()]


def _is_passage(corpus: Corpus, unit: Frame, found: Sequence[tuple[Frame, Ints]]) -> bool:
    """Whether many texts follow instructions of their own, and share the lines with a few others."""
    hosted = 0
    for frame, inside in found:
        if len(inside) * 2 < len(frame.texts):
            besides = np.setdiff1d(frame.runs, unit.runs, assume_unique=True)
            own = structs.replace(frame, runs=besides)
            hosted += len(inside) if count_edge_words(corpus, own) >= WORDS else 0
    return hosted > HOSTED * len(unit.texts)


def _find_variants(corpus: Corpus, unit: Frame, found: Sequence[tuple[Frame, Ints]]) -> list[Ints]:
    """Texts of the unit that say further things, which no others of them say."""
    variants = []
    for frame, inside in found:
        if _count_more_words(corpus, frame, unit) >= WORDS:
            more = np.setdiff1d(frame.runs, unit.runs, assume_unique=True)
            others = np.setdiff1d(unit.texts, inside, assume_unique=True)
            shared = sum(bool(np.isin(corpus.texts_with(n), others).any()) for n in more.tolist())
            if shared * 2 < len(more):
                variants.append(inside)
    return variants


def _count_more_words(corpus: Corpus, frame: Frame, unit: Frame) -> int:
    """Static words of the frame's example that are none in the unit."""
    text = frame.example
    more = mark_static(corpus, text, frame.runs) & ~mark_static(corpus, text, unit.runs)
    first = corpus.start[text]
    return int(np.count_nonzero(corpus.wordy[corpus.token[first : first + len(more)]] & more))
