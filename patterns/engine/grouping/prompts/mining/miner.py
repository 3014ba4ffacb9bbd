"""Templates out of many prompts at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from patterns.engine.grouping.prompts.mining.assignment import Assignment
from patterns.engine.grouping.prompts.mining.candidates import Skeletons
from patterns.engine.grouping.prompts.mining.claim_by_instruction import claim_by_instruction
from patterns.engine.grouping.prompts.mining.common_ngrams import Frame, build_frame, mark_static
from patterns.engine.grouping.prompts.mining.corpus import Corpus
from patterns.engine.grouping.prompts.mining.merge_nested import merge_nested
from patterns.engine.grouping.prompts.mining.merge_variants import merge_variants
from patterns.engine.grouping.prompts.mining.pruning import give_back
from patterns.engine.grouping.prompts.mining.split_alternatives import split_by_phrase, split_frame
from patterns.engine.grouping.prompts.mining.template_selection import select_templates

MOST_ANCHORS = 128
MOST_OTHERS, FEW_ANCHORS = 12, 12
TOKEN_BITS = 8.0
ENOUGH = 72.0  # bits of common static text that tell a text of the template
FEWEST = 4  # texts below which there is nothing to compare


class Mined(msgspec.Struct, frozen=True):
    """One template: its texts by number, the digests of its static runs, rarest first, and its bits.

    `bits` is what the static text saves in one of its texts. Where little of it is common to all,
    `others` are the digests of some parts that have more, each worth `other_bits`.
    """

    texts: tuple[int, ...]
    anchors: tuple[int, ...]
    bits: float
    others: tuple[tuple[int, ...], ...] = ()
    other_bits: float = 0.0


def mine_templates(
    texts: Sequence[Sequence[str]],
    should_stop: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> list[Mined] | None:
    """The templates of tokenised texts; None when stopped. A text in none of them stands alone."""
    if len(texts) < FEWEST:
        return []
    corpus = Corpus(texts)
    skeletons = Skeletons(corpus, corpus.member_sets())
    if not len(skeletons):
        return []
    choice = select_templates(skeletons, should_stop, progress)
    if choice is None:
        return None
    give_back(choice)
    return _collect_templates(choice)


def _collect_templates(choice: Assignment) -> list[Mined]:
    corpus = choice.skeletons.corpus
    frames = [
        part for frame in _build_frames(choice) for part in split_frame(corpus, choice.bits, frame)
    ]
    frames = claim_by_instruction(corpus, frames)
    merged = merge_nested(corpus, merge_variants(corpus, frames))
    # A frame with too few texts to be split may have joined the two sides of a choice.
    parts = [part for frame in merged for part in split_by_phrase(corpus, frame)]
    if len(parts) > len(merged):  # and either side may be nested in another frame
        parts = merge_nested(corpus, parts)
    return [_describe_template(corpus, part) for part in parts]


def _build_frames(choice: Assignment) -> list[Frame]:
    sizes = Counter(choice.owner.tolist())
    chosen = sorted(one for one, n in sizes.items() if one >= 0 and n > 1)
    corpus = choice.skeletons.corpus
    return [build_frame(corpus, np.nonzero(choice.owner == one)[0]) for one in chosen]


def _describe_template(corpus: Corpus, frame: Frame) -> Mined:
    bits = _count_static_bits(corpus, frame)
    parts = sorted(frame.parts, key=lambda part: (-len(part.texts), part.example))[:MOST_OTHERS]
    if bits >= ENOUGH:
        parts = []
    return Mined(
        tuple(frame.texts.tolist()),
        _rank_anchors(corpus, frame)[:MOST_ANCHORS],
        bits,
        tuple(_rank_anchors(corpus, part)[:FEW_ANCHORS] for part in parts),
        min((_count_static_bits(corpus, part) for part in parts), default=0.0),
    )


def _rank_anchors(corpus: Corpus, frame: Frame) -> tuple[int, ...]:
    """The digests of its runs, rarest first."""
    digests = corpus.digest[frame.runs]
    ranked = digests[np.lexsort((digests, corpus.spread[frame.runs]))]
    return tuple(ranked.tolist())


def _count_static_bits(corpus: Corpus, frame: Frame) -> float:
    static = mark_static(corpus, frame.example, frame.runs)
    return TOKEN_BITS * float(np.count_nonzero(static[2:-2]))
