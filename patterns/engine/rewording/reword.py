"""Change what a word of a template is, as people decide: a slot, kept as it is, or a slot's name."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import msgspec

from patterns.engine.domain.results import Change
from patterns.engine.merge_split import add_part, merge_patterns
from patterns.engine.pattern.pattern_state import PatternState
from patterns.engine.pattern.slot_sketch import SlotSketch, write_slot_value
from patterns.engine.recognizer_state.decided_words import leads_to, read_samples_again
from patterns.engine.recognizer_state.human_decisions import make_part_key
from patterns.engine.recognizer_state.recognizer_state import RecognizerState
from patterns.engine.recognizer_state.reservoir import Sample
from patterns.engine.rewording.wish import Rewording, make_rule
from patterns.engine.templates.word_rules import WordRule

MOST_RULES = 20  # of one pattern
LOOKED_AT = 100  # texts of a pattern: nobody waits for the rest
TEXTS = frozenset({"text", "chat"})


class Outlook(NamedTuple):
    """What a rewording would do: the rule, the patterns that join, and of the `known` texts of the
    pattern that were looked at how many are `concerned`."""

    rule: WordRule
    joins: tuple[str, ...]
    known: int
    concerned: int


def foresee_rewording(memory: RecognizerState, identifier: str, wish: Rewording) -> Outlook:
    """What the rewording would do; changes nothing. ValueError, with a sentence people can act on, when
    it is not possible."""
    if identifier not in memory.patterns:
        raise ValueError(f"There is no pattern {identifier}.")
    state = memory.patterns.get(identifier)
    if state.kind not in TEXTS:
        raise ValueError("Only templates of text have words that can be changed.")
    if len(memory.decisions.words.get(identifier, ())) >= MOST_RULES:
        raise ValueError(f"A pattern takes {MOST_RULES} changes of words: undo one of them first.")
    rule = make_rule(state, wish)
    if rule.kind == "name":
        return Outlook(rule, (), 0, 0)
    own = _choose_own(memory, state)
    with_place = [value for one in own if (value := _read_value(rule, one)) is not None]
    if 2 * len(with_place) < max(1, len(own)):
        raise ValueError("The words around it are not the same in most texts of the pattern.")
    if rule.kind == "slot":
        return Outlook(rule, _find_joining(memory, state, rule), len(own), len(with_place))
    apart = sum((value == rule.word) != rule.holds for value in with_place)
    if not rule.holds and not apart:
        raise ValueError(f"None of the known texts has {rule.word} in that place.")
    return Outlook(rule, (), len(own), apart)


def reword_pattern(memory: RecognizerState, identifier: str, wish: Rewording) -> Change:
    """Does what `foresee_rewording` tells, for past and future interactions."""
    outlook, state = foresee_rewording(memory, identifier, wish), memory.patterns.get(identifier)
    rule = outlook.rule
    if rule.kind == "fixed":
        return _keep_apart(memory, state, outlook)
    _add_rule(memory, identifier, rule)
    if rule.kind == "slot":
        _fill_slot(memory, state, outlook)
        read_samples_again(memory, state.partition)
    if outlook.joins:
        merge_patterns(memory, [identifier, *outlook.joins], identifier)
    memory.settle_pattern(state)
    return Change("merged", (identifier, *outlook.joins), (identifier,))


def put_words_back(memory: RecognizerState, identifier: str, earlier: list[WordRule]) -> None:
    """The rules a pattern had before a decision; the slots that came with later ones go."""
    state, words = memory.patterns.states.get(identifier), memory.decisions.words
    gone = [rule for rule in words.pop(identifier, []) if rule not in earlier]
    if earlier:
        words[identifier] = list(earlier)
    if state is None:
        return
    for rule in gone if state.partition else ():
        if rule.kind == "slot":
            state.sketches.pop(rule.name, None)
    read_samples_again(memory, state.partition)
    memory.settle_pattern(state)


def _choose_own(memory: RecognizerState, state: PatternState) -> list[Sample]:
    """Texts of the pattern, evenly chosen from all that are kept."""
    owners = memory.patterns.owners
    own = [one for one in memory.reservoir if owners.get(one.key) == state.id]
    return own[:: max(1, len(own) // LOOKED_AT)][:LOOKED_AT]


def _read_value(rule: WordRule, sample: Sample) -> str | None:
    """What the text has in the place of the rule."""
    found = rule.cut(sample.original or sample.text)
    return None if found is None else write_slot_value(found[1])


def _find_joining(memory: RecognizerState, state: PatternState, rule: WordRule) -> tuple[str, ...]:
    """Patterns most of whose texts would be this one's, if they had its word."""
    seen, like = Counter[str](), Counter[str]()
    for sample in memory.reservoir:
        owner = memory.patterns.owners.get(sample.key, "")
        if sample.partition != state.partition or owner in ("", state.id):
            continue
        if seen[owner] >= LOOKED_AT:
            continue
        seen[owner] += 1
        found = rule.cut(sample.text)
        if found is not None:
            text = f"{found[0]}{rule.word}{found[2]}"
            like[owner] += leads_to(memory, state.partition, text, state.id)
    return tuple(sorted(one for one, n in like.items() if 2 * n > seen[one]))


def _add_rule(memory: RecognizerState, identifier: str, rule: WordRule) -> None:
    """A new name takes the place of an earlier one."""
    known = memory.decisions.words.get(identifier, [])
    place = (rule.kind, rule.before, rule.after)
    kept = [
        one for one in known if rule.kind != "name" or (one.kind, one.before, one.after) != place
    ]
    memory.decisions.words[identifier] = [*kept, rule]


def _fill_slot(memory: RecognizerState, state: PatternState, outlook: Outlook) -> None:
    """The values known of a new slot, from the texts of all that become one pattern."""
    owners, ids = memory.patterns.owners, {state.id, *outlook.joins}
    sketch = SlotSketch(outlook.rule.name, {}, {}, 0, [])
    for sample in memory.reservoir:
        if owners.get(sample.key) in ids:
            value = _read_value(outlook.rule, sample)
            if value is not None:
                sketch.add(value)
    state.sketches = {**state.sketches, sketch.name: sketch}


def _keep_apart(memory: RecognizerState, state: PatternState, outlook: Outlook) -> Change:
    """The texts on the other side of the rule get a pattern of their own: now, or with the first one."""
    rule, words = outlook.rule, memory.decisions.words
    known = words.get(state.id, [])
    words[state.id] = [*known, rule]
    targets: tuple[str, ...] = (state.id,)
    if outlook.concerned:
        share = outlook.concerned / outlook.known
        part = add_part(memory, state, make_part_key(state.key, rule.part), share, rule.part)
        reads = msgspec.structs.replace(rule, part="", holds=True)
        words[part.id] = [*(one for one in known if not one.part), *([] if rule.holds else [reads])]
        memory.settle_pattern(part)
        targets = (state.id, part.id)
    memory.settle_pattern(state)
    return Change("split", (state.id,), targets)
