"""What the texts of a group of prompts say of it: how it reads, what filled its slots."""

from __future__ import annotations

from collections.abc import Sequence

from patterns.engine.grouping.grouper import GroupSummary
from patterns.engine.pattern.anchors import Skeleton
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.templates.gap_statistics import Gaps
from patterns.engine.templates.gap_words import Wording
from patterns.engine.templates.rendering import (
    build_template,
    cut_at_anchors,
    find_gap_words,
    read_slot_values,
    take_out_words,
)

SHOWN = 40  # texts of a group that fill the slots of its template


def summarise_prompts(
    skeleton: Skeleton, texts: Sequence[str], held: Sequence[Wording] | None
) -> GroupSummary:
    """`held` are the static words of its gaps, where they must stay what they are."""
    anchors, gaps, cut = frozenset(skeleton.anchors), Gaps(), []
    chosen = texts[:: max(1, len(texts) // SHOWN)][:SHOWN]  # evenly: equal texts stand together
    for text in chosen:  # both steps at once: the tokens of a text are remembered a while
        cut.append(cut_at_anchors(text, anchors))
        gaps.add(text, anchors)
    wording, usual = find_gap_words(cut, held)
    template = build_template(take_out_words(cut[usual], wording))
    filled = PatternState(id="", partition="", kind="")
    for pieces in cut:
        filled.fill(read_slot_values(pieces, template, wording))
    return GroupSummary(skeleton, template, filled.sketches, [], gaps.cohesion(), wording)
