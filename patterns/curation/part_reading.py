"""How the part of a split pattern reads: with the words that set it apart in place of their slots."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.slot_sketch import write_slot_value
from patterns.engine.recognizer import DefaultPatternRecognizer
from patterns.engine.rewording.wish import Rewording, make_rule
from patterns.engine.templates.word_rules import WordRule
from patterns.engine.text.tokens import tokenize

LOOKED_AT = 300  # texts of either side
ANY = "x"  # a rule needs a word; this one finds whatever stands in the place


def read_by_examples(
    recognizer: DefaultPatternRecognizer,
    whole: str,
    part: str,
    texts: Mapping[str, str],
    inside: Collection[str],
) -> None:
    """Every slot with one value in all texts of the part, and with others outside of it, reads as that."""
    state = recognizer.get(whole)
    mine = [texts[name] for name in sorted(inside)]
    others = [text for name, text in sorted(texts.items()) if name not in inside]
    rules = [
        msgspec.structs.replace(rule, word=word)
        for rule in list_places(state)
        if (word := find_own_value(rule, choose(mine), choose(others)))
    ]
    keep_reading(recognizer, whole, part, rules)


def read_by_slot(recognizer: DefaultPatternRecognizer, whole: str, parts: Sequence[str]) -> None:
    """The part of each value of the slot that was split by, in their order, reads as the value."""
    state = recognizer.get(whole)
    slot = recognizer.memory.decisions.slots.get(state.key, "")
    values = sorted(state.sketches[slot].counts) if slot in state.sketches else []
    rules = [rule for rule in list_places(state) if rule.name == slot]
    for part, value in zip(parts, values, strict=False):
        own = [msgspec.structs.replace(rule, word=value) for rule in rules]
        keep_reading(recognizer, whole, part, own)


def list_places(state: PatternState) -> Iterator[WordRule]:
    """A rule that only tells how the template reads, for every slot whose place the words around it tell."""
    for one in state.shown.parts:
        try:
            rule = make_rule(state, Rewording("fixed", ANY, slot=one.slot)) if one.slot else None
        except ValueError:
            continue
        if rule is not None:
            yield msgspec.structs.replace(rule, part="", holds=True)


def choose(texts: Sequence[str]) -> Sequence[str]:
    return texts[:: max(1, len(texts) // LOOKED_AT)][:LOOKED_AT]


def find_own_value(rule: WordRule, inside: Sequence[str], outside: Sequence[str]) -> str:
    """The words that all texts inside and none outside have in the place; "" when there are none."""
    found = {read_value(rule, text) for text in inside}
    word = next(iter(found)) if len(found) == 1 else ""
    typed = any(token.key.startswith("<") for token in tokenize(word))
    if not word or typed or word in {read_value(rule, text) for text in outside}:
        return ""
    return word


def read_value(rule: WordRule, text: str) -> str:
    found = rule.cut(text)
    return "" if found is None else write_slot_value(found[1])


def keep_reading(
    recognizer: DefaultPatternRecognizer, whole: str, part: str, rules: Sequence[WordRule]
) -> None:
    """The part reads as people made the whole read, and with these words."""
    words = recognizer.memory.decisions.words
    kept = [rule for rule in words.get(whole, ()) if not rule.part] + list(rules)
    if kept:
        words[part] = kept
        recognizer.memory.settle_pattern(recognizer.get(part))
